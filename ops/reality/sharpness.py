"""Sharpness: how wide the edges are, and how the power of a photo falls with frequency."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from ops.reality.luma import luma_of

_CALM_PX = 0.5  # half a pixel of blur calms noise
_REBLUR_PX = 1.5
_CENTRAL_DIFFERENCE = 1 / 3  # variance, in px^2, of the 2 px box that a central difference averages over
_NUM_RINGS = 24


def edge_blur(photo: Tensor, share: float = 0.02) -> float:
    """Sigma, in pixels, of the Gaussian that would blur an ideal step into the strongest edges of ``photo``.

    A step blurred by s has the slope c / s; blurred again by s0, c / sqrt(s^2 + s0^2). With R the first over the
    second, s = s0 / sqrt(R^2 - 1). The median over the crests among the ``share`` of pixels with the steepest slope;
    what the measurement itself blurs is taken off.
    Zhuo and Sim, "Defocus map estimation from a single image", Pattern Recognition 2011, equations 3 to 6.
    """
    luma = luma_of(photo)
    steep = _slope(cv2.GaussianBlur(luma, (0, 0), _CALM_PX))
    gentle = _slope(cv2.GaussianBlur(luma, (0, 0), float(np.hypot(_CALM_PX, _REBLUR_PX))))
    is_crest = steep >= cv2.dilate(steep, np.ones((3, 3), np.uint8))
    is_edge = is_crest & (gentle >= np.quantile(gentle, 1 - share))
    if not is_edge.any():
        return float("nan")
    ratio = np.maximum(steep[is_edge] / np.maximum(gentle[is_edge], 1e-9), 1 + 1e-3)
    seen = float(np.median(_REBLUR_PX / np.sqrt(ratio**2 - 1)))
    return float(np.sqrt(max(seen**2 - _CALM_PX**2 - _CENTRAL_DIFFERENCE, 0.0)))


def radial_power(photo: Tensor) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean power of the luma in rings of frequency: (cycles per pixel, power), each of 24 rings up to 0.5.

    Less its mean and under a Hann window, so that the frame is no edge. White noise of sigma s has the power s^2.
    """
    luma = luma_of(photo)
    window = np.hanning(luma.shape[0])[:, None] * np.hanning(luma.shape[1])[None]
    power = np.abs(np.fft.fft2((luma - luma.mean()) * window)) ** 2 / (window**2).sum()
    frequency = np.hypot(np.fft.fftfreq(luma.shape[0])[:, None], np.fft.fftfreq(luma.shape[1])[None])
    edges = np.linspace(0, 0.5, _NUM_RINGS + 1)
    ring = np.digitize(frequency.ravel(), edges) - 1
    totals = np.bincount(ring, power.ravel(), minlength=_NUM_RINGS + 1)[:_NUM_RINGS]
    counts = np.bincount(ring, minlength=_NUM_RINGS + 1)[:_NUM_RINGS]
    return (edges[1:] + edges[:-1]) / 2, totals / np.maximum(counts, 1)


def fine_detail(photo: Tensor) -> float:
    """Decibels by which the power above a quarter cycle per pixel stays below that of coarse structure (below 1/8)."""
    frequency, power = radial_power(photo)
    fine, coarse = power[frequency > 0.25].mean(), power[frequency < 0.125].mean()
    return float(10 * np.log10((fine + 1e-12) / (coarse + 1e-12)))


def spectral_slope(photo: Tensor) -> float:
    """Exponent n of power ~ frequency^-n between 0.03 and 0.3 cycles per pixel; about 2 in sharp natural photos.

    Field, "Relations between the statistics of natural images and the response properties of cortical cells",
    JOSA A 1987.
    """
    frequency, power = radial_power(photo)
    used = (frequency > 0.03) & (frequency < 0.3)
    return -float(np.polyfit(np.log(frequency[used]), np.log(power[used] + 1e-12), 1)[0])


def _slope(luma: NDArray[np.float64]) -> NDArray[np.float64]:
    down, along = np.gradient(luma)
    return np.hypot(down, along)

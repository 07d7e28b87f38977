"""Noise and grain: how strong in which tones, how coarse, and whether the three channels share it."""

from __future__ import annotations

import cv2
import numpy as np
from torch import Tensor

from ops.reality.luma import Plane, flat_places, luma_of, rgb_of, unclipped

TONES = {"shadows": (0.0, 1 / 3), "middle tones": (1 / 3, 2 / 3), "highlights": (2 / 3, 1.0)}
"""Ranges of luma in which noise is measured."""

_IMMERKAER = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]]) / 6  # unit gain for white noise: squares sum to 36
_GAUSSIAN_MAD = 1.4826  # standard deviation of a Gaussian over its median absolute deviation
_LEAST_PIXELS = 200  # a tone with fewer flat pixels is not measured: its sigma would be off by 5 % and more


def noise_level(plane: Plane, where: np.ndarray | None = None) -> float:
    """Standard deviation of the noise in ``plane``, in its own unit; NaN where fewer than 200 pixels can tell.

    The difference of two Laplacians removes planes and ramps; the median keeps edges from counting. White noise is
    measured as it is, grain coarser than a pixel less than it is.
    Immerkaer, "Fast noise variance estimation", CVIU 1996, with a robust in place of the mean estimate.
    """
    residual = cv2.filter2D(plane, cv2.CV_64F, _IMMERKAER)
    values = residual if where is None else residual[where]
    return _GAUSSIAN_MAD * float(np.median(np.abs(values))) if values.size >= _LEAST_PIXELS else float("nan")


def noise_by_tone(photo: Tensor) -> dict[str, float]:
    """Noise of the luma of ``photo`` (1, 3, H, W) in 8-bit levels, by the name of the tone."""
    luma = luma_of(photo)
    tone, quiet = cv2.blur(luma, (5, 5)), flat_places(luma) & unclipped(luma)
    return {name: 255 * noise_level(luma, quiet & (tone >= low) & (tone < high)) for name, (low, high) in TONES.items()}


def overall_noise(photo: Tensor) -> float:
    """Noise of the luma of ``photo`` (1, 3, H, W) over all tones, in 8-bit levels."""
    luma = luma_of(photo)
    return 255 * noise_level(luma, flat_places(luma) & unclipped(luma))


def coarse_noise(photo: Tensor) -> float:
    """Noise that outlives halving the size of ``photo`` (1, 3, H, W), in 8-bit levels.

    Half of `overall_noise` where the noise is white, about all of the grain where it is coarse.
    """
    luma = luma_of(photo)
    halved = cv2.resize(luma, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    return 255 * noise_level(halved, flat_places(halved) & unclipped(halved))


def grain_size(photo: Tensor) -> float:
    """How coarse the grain is: sigma, in pixels, of the Gaussian that would turn white noise into it.

    White noise smoothed by a Gaussian of sigma s correlates with itself at distance 1 by r = exp(-1 / 4 s^2), so
    s = 1 / (2 sqrt(-ln r)). r is pooled over the flattest quarter of the 16 px patches, each freed of its plane.
    NaN without an unclipped patch; 0 where neighbours do not correlate.
    """
    patches = _quiet_patches(luma_of(photo))
    power = float((patches**2).mean()) if patches.size else 0.0
    if power < 1e-9:
        return float("nan")
    along = float((patches[:, :, 1:] * patches[:, :, :-1]).mean())
    down = float((patches[:, 1:] * patches[:, :-1]).mean())
    correlation = min(0.5 * (along + down) / power, 0.999)
    return 0.0 if correlation <= 0 else 0.5 / float(np.sqrt(-np.log(correlation)))


def channel_correlation(photo: Tensor) -> float:
    """How far the three channels share their noise: 1 in a grey photo or silver grain, 0 in independent noise.

    The mean correlation of the high-passed channels of ``photo`` (1, 3, H, W) in its flat places; NaN without noise.
    """
    luma = luma_of(photo)
    where = flat_places(luma) & unclipped(luma)
    passed = cv2.filter2D(rgb_of(photo), cv2.CV_64F, _IMMERKAER)[where]
    if len(passed) < _LEAST_PIXELS or passed.std(axis=0).min() < 1e-6:
        return float("nan")
    return float(np.corrcoef(passed.T)[np.triu_indices(3, k=1)].mean())


def _quiet_patches(luma: Plane, size_px: int = 16, share: float = 0.25) -> np.ndarray:
    """The flattest ``share`` of the unclipped patches, (N, size_px, size_px), each less its least-squares plane."""
    rows, columns = (side // size_px for side in luma.shape)
    cut = (slice(rows * size_px), slice(columns * size_px))
    shape = (rows, size_px, columns, size_px)
    patches = luma[cut].reshape(shape).swapaxes(1, 2).reshape(-1, size_px**2)
    is_whole = unclipped(luma)[cut].reshape(shape).swapaxes(1, 2).reshape(-1, size_px**2).all(axis=1)
    patches = patches[is_whole]
    y, x = np.mgrid[:size_px, :size_px].reshape(2, -1) / size_px
    plane = np.linalg.qr(np.stack([np.ones_like(x), x, y], axis=1))[0]
    patches = patches - patches @ plane @ plane.T
    quietest = np.argsort((patches**2).sum(axis=1), kind="stable")[: max(1, round(share * len(patches)))]
    return patches[quietest].reshape(-1, size_px, size_px)

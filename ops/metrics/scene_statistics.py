"""What local statistics of natural photos are made of: normalised luma, half the size, fitted Gaussians.

NIQE and BRISQUE both stand on them (Mittal, Moorthy, Bovik, "No-Reference Image Quality Assessment in the Spatial
Domain", IEEE Transactions on Image Processing 21(12), 2012, section III).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import convolve1d
from scipy.special import gamma

SHIFTS = ((0, 1), (1, 0), (1, 1), (1, -1))  # right, below, both diagonals

Array = NDArray[np.float64]


def normalised(luma: Array, edge: str) -> Array:
    """(I - mean) / (deviation + 1) under a Gaussian window of 7 px, sigma 7 / 6.

    Args:
        luma: (H, W) in 8-bit levels.
        edge: what lies beyond the photo, in scipy's words: ``nearest`` or ``constant``, which is black.
    """
    mean = _blurred(luma, edge)
    deviation = np.sqrt(np.abs(_blurred(np.square(luma), edge) - np.square(mean)))
    return (luma - mean) / (deviation + 1)


def halved(luma: Array) -> Array:
    """Half the size by the antialiased cubic of MATLAB's imresize: eight taps an axis, mirrored edges."""
    x = np.abs(np.arange(8) - 3.5) / 2
    cubic = np.where(x <= 1, 1.5 * x**3 - 2.5 * x**2 + 1, -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2)
    cubic /= cubic.sum()
    for axis in (0, 1):
        filtered = convolve1d(luma, cubic, axis=axis, mode="reflect")  # window i - 3 .. i + 4
        luma = filtered.take(range(0, filtered.shape[axis], 2), axis=axis)
    return luma


def asymmetric_gaussian(values: Array) -> tuple[Array, Array, Array]:
    """Fit an asymmetric generalised Gaussian to each of (n, h, w) by moments.

    Returns:
        Shape, and the root mean squares left and right of zero, each (n,); NaN for one-sided or flat values.
    """
    shapes, ratios = _moment_table()
    flat = values.reshape(len(values), -1)
    with np.errstate(invalid="ignore", divide="ignore"):
        left = np.sqrt(np.square(flat).sum(axis=1, where=flat < 0) / (flat < 0).sum(axis=1))
        right = np.sqrt(np.square(flat).sum(axis=1, where=flat > 0) / (flat > 0).sum(axis=1))
        balance = left / right
        ratio = np.square(np.abs(flat).mean(axis=1)) / np.square(flat).mean(axis=1)
        ratio = ratio * (balance**3 + 1) * (balance + 1) / np.square(np.square(balance) + 1)
    return shapes[np.abs(ratios[None] - ratio[:, None]).argmin(axis=1)], left, right


def generalised_gaussian(values: Array) -> tuple[float, float]:
    """Shape and variance of a symmetric generalised Gaussian fitted to ``values`` by moments."""
    shapes, ratios = _moment_table()
    variance = float(np.square(values).mean())
    ratio = np.abs(values).mean() ** 2 / variance
    return float(shapes[np.abs(ratios - ratio).argmin()]), variance


def scale_of(shape: Array) -> Array:
    """What turns the root mean square of a generalised Gaussian of ``shape`` into its scale parameter."""
    scale: Array = np.sqrt(gamma(1 / shape) / gamma(3 / shape))
    return scale


def _blurred(plane: Array, edge: str) -> Array:
    """``plane`` (H, W) under the Gaussian window."""
    taps = np.exp(-np.square(np.arange(-3, 4)) / (2 * (7 / 6) ** 2))
    taps /= taps.sum()
    once: Array = convolve1d(plane, taps, axis=0, mode=edge)
    twice: Array = convolve1d(once, taps, axis=1, mode=edge)
    return twice


@lru_cache(maxsize=1)
def _moment_table() -> tuple[Array, Array]:
    """Shapes from 0.2 to 10, and the squared mean of the magnitude over the variance for each."""
    shapes = np.arange(0.2, 10.001, 0.001)
    return shapes, gamma(2 / shapes) ** 2 / (gamma(1 / shapes) * gamma(3 / shapes))

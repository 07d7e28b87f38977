"""How natural a photo looks without knowing the truth: NIQE. Lower is better.

It rewards over-sharpening as much as sharpness and calls film grain noise, so it never stands alone: a fidelity number
and eyes belong beside it. Mittal, Soundararajan, Bovik, "Making a Completely Blind Image Quality Analyzer", IEEE Signal
Processing Letters 20(3), 2013. The model of clean photos in ``niqe_pristine.safetensors`` is the authors' own (release
1.0 of the LIVE laboratory, free to use with its notice, by way of BasicSR, Apache-2.0).
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file
from scipy.ndimage import convolve1d
from scipy.special import gamma
from torch import Tensor

from ops.metrics.fidelity import saved_levels

BLOCK_PX = 96
LEAST_PX = 2 * BLOCK_PX  # below 2 x 2 blocks there is no covariance worth the name
SHIFTS = ((0, 1), (1, 0), (1, 1), (1, -1))  # right, below, both diagonals

Array = NDArray[np.float64]


def niqe(photo: Tensor) -> float:
    """Distance of the photo's local statistics from those of clean photos; 3 to 5 is natural, 10 is bad.

    With means m and covariances C of 36 features over blocks, of this photo and of clean photos:
        NIQE = sqrt((m - m')^T ((C + C') / 2)^+ (m - m'))

    Args:
        photo: (1, 3, H, W) in [0, 1], as saved; at least 192 pixels each way. What exceeds whole blocks is cut off.

    Raises:
        ValueError: the photo is too small, or too flat to have statistics.
    """
    height, width = photo.shape[-2:]
    if min(height, width) < LEAST_PX:
        raise ValueError(f"NIQE needs {LEAST_PX} px each way, the photo is {width} x {height}")
    rows, columns = height // BLOCK_PX, width // BLOCK_PX
    luma = _luma(photo)[: rows * BLOCK_PX, : columns * BLOCK_PX]
    fine = _block_features(_normalised(luma), rows, columns)
    coarse = _block_features(_normalised(_halved(luma)), rows, columns)
    features = np.concatenate([fine, coarse], axis=1)  # (blocks, 36)
    is_whole = np.isfinite(features).all(axis=1)  # a flat block lacks some features
    if is_whole.sum() < 2:
        raise ValueError("NIQE needs two blocks with some texture; this photo is flat")
    mean, covariance = _pristine()
    difference = features.mean(axis=0, where=np.isfinite(features)) - mean
    pooled = (np.cov(features[is_whole], rowvar=False) + covariance) / 2
    return float(np.sqrt(difference @ np.linalg.pinv(pooled) @ difference))


def _luma(photo: Tensor) -> Array:
    """Luma of Rec. 601 in 16..235, rounded, as MATLAB's rgb2ycbcr gives it, (H, W)."""
    red, green, blue = saved_levels(photo)[0].double().numpy()
    luma: Array = np.round((65.481 * red + 128.553 * green + 24.966 * blue) / 255 + 16)
    return luma


def _normalised(luma: Array) -> Array:
    """(I - mean) / (deviation + 1) under a Gaussian window of 7 px, sigma 7 / 6."""
    taps = np.exp(-np.square(np.arange(-3, 4)) / (2 * (7 / 6) ** 2))
    taps /= taps.sum()

    def blurred(plane: Array) -> Array:
        once: Array = convolve1d(plane, taps, axis=0, mode="nearest")
        twice: Array = convolve1d(once, taps, axis=1, mode="nearest")
        return twice

    mean = blurred(luma)
    deviation = np.sqrt(np.abs(blurred(np.square(luma)) - np.square(mean)))
    return (luma - mean) / (deviation + 1)


def _halved(luma: Array) -> Array:
    """Half the size by the antialiased cubic of MATLAB's imresize: eight taps an axis, mirrored edges."""
    x = np.abs(np.arange(8) - 3.5) / 2
    cubic = np.where(x <= 1, 1.5 * x**3 - 2.5 * x**2 + 1, -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2)
    cubic /= cubic.sum()
    for axis in (0, 1):
        filtered = convolve1d(luma, cubic, axis=axis, mode="reflect")  # window i - 3 .. i + 4
        luma = filtered.take(range(0, filtered.shape[axis], 2), axis=axis)
    return luma


def _block_features(coefficients: Array, rows: int, columns: int) -> Array:
    """18 features (rows * columns, 18) of each block: the shape of its values and of products with four neighbours."""
    height, width = coefficients.shape[0] // rows, coefficients.shape[1] // columns
    blocks = coefficients.reshape(rows, height, columns, width).transpose(0, 2, 1, 3).reshape(-1, height, width)
    alpha, left, right = _asymmetric_gaussian(blocks)
    features = [alpha, (left + right) / 2]
    for shift in SHIFTS:
        alpha, left, right = _asymmetric_gaussian(blocks * np.roll(blocks, shift, axis=(1, 2)))
        features += [alpha, (right - left) * gamma(2 / alpha) / gamma(1 / alpha), left, right]
    return np.stack(features, axis=1)


def _asymmetric_gaussian(values: Array) -> tuple[Array, Array, Array]:
    """Fit shape, left and right scale of an asymmetric generalised Gaussian to each of (n, h, w), by moments."""
    shapes, ratios = _moment_table()
    flat = values.reshape(len(values), -1)
    with np.errstate(invalid="ignore", divide="ignore"):  # one-sided or flat blocks become NaN and are left out
        left = np.sqrt(np.square(flat).sum(axis=1, where=flat < 0) / (flat < 0).sum(axis=1))
        right = np.sqrt(np.square(flat).sum(axis=1, where=flat > 0) / (flat > 0).sum(axis=1))
        balance = left / right
        ratio = np.square(np.abs(flat).mean(axis=1)) / np.square(flat).mean(axis=1)
        ratio = ratio * (balance**3 + 1) * (balance + 1) / np.square(np.square(balance) + 1)
    alpha = shapes[np.abs(ratios[None] - ratio[:, None]).argmin(axis=1)]
    scale = np.sqrt(gamma(1 / alpha) / gamma(3 / alpha))
    return alpha, left * scale, right * scale


@lru_cache(maxsize=1)
def _moment_table() -> tuple[Array, Array]:
    shapes = np.arange(0.2, 10.001, 0.001)
    return shapes, gamma(2 / shapes) ** 2 / (gamma(1 / shapes) * gamma(3 / shapes))


@lru_cache(maxsize=1)
def _pristine() -> tuple[Array, Array]:
    model = load_file(Path(__file__).with_name("niqe_pristine.safetensors"))
    return model["mean"], model["covariance"]

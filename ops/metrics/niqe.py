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
from safetensors.numpy import load_file
from scipy.special import gamma
from torch import Tensor

from ops.metrics.fidelity import saved_levels
from ops.metrics.scene_statistics import SHIFTS, Array, asymmetric_gaussian, halved, normalised, scale_of

BLOCK_PX = 96
LEAST_PX = 2 * BLOCK_PX  # below 2 x 2 blocks there is no covariance worth the name


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
    fine = _block_features(normalised(luma, "nearest"), rows, columns)
    coarse = _block_features(normalised(halved(luma), "nearest"), rows, columns)
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


def _block_features(coefficients: Array, rows: int, columns: int) -> Array:
    """18 features (rows * columns, 18) of each block: the shape of its values and of products with four neighbours."""
    height, width = coefficients.shape[0] // rows, coefficients.shape[1] // columns
    blocks = coefficients.reshape(rows, height, columns, width).transpose(0, 2, 1, 3).reshape(-1, height, width)
    alpha, left, right = _scales(blocks)
    features = [alpha, (left + right) / 2]
    for shift in SHIFTS:
        alpha, left, right = _scales(blocks * np.roll(blocks, shift, axis=(1, 2)))
        features += [alpha, (right - left) * gamma(2 / alpha) / gamma(1 / alpha), left, right]
    return np.stack(features, axis=1)


def _scales(values: Array) -> tuple[Array, Array, Array]:
    """Shape, left and right scale of an asymmetric generalised Gaussian fitted to each of (n, h, w)."""
    alpha, left, right = asymmetric_gaussian(values)
    return alpha, left * scale_of(alpha), right * scale_of(alpha)


@lru_cache(maxsize=1)
def _pristine() -> tuple[Array, Array]:
    model = load_file(Path(__file__).with_name("niqe_pristine.safetensors"))
    return model["mean"], model["covariance"]

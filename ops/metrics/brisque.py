"""How much noise, blur or compression a photo shows, without knowing the truth: BRISQUE. Lower is better.

Unlike NIQE it has learnt from people's opinions, on the distortions of the LIVE database. It rewards over-sharpening
all the same and never stands alone. Mittal, Moorthy, Bovik, "No-Reference Image Quality Assessment in the Spatial
Domain", IEEE Transactions on Image Processing 21(12), 2012. The support vectors in ``brisque_live.safetensors`` are
those of the package brisque 0.2.0 (Apache-2.0). They belong to features whose coarse scale is halved without smoothing,
as OpenCV and that package do it and MATLAB does not.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from safetensors.numpy import load_file
from scipy.special import gamma
from torch import Tensor

from ops.metrics.fidelity import saved_levels
from ops.metrics.scene_statistics import SHIFTS, Array, asymmetric_gaussian, generalised_gaussian, normalised

LEAST_PX = 96  # below, too few pixels for moments of the fourth of them that the coarse scale has


def brisque(photo: Tensor) -> float:
    """The opinion that people would have of the photo's quality: 0 is best, 100 bad; some photos lie outside.

    With 36 features x, each brought to [-1, 1] by its range in training, and support vectors v_i:
        BRISQUE = sum_i w_i exp(-gamma |x - v_i|^2) - rho

    Args:
        photo: (1, 3, H, W) in [0, 1], as saved; at least 96 pixels each way.

    Raises:
        ValueError: the photo is too small, or too flat to have statistics.
    """
    height, width = photo.shape[-2:]
    if min(height, width) < LEAST_PX:
        raise ValueError(f"BRISQUE needs {LEAST_PX} px each way, the photo is {width} x {height}")
    features = scene_features(photo)
    if not np.isfinite(features).all():
        raise ValueError("BRISQUE needs texture; this photo is flat")
    model = _opinions()
    scaled = 2 * (features - model["lowest"]) / (model["highest"] - model["lowest"]) - 1
    distances = np.square(scaled - model["vectors"]).sum(axis=1)
    return float(model["weights"] @ np.exp(-model["gamma"] * distances) - model["rho"])


def scene_features(photo: Tensor) -> Array:
    """The 36 features: 18 of the luma, 18 of it at half the size. Section III of the paper; NaN where it is flat."""
    red, green, blue = saved_levels(photo)[0].double().numpy()
    luma: Array = np.round(0.2989 * red + 0.5870 * green + 0.1140 * blue)  # as rgb2gray of MATLAB rounds it
    half: Array = cv2.resize(luma, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_CUBIC)  # the model learnt from these
    return np.concatenate([_features(luma), _features(half)])


def _features(luma: Array) -> Array:
    """Shape and variance of the normalised luma; shape, mean and both variances of its product with each neighbour."""
    coefficients = normalised(luma, "constant")
    if not coefficients.any():
        return np.full(2 + 4 * len(SHIFTS), np.nan)
    features = list(generalised_gaussian(coefficients))
    for shift in SHIFTS:
        fitted = asymmetric_gaussian((coefficients * np.roll(coefficients, shift, axis=(0, 1)))[None])
        alpha, left, right = (float(one[0]) for one in fitted)
        mean = (right - left) * gamma(2 / alpha) / np.sqrt(gamma(1 / alpha) * gamma(3 / alpha))
        features += [alpha, mean, left**2, right**2]
    return np.array(features)


@lru_cache(maxsize=1)
def _opinions() -> dict[str, Array]:
    """Range of each feature, support vectors and their weights, and the two numbers of the kernel."""
    model = load_file(Path(__file__).with_name("brisque_live.safetensors"))
    return {name: value.astype(np.float64) for name, value in model.items()}

"""What every kind of damage shares: the array of a photo and smooth random fields over it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.float32]
"""(H, W, 3) RGB in [0, 1]."""

Opacity = NDArray[np.float32]
"""(H, W) in [0, 1]: how much of the photo a defect covers."""

Field = NDArray[np.float32]
"""(H, W), of any range: a number a pixel, such as a relief or a distance."""


def to_range(photo: np.ndarray) -> Pixels:
    """``photo`` clipped to [0, 1], float32 and contiguous."""
    return np.ascontiguousarray(np.clip(photo, 0, 1), dtype=np.float32)


def luma(photo: Pixels) -> Field:
    """Rec. 601 luma, [0, 1]."""
    return np.asarray(photo @ np.array([0.299, 0.587, 0.114], np.float32))


def smooth_noise(height: int, width: int, size_px: float, rng: np.random.Generator) -> Field:
    """Noise of about [-1, 1] whose features are ``size_px`` wide."""
    rows, columns = max(2, round(height / size_px) + 1), max(2, round(width / size_px) + 1)
    knots = rng.uniform(-1, 1, (rows, columns)).astype(np.float32)
    return np.asarray(cv2.resize(knots, (width, height), interpolation=cv2.INTER_CUBIC))


def fractal_noise(height: int, width: int, size_px: float, rng: np.random.Generator, octaves: int = 3) -> Field:
    """Smooth noise with finer and fainter copies of itself on top, as torn paper and flaking gelatin have."""
    total = smooth_noise(height, width, size_px, rng)
    for octave in range(1, octaves):
        total += smooth_noise(height, width, max(1.0, size_px / 2**octave), rng) / 2**octave
    return total


def wandering(length: int, knots: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """A smooth curve of ``length`` values of unit spread through ``knots`` random ones."""
    values = rng.standard_normal(knots)
    return np.interp(np.linspace(0, knots - 1, length), np.arange(knots), values).astype(np.float32)

"""What every statistic starts from: the brightness of a photo and its flat places."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from torch import Tensor

Plane = NDArray[np.float64]
"""(H, W); luma in [0, 1] unless a docstring says otherwise."""

LUMA_WEIGHTS = (0.299, 0.587, 0.114)
"""ITU-R BT.601, on gamma-encoded RGB."""

_CLIPPED = 2.5 / 255  # two 8-bit levels: a pixel so near the end of the scale has lost part of its noise


def rgb_of(photo: Tensor) -> NDArray[np.float64]:
    """(1, 3, H, W) in [0, 1] as (H, W, 3).

    Raises:
        ValueError: ``photo`` is no single RGB photo of at least 32 x 32 pixels.
    """
    if photo.ndim != 4 or photo.shape[:2] != (1, 3) or min(photo.shape[-2:]) < 32:
        raise ValueError(f"statistics need one photo (1, 3, H, W) of at least 32 x 32 px, got {tuple(photo.shape)}")
    return photo[0].permute(1, 2, 0).numpy().astype(np.float64)


def luma_of(photo: Tensor) -> Plane:
    """Brightness (H, W) in [0, 1] of ``photo`` (1, 3, H, W)."""
    return rgb_of(photo) @ np.array(LUMA_WEIGHTS)


def unclipped(luma: Plane) -> NDArray[np.bool_]:
    """Where neither the pixel nor a neighbour lies at an end of the scale."""
    ends = ((luma < _CLIPPED) | (luma > 1 - _CLIPPED)).astype(np.uint8)
    return cv2.dilate(ends, np.ones((3, 3), np.uint8)) == 0


def flat_places(luma: Plane, share: float = 0.5) -> NDArray[np.bool_]:
    """The ``share`` of the pixels with the least slope after a blur of 2 px, so that noise itself hardly decides."""
    smooth = cv2.GaussianBlur(luma, (0, 0), 2)
    slope = np.hypot(cv2.Sobel(smooth, cv2.CV_64F, 1, 0), cv2.Sobel(smooth, cv2.CV_64F, 0, 1))
    return slope <= np.quantile(slope, share)

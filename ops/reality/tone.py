"""Tone and colour: how much contrast is left, where black and white lie, which way the colours lean."""

from __future__ import annotations

import cv2
import numpy as np
from torch import Tensor

from ops.reality.luma import luma_of, rgb_of


def black_point(photo: Tensor) -> float:
    """Luma in [0, 1] below which one pixel in a hundred lies; fading lifts it."""
    return float(np.quantile(luma_of(photo), 0.01))


def white_point(photo: Tensor) -> float:
    """Luma in [0, 1] above which one pixel in a hundred lies; yellowed paper lowers it."""
    return float(np.quantile(luma_of(photo), 0.99))


def contrast(photo: Tensor) -> float:
    """From the black to the white point, in [0, 1]."""
    return white_point(photo) - black_point(photo)


def clipped_share(photo: Tensor) -> float:
    """Share of the pixels whose luma lies within half an 8-bit level of black or white."""
    luma = luma_of(photo)
    return float(((luma < 0.5 / 255) | (luma > 1 - 0.5 / 255)).mean())


def colour_cast(photo: Tensor) -> dict[str, float]:
    """The mean colour of ``photo`` (1, 3, H, W), taken as sRGB, in CIELAB: ``green-red`` a* and ``blue-yellow`` b*.

    A sepia print has a b* of 10 and more; a neutral black-and-white one has neither.
    """
    mean = _lab(photo).mean(axis=(0, 1))
    return {"green-red": float(mean[1]), "blue-yellow": float(mean[2])}


def colourfulness(photo: Tensor) -> float:
    """How far the colours spread around their mean, sqrt(var a* + var b*) in CIELAB units; near 0 in a toned print."""
    return float(np.sqrt(_lab(photo)[..., 1:].var(axis=(0, 1)).sum()))


def _lab(photo: Tensor) -> np.ndarray:
    return cv2.cvtColor(rgb_of(photo).astype(np.float32), cv2.COLOR_RGB2Lab).astype(np.float64)

"""Resizing where tensors live, by the weights of OpenCV: torch's area weights are others, and Lanczos it lacks.

Along one side every new pixel is a weighted sum of a few old ones,
    y_i = sum_t w_it x_(j_i + t),
read at the nearest pixel where j_i + t lies outside; both sides one after the other give the photo.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ops.degradation.resolution import Interpolation, LowResolution

Taps = tuple[NDArray[np.int64], NDArray[np.float32]]
"""Which pixels every new one reads and with what weight, both (new length, number of taps)."""

_CUBIC: Final = -0.75  # slope of the cubic at distance 1, OpenCV's choice; torch takes the same, Pillow -0.5


def low_resolution(photos: Tensor, steps: Sequence[LowResolution]) -> Tensor:
    """The batch form of ``LowResolution``, photo by photo because each shrinks to its own size."""
    height, width = photos.shape[-2:]
    aged = []
    for photo, step in zip(photos, steps, strict=True):
        small = step.small_px(height, width)
        shrunk = resized(photo, small, step.down)
        aged.append(photo if small == (height, width) else resized(shrunk, (height, width), step.up))
    return torch.stack(aged).clamp(0, 1)


def resized(planes: Tensor, size_px: tuple[int, int], interpolation: Interpolation) -> Tensor:
    """``planes`` (..., H, W) at ``size_px`` (height, width), as OpenCV's ``resize`` makes them from float photos."""
    (height, width), device = planes.shape[-2:], planes.device
    if size_px[0] != height:
        planes = _matrix(height, size_px[0], interpolation).to(device) @ planes
    if size_px[1] != width:
        planes = planes @ _matrix(width, size_px[1], interpolation).to(device).mT
    return planes


def _matrix(length: int, wanted: int, interpolation: Interpolation) -> Tensor:
    """(wanted, length): one product of matrices a side is many times fewer kernels to launch than one sum a tap."""
    read, weights = _taps(length, wanted, interpolation)
    matrix = np.zeros((wanted, length), np.float32)
    for tap in range(read.shape[1]):  # in one tap no new pixel comes twice
        matrix[np.arange(wanted), read[:, tap]] += weights[:, tap]
    return torch.from_numpy(matrix)


def _taps(length: int, wanted: int, interpolation: Interpolation) -> Taps:
    """How ``length`` pixels become ``wanted``."""
    scale = 1 / (wanted / length)  # as OpenCV divides: where products are whole, floor depends on the last bit
    match interpolation:
        case Interpolation.NEAREST:
            first = np.floor(np.arange(wanted) * scale).astype(np.int64)
            weights = np.ones((wanted, 1))
        case Interpolation.AREA if scale >= 1:
            first, weights = _covered(length, wanted)
        case Interpolation.AREA:  # OpenCV enlarges by lines that bend only where an old pixel ends
            places = np.arange(wanted)
            first = np.floor(places * scale).astype(np.int64)
            share = np.maximum((places + 1) - (first + 1) * (wanted / length), 0).astype(np.float32)
            share -= np.floor(share)
            weights = np.stack([1 - share, share], axis=1)
        case _:
            num_taps, weigh = _CURVES[interpolation]
            centre = ((np.arange(wanted) + 0.5) * scale - 0.5).astype(np.float32)  # OpenCV rounds here as well
            first = np.floor(centre).astype(np.int64) - (num_taps // 2 - 1)
            weights = weigh(centre.astype(np.float64)[:, None] - first[:, None] - np.arange(num_taps))
            weights /= weights.sum(1, keepdims=True)
    read = np.clip(first[:, None] + np.arange(weights.shape[1]), 0, length - 1)
    return read, weights.astype(np.float32)


def _covered(length: int, wanted: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """First old pixel under each new one, and the share of the new one that each old one covers."""
    scale = length / wanted
    start = np.arange(wanted) * scale
    first = np.floor(start).astype(np.int64)
    old = first[:, None] + np.arange(int(np.ceil(scale)) + 1)
    covered = np.minimum(start[:, None] + scale, old + 1) - np.maximum(start[:, None], old)
    return first, np.where(covered > 1e-3, covered, 0) / scale  # OpenCV leaves out the same slivers


def _linear(distance: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.maximum(1 - np.abs(distance), 0)


def _cubic(distance: NDArray[np.float64]) -> NDArray[np.float64]:
    """(a + 2) d^3 - (a + 3) d^2 + 1 up to 1, a (d^3 - 5 d^2 + 8 d - 4) from there to 2: Keys 1981, equation 4."""
    d, a = np.abs(distance), _CUBIC
    return np.where(d <= 1, ((a + 2) * d - (a + 3)) * d**2 + 1, a * (((d - 5) * d + 8) * d - 4))


def _lanczos(distance: NDArray[np.float64]) -> NDArray[np.float64]:
    """sinc(d) sinc(d / 4)."""
    return np.sinc(distance) * np.sinc(distance / 4)


_CURVES: Final[dict[Interpolation, tuple[int, Callable[[NDArray[np.float64]], NDArray[np.float64]]]]] = {
    Interpolation.LINEAR: (2, _linear),
    Interpolation.CUBIC: (4, _cubic),
    Interpolation.LANCZOS: (8, _lanczos),
}
"""How many old pixels weigh in, and their weight by distance."""

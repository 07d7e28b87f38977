"""JPEG, once, or twice on grids that do not meet because somebody cropped in between.

Even quality 100 rounds: no compression at all is the absence of the step.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from ops.degradation.pixels import Pixels

Levels = NDArray[np.uint8]


@dataclass(frozen=True)
class Jpeg:
    """JPEG at ``quality`` (1 to 100), colours at half resolution as nearly all programs write them."""

    quality: int
    kind: Literal["jpeg"] = "jpeg"

    def apply(self, photo: Pixels) -> Pixels:
        """Compress ``photo``."""
        return _to_pixels(_compressed(_to_levels(photo), self.quality))


@dataclass(frozen=True)
class DoubleJpeg:
    """JPEG twice; before the second time the grid moves by ``shift_x`` and ``shift_y`` (0 to 7 px)."""

    first_quality: int
    second_quality: int
    shift_x: int
    shift_y: int
    kind: Literal["double_jpeg"] = "double_jpeg"

    def apply(self, photo: Pixels) -> Pixels:
        """Compress ``photo`` twice."""
        left, top = self.shift_x, self.shift_y
        levels = _to_levels(photo)
        larger = cv2.copyMakeBorder(levels, top, 0, left, 0, cv2.BORDER_REPLICATE)
        cropped = np.ascontiguousarray(_compressed(larger, self.first_quality)[top:, left:])
        return _to_pixels(_compressed(cropped, self.second_quality))


@dataclass(frozen=True)
class JpegRanges:
    """How photos were compressed.

    Attributes:
        probability: of any compression.
        quality: whole numbers, both ends included.
        twice_share: of photos compressed twice, misaligned.
    """

    probability: float
    quality: tuple[int, int]
    twice_share: float

    def draw(self, rng: np.random.Generator) -> Jpeg | DoubleJpeg:
        """One compression, or two."""
        first, second = (int(quality) for quality in rng.integers(self.quality[0], self.quality[1] + 1, 2))
        shift_x, shift_y = (int(shift) for shift in rng.integers(0, 8, 2))
        return DoubleJpeg(first, second, shift_x, shift_y) if rng.random() < self.twice_share else Jpeg(second)


def _to_levels(photo: Pixels) -> Levels:
    """8-bit BGR, the order of OpenCV."""
    return np.ascontiguousarray(np.rint(photo[..., ::-1] * 255).astype(np.uint8))


def _to_pixels(levels: Levels) -> Pixels:
    return np.ascontiguousarray(levels[..., ::-1].astype(np.float32) / np.float32(255))


def _compressed(levels: Levels, quality: int) -> Levels:
    is_written, data = cv2.imencode(".jpg", levels, [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert is_written
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), dtype=np.uint8)

"""Low resolution: a small print, a coarse halftone, a scan that somebody shrank and enlarged again."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Literal

import cv2
import numpy as np

from ops.degradation.pixels import Pixels, Range, limited, uniform


class Interpolation(Enum):
    """How a program makes a photo smaller or larger."""

    NEAREST = "nearest"
    LINEAR = "linear"
    CUBIC = "cubic"
    AREA = "area"
    LANCZOS = "lanczos"

    @property
    def flag(self) -> int:
        """OpenCV's number for it."""
        return {
            Interpolation.NEAREST: cv2.INTER_NEAREST,
            Interpolation.LINEAR: cv2.INTER_LINEAR,
            Interpolation.CUBIC: cv2.INTER_CUBIC,
            Interpolation.AREA: cv2.INTER_AREA,
            Interpolation.LANCZOS: cv2.INTER_LANCZOS4,
        }[self]


@dataclass(frozen=True)
class LowResolution:
    """Shrinks by ``shrink_x`` and ``shrink_y`` (1 or more), then enlarges to the size of before."""

    shrink_x: float
    shrink_y: float
    down: Interpolation
    up: Interpolation
    kind: Literal["low_resolution"] = "low_resolution"

    def apply(self, photo: Pixels) -> Pixels:
        """Lose the detail of ``photo``."""
        height, width = photo.shape[:2]
        small_height, small_width = self.small_px(height, width)
        if (small_height, small_width) == (height, width):
            return photo
        shrunk = cv2.resize(photo, (small_width, small_height), interpolation=self.down.flag)
        return limited(cv2.resize(shrunk, (width, height), interpolation=self.up.flag))

    def small_px(self, height: int, width: int) -> tuple[int, int]:
        """Height and width that a photo of ``height`` x ``width`` shrinks to."""
        return max(1, round(height / self.shrink_y)), max(1, round(width / self.shrink_x))


@dataclass(frozen=True)
class ResolutionRanges:
    """How small photos once were.

    Attributes:
        probability: of any loss.
        shrink: factor of both sides.
        uneven_share: of photos whose sides draw their factors independently.
        down: ways to shrink, each as likely.
        up: ways to enlarge, each as likely.
    """

    probability: float
    shrink: Range
    uneven_share: float
    down: tuple[Interpolation, ...]
    up: tuple[Interpolation, ...]

    def draw(self, rng: np.random.Generator) -> LowResolution:
        """One loss of resolution."""
        shrink_x = uniform(self.shrink, rng)
        shrink_y = uniform(self.shrink, rng) if rng.random() < self.uneven_share else shrink_x
        down, up = self.down[int(rng.integers(len(self.down)))], self.up[int(rng.integers(len(self.up)))]
        return LowResolution(shrink_x, shrink_y, down, up)

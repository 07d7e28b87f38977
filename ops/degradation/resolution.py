"""Detail lost in copies: small scans enlarged again, and JPEG, once or twice."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Literal

import cv2
import numpy as np

from ops.degradation.pixels import Pixels, to_range


class Kernel(Enum):
    """How a photo is sampled anew."""

    NEAREST = "nearest"
    BILINEAR = "bilinear"
    BICUBIC = "bicubic"
    LANCZOS = "lanczos"
    AREA = "area"

    def resize(self, photo: Pixels, height: int, width: int) -> Pixels:
        """``photo`` in another size; the way up by area is bilinear, as OpenCV defines it."""
        flags = {
            Kernel.NEAREST: cv2.INTER_NEAREST,
            Kernel.BILINEAR: cv2.INTER_LINEAR,
            Kernel.BICUBIC: cv2.INTER_CUBIC,
            Kernel.LANCZOS: cv2.INTER_LANCZOS4,
            Kernel.AREA: cv2.INTER_AREA,
        }
        return to_range(cv2.resize(photo, (width, height), interpolation=flags[self]))


@dataclass(frozen=True)
class LowResolution:
    """Shrinks the height and width by their factors (1 = none) with one kernel, enlarges them with another."""

    height_factor: float
    width_factor: float
    down: Kernel
    up: Kernel
    kind: Literal["low_resolution"] = "low_resolution"

    def apply(self, photo: Pixels) -> Pixels:
        """Lose the detail of ``photo``."""
        height, width = photo.shape[:2]
        small = max(1, round(height / self.height_factor)), max(1, round(width / self.width_factor))
        return photo if small == (height, width) else self.up.resize(self.down.resize(photo, *small), height, width)


@dataclass(frozen=True)
class Jpeg:
    """JPEG compression at ``quality`` (1 to 100)."""

    quality: int
    kind: Literal["jpeg"] = "jpeg"

    def apply(self, photo: Pixels) -> Pixels:
        """Compress ``photo``."""
        return _compress(photo, self.quality)


@dataclass(frozen=True)
class DoubleJpeg:
    """JPEG twice, at ``first`` and at ``second`` quality, the 8 px grids shifted by ``shift`` = (down, right) pixels.

    What a photo suffers that was saved, cropped and saved again.
    """

    first: int
    second: int
    shift: tuple[int, int]
    kind: Literal["double_jpeg"] = "double_jpeg"

    def apply(self, photo: Pixels) -> Pixels:
        """Compress ``photo`` twice."""
        down, right = self.shift
        framed = np.pad(photo, ((down, 0), (right, 0), (0, 0)), mode="edge")
        return _compress(np.ascontiguousarray(_compress(framed, self.first)[down:, right:]), self.second)


def _compress(photo: Pixels, quality: int) -> Pixels:
    levels = np.rint(photo[..., ::-1] * 255).astype(np.uint8)
    _, data = cv2.imencode(".jpg", levels, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return to_range(np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))[..., ::-1] / np.float32(255))

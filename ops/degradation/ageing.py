"""Unstructured damage: what time and printing do to every pixel. No mask; the photo stays where it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.float32]
"""(H, W, 3) RGB in [0, 1]."""


@dataclass(frozen=True)
class Blur:
    """Gaussian blur; ``sigma`` in pixels."""

    sigma: float
    kind: Literal["blur"] = "blur"

    def apply(self, photo: Pixels) -> Pixels:
        """Blur ``photo``."""
        return photo if self.sigma == 0 else _float32(cv2.GaussianBlur(photo, (0, 0), self.sigma))


@dataclass(frozen=True)
class Grain:
    """Film grain, the same in all channels, strongest in the middle tones; ``size`` is its correlation in pixels."""

    sigma: float
    size: float
    seed: int
    kind: Literal["grain"] = "grain"

    def apply(self, photo: Pixels) -> Pixels:
        """Add the grain to ``photo``."""
        noise = np.random.default_rng(self.seed).standard_normal(photo.shape[:2], dtype=np.float32)
        if self.size > 0:
            noise = cv2.GaussianBlur(noise, (0, 0), self.size)
            noise /= max(float(noise.std()), 1e-6)
        luma = photo.mean(axis=2)
        tone = 0.4 + 2.4 * luma * (1 - luma)
        return _float32(np.clip(photo + (self.sigma * tone * noise)[..., None], 0, 1))


@dataclass(frozen=True)
class Noise:
    """Independent noise in each channel, as a scanner adds it; ``sigma`` in [0, 1] units."""

    sigma: float
    seed: int
    kind: Literal["noise"] = "noise"

    def apply(self, photo: Pixels) -> Pixels:
        """Add the noise to ``photo``."""
        noise = np.random.default_rng(self.seed).standard_normal(photo.shape, dtype=np.float32)
        return _float32(np.clip(photo + self.sigma * noise, 0, 1))


@dataclass(frozen=True)
class Fading:
    """Loss of contrast and dye: photo * gain + lift, one number a channel."""

    gain: tuple[float, float, float]
    lift: tuple[float, float, float]
    kind: Literal["fading"] = "fading"

    def apply(self, photo: Pixels) -> Pixels:
        """Fade ``photo``."""
        return _float32(np.clip(photo * np.array(self.gain, np.float32) + np.array(self.lift, np.float32), 0, 1))


@dataclass(frozen=True)
class Monochrome:
    """A black-and-white print, toned: luma times ``tone``."""

    tone: tuple[float, float, float]
    kind: Literal["monochrome"] = "monochrome"

    def apply(self, photo: Pixels) -> Pixels:
        """Print ``photo`` in one colour."""
        luma = photo @ np.array([0.299, 0.587, 0.114], np.float32)
        return _float32(np.clip(luma[..., None] * np.array(self.tone, np.float32), 0, 1))


@dataclass(frozen=True)
class Shading:
    """Uneven light: a smooth field multiplies the photo by 1 - ``depth`` to 1 + ``depth``."""

    depth: float
    seed: int
    kind: Literal["shading"] = "shading"

    def apply(self, photo: Pixels) -> Pixels:
        """Shade ``photo``."""
        height, width = photo.shape[:2]
        knots = np.random.default_rng(self.seed).uniform(-1, 1, (3, 3)).astype(np.float32)
        field = cv2.resize(knots, (width, height), interpolation=cv2.INTER_CUBIC)
        return _float32(np.clip(photo * (1 + self.depth * field[..., None]), 0, 1))


@dataclass(frozen=True)
class LowResolution:
    """Shrinks by ``factor`` and enlarges again; ``is_smooth`` chooses bilinear over nearest for the way up."""

    factor: float
    is_smooth: bool
    kind: Literal["low_resolution"] = "low_resolution"

    def apply(self, photo: Pixels) -> Pixels:
        """Lose the detail of ``photo``."""
        height, width = photo.shape[:2]
        small = (max(1, round(width / self.factor)), max(1, round(height / self.factor)))
        shrunk = cv2.resize(photo, small, interpolation=cv2.INTER_AREA)
        way_up = cv2.INTER_LINEAR if self.is_smooth else cv2.INTER_NEAREST
        return _float32(np.clip(cv2.resize(shrunk, (width, height), interpolation=way_up), 0, 1))


@dataclass(frozen=True)
class Jpeg:
    """JPEG compression at ``quality`` (1 to 100)."""

    quality: int
    kind: Literal["jpeg"] = "jpeg"

    def apply(self, photo: Pixels) -> Pixels:
        """Compress ``photo``."""
        levels = np.rint(photo[..., ::-1] * 255).astype(np.uint8)
        _, data = cv2.imencode(".jpg", levels, [cv2.IMWRITE_JPEG_QUALITY, self.quality])
        decoded = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))
        return _float32(decoded[..., ::-1] / np.float32(255))


Ageing = Blur | Grain | Noise | Fading | Monochrome | Shading | LowResolution | Jpeg


def _float32(photo: np.ndarray) -> Pixels:
    return np.ascontiguousarray(photo, dtype=np.float32)

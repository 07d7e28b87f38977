"""What the film itself does: grain, halation, and prints in one tone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from ops.degradation.pixels import Pixels, luma, to_range

_HALO = (1.0, 0.42, 0.12)  # red light goes deepest into the film and comes back from its base


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
        middle = photo.mean(axis=2)
        tone = 0.4 + 2.4 * middle * (1 - middle)
        return to_range(photo + (self.sigma * tone * noise)[..., None])


@dataclass(frozen=True)
class Halation:
    """Bright areas bleed red-orange over ``reach`` (a share of the short side); ``strength`` in [0, 1]."""

    strength: float
    reach: float
    kind: Literal["halation"] = "halation"

    def apply(self, photo: Pixels) -> Pixels:
        """Let the highlights of ``photo`` glow."""
        if self.strength == 0:
            return photo
        bright = np.clip((luma(photo) - 0.65) / 0.35, 0, 1)
        glow = cv2.GaussianBlur(bright, (0, 0), max(0.5, self.reach * min(bright.shape)))
        return to_range(1 - (1 - photo) * (1 - self.strength * glow[..., None] * np.array(_HALO, np.float32)))


@dataclass(frozen=True)
class Monochrome:
    """A black-and-white or sepia print: luma times ``tone``; below a ``strength`` of 1 some colour is left."""

    tone: tuple[float, float, float]
    strength: float = 1.0
    kind: Literal["monochrome"] = "monochrome"

    def apply(self, photo: Pixels) -> Pixels:
        """Print ``photo`` in one tone."""
        toned = luma(photo)[..., None] * np.array(self.tone, np.float32)
        return to_range(photo * (1 - self.strength) + toned * self.strength)

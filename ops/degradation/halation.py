"""Halation: light that passed the emulsion returns from the film base and glows around what is bright."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from ops.degradation.pixels import Colour, Pixels, Range, limited, luminance, uniform, unit_px


@dataclass(frozen=True)
class Halation:
    """Screens a blurred copy of the highlights over the photo: 1 - (1 - x)(1 - strength tint glow).

    Attributes:
        strength: of the glow, [0, 1].
        radius: of the glow, in units.
        threshold: luminance from which light glows.
        tint: warm in colour film, whose red layer lies deepest; white on plates.
    """

    strength: float
    radius: float
    threshold: float
    tint: Colour
    kind: Literal["halation"] = "halation"

    def apply(self, photo: Pixels) -> Pixels:
        """Let the highlights of ``photo`` glow."""
        if self.strength == 0:
            return photo
        highlights = np.clip((luminance(photo) - self.threshold) / (1 - self.threshold), 0, 1).astype(np.float32)
        glow = cv2.GaussianBlur(highlights, (0, 0), max(self.radius * unit_px(*photo.shape[:2]), 0.3))
        tint = np.float32(self.strength) * np.array(self.tint, np.float32)
        return limited(1 - (1 - photo) * (1 - glow[..., None] * tint))


@dataclass(frozen=True)
class HalationRanges:
    """How strongly highlights glow.

    Attributes:
        probability: of visible halation.
        strength: of the glow.
        radius: in units.
    """

    probability: float
    strength: Range
    radius: Range

    def draw(self, rng: np.random.Generator) -> Halation:
        """One glow, warm or white."""
        tint = (1.0, 0.5, 0.25) if rng.random() < 0.5 else (1.0, 1.0, 1.0)
        return Halation(uniform(self.strength, rng), uniform(self.radius, rng), uniform((0.5, 0.8), rng), tint)

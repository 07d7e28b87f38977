"""What light and air do to tone and colour: fading, dye loss, yellowing, and light that falls unevenly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ops.degradation.pixels import Pixels, smooth_noise, to_range

_DEEPEST = 0.01
"""Transmission of the deepest black that a dye can make: a density of 2."""

_YELLOWED = (0.0, 0.13, 0.45)
"""What wholly yellowed gelatin takes from red, green and blue."""


@dataclass(frozen=True)
class Fading:
    """Loss of contrast: photo * gain + lift, one number a channel."""

    gain: tuple[float, float, float]
    lift: tuple[float, float, float]
    kind: Literal["fading"] = "fading"

    def apply(self, photo: Pixels) -> Pixels:
        """Fade ``photo``."""
        return to_range(photo * np.array(self.gain, np.float32) + np.array(self.lift, np.float32))


@dataclass(frozen=True)
class DyeFading:
    """The cyan, magenta and yellow dye lose the share ``loss`` of their density.

    With the density D = -log10 of each channel, red seen through cyan and so on: D' = (1 - loss) D. A loss of cyan
    makes a photo red, of magenta green, of yellow blue; shadows suffer most, whites not at all.
    """

    loss: tuple[float, float, float]
    kind: Literal["dye_fading"] = "dye_fading"

    def apply(self, photo: Pixels) -> Pixels:
        """Fade the dyes of ``photo``."""
        shown = np.maximum(photo, np.float32(_DEEPEST))
        faded = shown ** (1 - np.array(self.loss, np.float32))
        return to_range(photo + (faded - shown))


@dataclass(frozen=True)
class Yellowing:
    """Gelatin, varnish and paper turn yellow: a filter that takes blue and some green; ``strength`` in [0, 1]."""

    strength: float
    kind: Literal["yellowing"] = "yellowing"

    def apply(self, photo: Pixels) -> Pixels:
        """Yellow ``photo``."""
        return to_range(photo * (1 - self.strength * np.array(_YELLOWED, np.float32)))


@dataclass(frozen=True)
class Shading:
    """Uneven light: one smooth field multiplies by 1 - ``depth`` to 1 + ``depth``, another adds up to ``veil``."""

    depth: float
    veil: float
    seed: int
    kind: Literal["shading"] = "shading"

    def apply(self, photo: Pixels) -> Pixels:
        """Shade ``photo``."""
        height, width = photo.shape[:2]
        rng = np.random.default_rng(self.seed)
        gain, added = (smooth_noise(height, width, max(height, width) / 2, rng)[..., None] for _ in range(2))
        return to_range(photo * (1 + self.depth * gain) + self.veil * np.maximum(added, 0))


@dataclass(frozen=True)
class Vignette:
    """Corners darker by ``depth`` (1 = black), falling off from a ``centre`` given in shares of height and width."""

    depth: float
    centre: tuple[float, float]
    kind: Literal["vignette"] = "vignette"

    def apply(self, photo: Pixels) -> Pixels:
        """Darken the corners of ``photo``."""
        height, width = photo.shape[:2]
        y = (np.arange(height, dtype=np.float32) / height - self.centre[0])[:, None]
        x = (np.arange(width, dtype=np.float32) / width - self.centre[1])[None]
        square = 2 * (y * y + x * x)  # 1 in the corners of a centred photo
        return to_range(photo * (1 - self.depth * np.minimum(square, 1) ** 1.5)[..., None])

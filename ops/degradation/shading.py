"""Uneven light: the complex shading that the 2020 report names as its unsolved limit, and the dark corners of lenses.

Both are smooth fields over the whole photo, one that multiplies and one that adds:
    x'(p) = (1 + g(p)) x(p) + a(p)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from ops.degradation.fields import distance_from, smooth_field
from ops.degradation.pixels import Colour, Pixels, Range, limited, new_seed, uniform

WARMTH_LOST: Final[Colour] = (0.0, 0.35, 1.0)  # share of ``tint`` that red, green, blue of the lift lack


@dataclass(frozen=True)
class Shading:
    """Smooth random fields.

    Attributes:
        gain: greatest |g|: uneven development, a bent print under the lamp.
        lift: greatest |a|: stray light, fading from one side.
        cell: width of the features in short sides.
        tint: share of a(p) that the blue channel lacks; light leaks and old varnish are warm.
        seed: of the fields.
    """

    gain: float
    lift: float
    cell: float
    tint: float
    seed: int
    kind: Literal["shading"] = "shading"

    def apply(self, photo: Pixels) -> Pixels:
        """Shade ``photo``."""
        height, width = photo.shape[:2]
        rng = np.random.default_rng(self.seed)
        cell_px = max(self.cell * min(height, width), 1.0)
        gains = np.float32(self.gain) * smooth_field(height, width, cell_px, rng)[..., None]
        lifts = np.float32(self.lift) * smooth_field(height, width, cell_px, rng)[..., None]
        warmth = 1 - np.float32(self.tint) * np.array(WARMTH_LOST, np.float32)
        return limited(photo * (1 + gains) + lifts * warmth)


@dataclass(frozen=True)
class Vignette:
    """Light falls off as 1 - depth r^power; r is 1 in the corner farthest from the centre at shares ``x``, ``y``."""

    depth: float
    power: float
    x: float
    y: float
    kind: Literal["vignette"] = "vignette"

    def apply(self, photo: Pixels) -> Pixels:
        """Darken the corners of ``photo``."""
        height, width = photo.shape[:2]
        distance = distance_from(height, width, self.x, self.y)
        falloff = (distance / distance.max()) ** np.float32(self.power)
        return limited(photo * (1 - np.float32(self.depth) * falloff)[..., None])


@dataclass(frozen=True)
class ShadingRanges:
    """How uneven the light is.

    Attributes:
        probability: of uneven light.
        vignette_share: of vignettes; the others are random fields.
        gain: depth of the multiplying field.
        lift: depth of the adding field.
        cell: width of the features in short sides.
        depth: of a vignette in its corner.
    """

    probability: float
    vignette_share: float
    gain: Range
    lift: Range
    cell: Range
    depth: Range

    def draw(self, rng: np.random.Generator) -> Shading | Vignette:
        """One unevenness."""
        if rng.random() < self.vignette_share:
            x, y = rng.uniform(0.35, 0.65, 2)
            return Vignette(uniform(self.depth, rng), uniform((1.6, 3.5), rng), float(x), float(y))
        tint = uniform((0, 0.8), rng)
        return Shading(uniform(self.gain, rng), uniform(self.lift, rng), uniform(self.cell, rng), tint, new_seed(rng))

"""How the colour of a defect meets the photo."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from ops.degradation.pixels import Colour, Pixels, Plane, Range, limited, uniform


class Blend(Enum):
    """The report names addition, lighten-only and screen; real defects are often dark, so multiply and subtract too."""

    ADD = "add"
    LIGHTEN = "lighten"
    SCREEN = "screen"
    MULTIPLY = "multiply"
    SUBTRACT = "subtract"
    COVER = "cover"


BRIGHT_BLENDS = (Blend.ADD, Blend.LIGHTEN, Blend.SCREEN, Blend.COVER)
_DARK = (Blend.MULTIPLY, Blend.SUBTRACT)
_WARM = np.array([0.0, 0.35, 1.0])


@dataclass(frozen=True)
class Paint:
    """A colour, its blend and its opacity: photo + opacity * coverage * (blend(photo, colour) - photo)."""

    blend: Blend
    colour: Colour
    opacity: float

    def over(self, photo: Pixels, coverage: Plane, texture: Plane | float = 1.0) -> Pixels:
        """Paint where ``coverage`` (H, W) says; ``texture`` (H, W) multiplies the colour, as paper does."""
        colour = np.array(self.colour, np.float32) * np.asarray(texture, np.float32)[..., None]
        share = np.float32(self.opacity) * coverage[..., None]
        return limited(photo + share * (self._mixed(photo, limited(colour)) - photo))

    def _mixed(self, photo: Pixels, colour: Pixels) -> Pixels:
        match self.blend:
            case Blend.ADD:
                return np.minimum(photo + colour, 1)
            case Blend.LIGHTEN:
                return np.maximum(photo, colour)
            case Blend.SCREEN:
                return 1 - (1 - photo) * (1 - colour)
            case Blend.MULTIPLY:
                return photo * colour
            case Blend.SUBTRACT:
                return np.maximum(photo - colour, 0)
            case Blend.COVER:
                return np.broadcast_to(colour, photo.shape)


@dataclass(frozen=True)
class PaintRanges:
    """How defects look.

    Attributes:
        opacity: of a defect.
        dark_share: of defects that darken: dirt, ink, scratches through the gelatine of a negative.
        light: grey level of bright defects.
        depth: how much a dark defect takes away.
        warmth: greatest share of blue that its colour lacks: paper and dirt are yellowish.
        blends: of bright defects, each as likely.
    """

    opacity: Range
    dark_share: float
    light: Range
    depth: Range
    warmth: float
    blends: tuple[Blend, ...] = BRIGHT_BLENDS

    def draw(self, rng: np.random.Generator) -> Paint:
        """A bright or a dark paint."""
        return self.bright(rng) if rng.random() >= self.dark_share else self.dark(rng)

    def bright(self, rng: np.random.Generator) -> Paint:
        """Scratched emulsion, dust on a negative."""
        warmth = rng.uniform(0, self.warmth) * _WARM
        blend, colour = self.blends[int(rng.integers(len(self.blends)))], uniform(self.light, rng) * (1 - warmth)
        return Paint(blend, _rgb(colour), uniform(self.opacity, rng))

    def dark(self, rng: np.random.Generator) -> Paint:
        """Dirt, ink."""
        warmth = rng.uniform(0, self.warmth) * _WARM
        blend, depth = _DARK[int(rng.integers(len(_DARK)))], uniform(self.depth, rng)
        colour = (1 - depth) * (1 - warmth) if blend is Blend.MULTIPLY else depth * (1 - warmth[::-1])
        return Paint(blend, _rgb(colour), uniform(self.opacity, rng))


def paper_colour(rng: np.random.Generator) -> Colour:
    """The paper under the emulsion: from white to the brown of old card."""
    level, age = rng.uniform(0.78, 0.97), rng.uniform(0, 1)
    return _rgb(level * (1 - age * np.array([0.02, 0.08, 0.22])))


def _rgb(values: NDArray[np.float64]) -> Colour:
    red, green, blue = (float(value) for value in values)
    return red, green, blue

"""Fading: contrast is lost, paper yellows, dyes go one after another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ops.degradation.pixels import Colour, Pixels, Range, limited, uniform


@dataclass(frozen=True)
class Fading:
    """x -> gain x + lift, one number a channel: whites sink, blacks turn grey, both with a cast."""

    gain: Colour
    lift: Colour
    kind: Literal["fading"] = "fading"

    def apply(self, photo: Pixels) -> Pixels:
        """Fade ``photo``."""
        return limited(photo * np.array(self.gain, np.float32) + np.array(self.lift, np.float32))


@dataclass(frozen=True)
class Yellowing:
    """The paper and its varnish turn yellow: light is multiplied by a warm white; ``strength`` in [0, 1]."""

    strength: float
    kind: Literal["yellowing"] = "yellowing"

    def apply(self, photo: Pixels) -> Pixels:
        """Yellow ``photo``."""
        lost = np.array([0.05, 0.16, 0.48], np.float32)  # of red, green, blue in paper that is yellow all through
        return limited(photo * (1 - np.float32(self.strength) * lost))


@dataclass(frozen=True)
class DyeFading:
    """Each dye keeps 1 - loss of its density and the base gains an even stain.

    With density D = -log10 x, D' = (1 - loss) D + stain, which is x' = x^(1 - loss) 10^(-stain). Cyan dye rules the
    red channel, magenta the green, yellow the blue; cyan and magenta go first in prints of the 1950s to 70s.
    """

    loss: Colour
    stain: Colour
    kind: Literal["dye_fading"] = "dye_fading"

    def apply(self, photo: Pixels) -> Pixels:
        """Fade the dyes of ``photo``."""
        kept = 1 - np.array(self.loss, np.float32)
        veil = np.array([10**-density for density in self.stain], np.float32)
        darkest = np.float32(0.01)  # maximum density 2 of a print: black is dye too, and fades
        return limited(np.maximum(photo, darkest * (kept < 1)) ** kept * veil)


@dataclass(frozen=True)
class FadingRanges:
    """How photos fade.

    Attributes:
        probability: of any fading.
        weights: of plain fading, yellowing and dye fading among each other.
        contrast: share of the contrast that is left.
        lift: of the blacks.
        cast: greatest deviation of one channel from the others, as a share.
        yellow: strength of yellowing.
        loss: share of density that the cyan dye loses; magenta loses less, yellow least.
        stain: density of the base stain, strongest in blue.
    """

    probability: float
    weights: tuple[float, float, float]
    contrast: Range
    lift: Range
    cast: float
    yellow: Range
    loss: Range
    stain: Range

    def draw(self, rng: np.random.Generator) -> Fading | Yellowing | DyeFading:
        """One kind of fading."""
        match rng.choice(3, p=np.array(self.weights) / sum(self.weights)):
            case 0:
                contrast, lift = uniform(self.contrast, rng), uniform(self.lift, rng)
                casts = rng.uniform(-self.cast, self.cast, (2, 3))
                return Fading(_colour(contrast * (1 + casts[0])), _colour(lift * (1 + 2 * casts[1])))
            case 1:
                return Yellowing(uniform(self.yellow, rng))
        stain = uniform(self.stain, rng) * np.array([0.2, 0.6, 1.0])
        later = np.cumprod([1.0, rng.uniform(0.2, 0.9), rng.uniform(0.3, 1.0)])  # each dye outlives the one before
        return DyeFading(_colour(uniform(self.loss, rng) * later), _colour(stain))


def _colour(values: np.ndarray) -> Colour:
    red, green, blue = (float(max(0.0, value)) for value in values)
    return red, green, blue

"""The print in one tone: black and white, sepia, selenium, cyanotype. A property of the photo more than a damage.

When a recipe prints a photo, the clean photo is printed too: a restorer must not learn to colour what never had colour.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from ops.degradation.pixels import Colour, Pixels, limited

PANCHROMATIC: Final[Colour] = (0.299, 0.587, 0.114)
ORTHOCHROMATIC: Final[Colour] = (0.06, 0.52, 0.42)  # plates until about 1925 hardly saw red: dark lips, white skies
BLACK: Final[Colour] = (0.0, 0.0, 0.0)
WHITE: Final[Colour] = (1.0, 1.0, 1.0)
SEPIA_SHADOW: Final[Colour] = (0.10, 0.05, 0.02)
SEPIA_LIGHT: Final[Colour] = (1.0, 0.93, 0.79)


@dataclass(frozen=True)
class Monochrome:
    """Light weighed by ``sensitivity`` and printed between two colours; ``amount`` mixes with the photo of before."""

    sensitivity: Colour
    shadow: Colour
    light: Colour
    amount: float = 1.0
    kind: Literal["monochrome"] = "monochrome"

    def apply(self, photo: Pixels) -> Pixels:
        """Print ``photo`` in one tone."""
        if self.amount == 0:
            return photo
        exposure = (photo @ np.array(self.sensitivity, np.float32))[..., None]
        shadow, light = np.array(self.shadow, np.float32), np.array(self.light, np.float32)
        printed = shadow + (light - shadow) * exposure
        return limited(photo + np.float32(self.amount) * (printed - photo))


GREY_SCAN: Final = Monochrome(PANCHROMATIC, BLACK, WHITE)
"""What a file without colours keeps."""


@dataclass(frozen=True)
class PrintRanges:
    """How photos are printed.

    Attributes:
        probability: of a print in one tone.
        toned_share: of those that are sepia, from a breath to full; the others are neutral.
        orthochromatic_share: of those exposed on plates blind to red.
        grey_scan_share: of neutral prints whose scan was kept in grey: after all else no colour is left, cast or noise.
    """

    probability: float
    toned_share: float
    orthochromatic_share: float
    grey_scan_share: float

    def draw(self, rng: np.random.Generator) -> Monochrome:
        """One print."""
        sensitivity = ORTHOCHROMATIC if rng.random() < self.orthochromatic_share else PANCHROMATIC
        depth = float(rng.uniform(0.2, 1.0)) if rng.random() < self.toned_share else 0.0
        return Monochrome(sensitivity, _between(BLACK, SEPIA_SHADOW, depth), _between(WHITE, SEPIA_LIGHT, depth))

    def draw_scan(self, printed: Monochrome | None, rng: np.random.Generator) -> tuple[Monochrome, ...]:
        """What scanning does to the colours of a print: a last step of ageing, or nothing."""
        is_neutral = printed is not None and printed.light == WHITE
        return (GREY_SCAN,) if is_neutral and rng.random() < self.grey_scan_share else ()


def _between(start: Colour, end: Colour, share: float) -> Colour:
    red, green, blue = (a + share * (b - a) for a, b in zip(start, end, strict=True))
    return red, green, blue

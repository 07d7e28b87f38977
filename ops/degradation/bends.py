"""How often photos crack, fold and crease, and how badly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ops.degradation.cracks import Crack, Craquelure
from ops.degradation.folds import Crease, Fold
from ops.degradation.paint import Blend, Paint, paper_colour
from ops.degradation.pixels import Range, log_uniform, new_seed, uniform
from ops.degradation.shapes import Shape

_FOLD_SPLITS = 7


@dataclass(frozen=True)
class BendRanges:
    """How photos are bent.

    Attributes:
        weight: against the other defects.
        shares: of cracks, folds, creases and craquelure.
        length: of cracks and creases, in short sides.
        width: of the broken emulsion, in units; narrow ones are drawn more often.
        wear: share of a fold that is broken.
        relief: brightness of the flanks.
        net_size: radius of craquelure, in short sides.
        cell: of craquelure, in units.
        dark_share: of craquelure full of dirt; in the other the paper shows.
    """

    weight: float
    shares: tuple[float, float, float, float]
    length: Range
    width: Range
    wear: Range
    relief: Range
    net_size: Range
    cell: Range
    dark_share: float

    def draw(self, rng: np.random.Generator) -> Crack | Fold | Crease | Craquelure:
        """One crack, fold, crease or net."""
        kinds = (Shape.CRACK, Shape.FOLD, Shape.CREASE, Shape.CRAQUELURE)
        kind = kinds[int(rng.choice(4, p=np.array(self.shares) / sum(self.shares)))]
        x, y = (float(share) for share in rng.uniform(0, 1, 2))
        angle, width, seed = uniform((0, 2 * np.pi), rng), log_uniform(self.width, rng), new_seed(rng)
        paper, relief = Paint(Blend.COVER, paper_colour(rng), 1.0), uniform(self.relief, rng)
        if kind is Shape.CRACK:
            return Crack(x, y, angle, uniform(self.length, rng), width, int(rng.integers(1, 9)), paper, seed)
        if kind is Shape.FOLD:
            across = float(rng.choice((0, np.pi / 2)) + rng.normal(0, 0.12))
            slant = angle if rng.random() < 0.4 else across  # corners are folded slantwise, letters straight
            splits = int(rng.integers(0, _FOLD_SPLITS + 1))
            return Fold(x, y, slant, width, uniform(self.wear, rng), relief, splits, paper, seed)
        if kind is Shape.CREASE:
            curl, length = float(rng.normal(0, 0.5)), 0.6 * uniform(self.length, rng)
            return Crease(x, y, angle, length, curl, min(1.2 * width, 4.0), relief, seed)
        dirt = Paint(Blend.MULTIPLY, (0.22, 0.18, 0.14), uniform((0.4, 0.9), rng))
        shown = dirt if rng.random() < self.dark_share else paper
        return Craquelure(x, y, uniform(self.net_size, rng), log_uniform(self.cell, rng), 0.5 * width, shown, seed)

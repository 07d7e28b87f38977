"""The numbers that need no truth: how natural a photo looks. No one of them is fidelity."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from ops.metrics import brisque, niqe


@dataclass(frozen=True)
class WithoutTruth:
    """A metric of one photo (1, 3, H, W) in [0, 1] alone.

    Attributes:
        name: of its column.
        least_px: shortest side that it can be measured on.
        measure: photo to number; lower is better. Raises ValueError for a flat photo.
    """

    name: str
    least_px: int
    measure: Callable[[Tensor], float]

    def or_nan(self, photo: Tensor) -> float:
        """The number of ``photo``; NaN if it is too small or flat."""
        if min(photo.shape[-2:]) < self.least_px:
            return math.nan
        try:
            return self.measure(photo)
        except ValueError:  # flat: no number for this one
            return math.nan


WITHOUT_TRUTH = (
    WithoutTruth("niqe", niqe.LEAST_PX, niqe.niqe),
    WithoutTruth("brisque", brisque.LEAST_PX, brisque.brisque),
)

"""From how much damage on a pixel is better filled than left: the measurement behind ``LEAST_CHANGE``.

Filling has an error of its own. Where a defect changed a pixel by less than that, a mask over it destroys more than the
defect did, however well it was found.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from ops.degradation.degrade import apply_plan
from ops.detection.curves import CHANGES
from ops.detection.truth import FAINT_CHANGE, visible_damage
from ops.pairs.sets import PairSet
from ops.pairs.shards import read_pairs
from ops.restorers.restorer import Restorer


@dataclass
class FillingError:
    """What leaving and what filling costs where damage changed a pixel by so much.

    Attributes:
        damage: name of the class, as in ``CHANGES``.
        lower: change from which on it begins, in [0, 1].
        upper: change at which it ends.
        pixels: how many pixels of the class were compared.
        squares: sum of squared errors over them, mean of the channels, by method; "" is the photo left as it is.
    """

    damage: str
    lower: float
    upper: float
    pixels: int = 0
    squares: dict[str, float] = field(default_factory=dict)

    def levels(self, method: str = "") -> float:
        """Root mean square error of ``method`` in levels of 255."""
        return 255 * math.sqrt(self.squares[method] / self.pixels)


@torch.inference_mode()
def filling_errors(pairs: PairSet, splits: Sequence[str], restorers: Mapping[str, Restorer]) -> list[FillingError]:
    """Fill the damage of the pairs of ``splits`` class by class, its true place given, and compare with leaving it.

    For each class all damage from its lower bound on is marked: the question is whether to mark this class as well.
    The error is against the photo aged alike without its defects, so blur and grain count for neither side. Classes
    without a pixel are left out.
    """
    classes, lower = [], FAINT_CHANGE
    for upper, name in CHANGES:
        classes.append(FillingError(name, lower, upper / 255))
        lower = upper / 255
    for photo, undamaged, mask in _damaged_photos(pairs, splits):
        change = (photo - undamaged).abs().amax(dim=1, keepdim=True)
        for one in classes:
            marked = visible_damage(photo, undamaged, mask, one.lower).damaged
            chosen = (marked > 0) & (change < one.upper)
            if chosen.any():
                one.pixels += int(chosen.sum())
                results = {"": photo} | {name: restore(photo, marked) for name, restore in restorers.items()}
                for name, result in results.items():
                    error = (result - undamaged).double().square().mean(dim=1, keepdim=True)
                    one.squares[name] = one.squares.get(name, 0.0) + float(error[chosen].sum())
    return [one for one in classes if one.pixels]


def filling_table(errors: Sequence[FillingError], methods: Sequence[str]) -> str:
    """A Markdown table, a row for each class of damage."""
    lines = [
        f"| damage | pixels | error if left, levels | {' | '.join(f'filled by {name}' for name in methods)} |",
        "|---|---:|---:|" + "---:|" * len(methods),
    ]
    for one in errors:
        filled = " | ".join(f"{one.levels(name):.1f}" for name in methods)
        lines.append(f"| {one.damage} | {one.pixels} | {one.levels():.1f} | {filled} |")
    return "\n".join(lines)


def _damaged_photos(pairs: PairSet, splits: Sequence[str]) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Each damaged photo, what it would be without its defects, and its mask."""
    for split in splits:
        for stored in read_pairs(pairs, split):
            pair = stored.pair
            if pair.plan.defects:
                undamaged = apply_plan(stored.source, replace(pair.plan, defects=())).degraded
                yield pair.degraded, undamaged, pair.mask

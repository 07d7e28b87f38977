"""A set of pairs for the eye: a contact sheet, and how often which damage was drawn."""

from __future__ import annotations

from collections import Counter

from torch import Tensor

from ops.pair_sets import PairSet
from ops.pair_shards import read_pairs
from ops.pictures import contact_sheet


def pair_set_sheet(pairs: PairSet, count: int = 12) -> Tensor:
    """Clean photo, degraded photo and mask of ``count`` held-out pairs, two pairs in a row; (1, 3, H, W) in [0, 1]."""
    shown = [one.pair for one, _ in zip(read_pairs(pairs.shards("held_out")), range(count), strict=False)]
    cells = [cell for pair in shown[: len(shown) // 2 * 2] for cell in (pair.clean, pair.degraded, pair.mask)]
    rows = [cells[start : start + 6] for start in range(0, len(cells), 6)]
    return contact_sheet(rows, ["clean", "degraded", "mask"] * 2, cell_px=128)


def pair_set_statistics(pairs: PairSet) -> str:
    """Markdown table: in how many held-out pairs each kind of damage occurs."""
    counts: Counter[str] = Counter()
    for stored in read_pairs(pairs.shards("held_out")):
        plan = stored.pair.plan
        counts.update({defect.shape.value for defect in plan.defects} | {step.kind for step in plan.ageing})
        counts["none at all"] += not (plan.defects or plan.ageing)
    lines = ["| damage | held-out pairs |", "|---|---:|"]
    return "\n".join(
        [*lines, *(f"| {name} | {count} of {pairs.num_held_out} |" for name, count in counts.most_common())]
    )

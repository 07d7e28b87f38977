"""What was drawn for a set of pairs: every number of every plan, read from the rows without decoding a picture."""

from __future__ import annotations

import io
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from matplotlib.figure import Figure

from ops.pairs.sets import PairSet
from ops.pairs.shards import read_plan, read_row_group, row_groups

_COLUMNS: Final = 8  # panels beside each other


@dataclass(frozen=True)
class DrawnNumbers:
    """What one split holds.

    Attributes:
        damages: the kinds of damage of every pair, each once a pair.
        nums_damages: how many damages each pair has, as text.
        shares: of the area that structured damage touches, one a pair.
        numbers: every number of every plan by ``damage.parameter``.
    """

    damages: tuple[str, ...]
    nums_damages: tuple[str, ...]
    shares: tuple[float, ...]
    numbers: Mapping[str, Sequence[float]]


def read_drawn_numbers(pairs: PairSet, split: str) -> DrawnNumbers:
    """Read the plans of ``split``.

    Raises:
        ShardRefusedError: a shard is damaged, or made by another recipe or release.
    """
    damages: list[str] = []
    nums_damages: list[str] = []
    shares: list[float] = []
    numbers: dict[str, list[float]] = defaultdict(list)
    for group in row_groups(pairs, split):
        for row in read_row_group(group, ["plan", "damaged_share"]):
            names = read_plan(row, group).names
            damages += sorted(set(names))
            nums_damages.append(str(len(names)))
            shares.append(row["damaged_share"])
            plan = json.loads(row["plan"])
            for step in (*plan["defects"], *plan["ageing"]):
                for name, value in _numbers(step):
                    numbers[f"{step.get('shape') or step['kind']}.{name}"].append(value)
    return DrawnNumbers(tuple(damages), tuple(nums_damages), tuple(shares), numbers)


def draw_histograms(splits: Sequence[DrawnNumbers]) -> bytes:
    """One small histogram of mask coverage and one of each parameter, damage by damage, as PNG bytes."""
    names = sorted({name for split in splits for name in split.numbers})
    panels = {"mask coverage": [share for split in splits for share in split.shares]}
    panels |= {name: [value for split in splits for value in split.numbers.get(name, ())] for name in names}
    num_rows = -(-len(panels) // _COLUMNS)
    figure = Figure(figsize=(1.9 * _COLUMNS, 1.15 * num_rows), dpi=64)
    figure.subplots_adjust(left=0.01, right=0.99, bottom=0.02, top=0.98, hspace=0.75, wspace=0.12)
    for number, (name, values) in enumerate(panels.items(), start=1):
        axes = figure.add_subplot(num_rows, _COLUMNS, number)
        axes.hist(values, bins=16, color="#7a5c3e" if number > 1 else "#3e5c7a")
        axes.set_title(name, fontsize=7)
        axes.tick_params(labelsize=6)
        axes.set_yticks([])
    png = io.BytesIO()
    figure.savefig(png, format="png")
    return png.getvalue()


def _numbers(record: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, float]]:
    """The numbers of a record and of the records in it; seeds are not numbers that mean something."""
    for name, value in record.items():
        if isinstance(value, Mapping):
            yield from _numbers(value, f"{prefix}{name}.")
        elif isinstance(value, int | float) and not isinstance(value, bool) and "seed" not in name:
            yield f"{prefix}{name}", float(value)

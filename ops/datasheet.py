"""The datasheet of a set of pairs: where its photos come from, what was drawn how often, what it looks like."""

from __future__ import annotations

import io
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
from matplotlib.figure import Figure
from torch import Tensor

from ops.corpora.records import Corpus
from ops.corpora.sheets import source_table
from ops.images import encode_png
from ops.pair_sets import PairSet
from ops.pair_shards import describe_shards, read_pairs
from ops.pictures import contact_sheet

MAX_HISTOGRAMS = 40


@dataclass(frozen=True)
class Datasheet:
    """``text`` in Markdown, ``sheet`` (1, 3, H, W) of pairs, ``histograms`` of all drawn numbers as PNG bytes."""

    text: str
    sheet: Tensor
    histograms: bytes


def write_datasheet(pairs: PairSet, clean: Corpus, textures: Corpus) -> Datasheet:
    """Describe ``pairs`` and write ``datasheet.md``, ``pairs.png`` and ``numbers.png`` beside its shards."""
    shards = [*pairs.shards("train"), *pairs.shards("held_out")]
    counts = describe_shards(shards)
    total = pairs.num_train + pairs.num_held_out
    tables = [
        f"## {str(about).capitalize()}\n\n| {about!s} | pairs of {total} |\n|---|---:|\n"
        + "\n".join(f"| {value} | {number} |" for value, number in zip(rows["value"], rows["pairs"], strict=True))
        for about, rows in counts.groupby("about", sort=False)
    ]
    text = "\n\n".join(
        [
            f"# Synthetic pairs, recipe {pairs.recipe_version}",
            f"{pairs.num_train} frozen training pairs and {pairs.num_held_out} held-out pairs of {pairs.pair_px} px; "
            f"structured damage touches {pairs.mean_damaged_share:.1%} of the held-out area on average. Every pair can "
            f"be made again from its row alone. Checksum of the held-out pixels: `{pairs.sha256[:12]}`.",
            "![pairs](pairs.png)",
            "![numbers drawn](numbers.png)",
            f"## Clean photos\n\n{source_table(clean)}",
            f"## Textures\n\n{source_table(textures)}",
            *tables,
        ]
    )
    sheet, histograms = _contact_sheet(pairs), _histograms(_drawn_numbers(shards))
    (pairs.folder / "datasheet.md").write_text(text + "\n")
    (pairs.folder / "pairs.png").write_bytes(encode_png(sheet))
    (pairs.folder / "numbers.png").write_bytes(histograms)
    return Datasheet(text, sheet, histograms)


def _contact_sheet(pairs: PairSet, count: int = 12) -> Tensor:
    """Clean photo, degraded photo and mask of ``count`` held-out pairs, two pairs in a row."""
    shown = [one.pair for one, _ in zip(read_pairs(pairs.shards("held_out")), range(count), strict=False)]
    triples = [(pair.clean, pair.degraded, pair.mask) for pair in shown]
    width = min(2, len(triples))
    rows = [
        [cell for triple in triples[first : first + width] for cell in triple]
        for first in range(0, len(triples) // width * width, width)
    ]
    return contact_sheet(rows, ["clean", "degraded", "mask"] * width, cell_px=128)


def _drawn_numbers(shards: Sequence[Path]) -> dict[str, list[float]]:
    """Every number of every plan by ``damage.parameter``."""
    drawn: dict[str, list[float]] = defaultdict(list)
    for shard in shards:
        for text in pq.read_table(shard, columns=["plan"])["plan"].to_pylist():
            plan = json.loads(text)
            for step in (*plan["defects"], *plan["ageing"]):
                for name, value in _numbers(step):
                    drawn[f"{step.get('shape') or step['kind']}.{name}"].append(value)
    return drawn


def _numbers(record: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, float]]:
    """The numbers of a record and of the records in it; seeds are not numbers that mean something."""
    for name, value in record.items():
        if isinstance(value, Mapping):
            yield from _numbers(value, f"{prefix}{name}.")
        elif isinstance(value, int | float) and not isinstance(value, bool) and "seed" not in name:
            yield f"{prefix}{name}", float(value)


def _histograms(drawn: Mapping[str, Sequence[float]]) -> bytes:
    """One small histogram a parameter, the most often drawn first, as PNG bytes."""
    names = sorted(drawn, key=lambda name: -len(drawn[name]))[:MAX_HISTOGRAMS]
    columns = 8
    num_rows = max(1, -(-len(names) // columns))
    figure = Figure(figsize=(2 * columns, 1.5 * num_rows), dpi=80, layout="constrained")
    for number, name in enumerate(names, start=1):
        axes = figure.add_subplot(num_rows, columns, number)
        axes.hist(drawn[name], bins=16, color="#7a5c3e")
        axes.set_title(name, fontsize=7)
        axes.tick_params(labelsize=6)
        axes.set_yticks([])
    png = io.BytesIO()
    figure.savefig(png, format="png")
    return png.getvalue()

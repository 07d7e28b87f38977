"""The datasheet of a set of pairs: where its photos come from, what was drawn how often, what it looks like."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from pathlib import Path
from typing import Final

from torch import Tensor

from ops.checkpoints import replace_text
from ops.corpora.records import HELD_OUT, SPLITS, Corpus
from ops.corpora.sheets import refusal_table, source_table
from ops.drawn_numbers import DrawnNumbers, draw_histograms, read_drawn_numbers
from ops.images import encode_jpeg
from ops.pairs.sets import PairSet
from ops.pairs.shards import damaged_share, read_pairs
from ops.pictures import contact_sheet

MAX_SHEET_BYTES: Final = 240_000
_BOUNDS: Final = (0.0, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)


@dataclass(frozen=True)
class Datasheet:
    """``text`` in Markdown, ``sheet`` (1, 3, H, W) of pairs, ``histograms`` of all drawn numbers as PNG bytes."""

    text: str
    sheet: Tensor
    histograms: bytes


def write_datasheet(pairs: PairSet, clean: Corpus, textures: Corpus, folder: Path) -> Datasheet:
    """Describe ``pairs`` in ``folder``: ``datasheet.md``, ``datasheet-pairs.jpg`` and ``datasheet-numbers.png``."""
    drawn = {split: read_drawn_numbers(pairs, split) for split in SPLITS}
    sheet, histograms = _contact_sheet(pairs), draw_histograms(list(drawn.values()))
    text = _text(pairs, clean, textures, drawn)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "datasheet-pairs.jpg").write_bytes(_small_jpeg(sheet))
    (folder / "datasheet-numbers.png").write_bytes(histograms)
    replace_text(folder / "datasheet.md", text + "\n")
    return Datasheet(text, sheet, histograms)


def _text(pairs: PairSet, clean: Corpus, textures: Corpus, drawn: Mapping[str, DrawnNumbers]) -> str:
    too_small = {f"smaller than a pair, {pairs.pair_px} px": pairs.num_too_small} if pairs.num_too_small else {}
    parts = [
        f"# Datasheet of the synthetic pairs, recipe {pairs.recipe_version}",
        "Written by the asset `degraded_pairs`; `make datasheet` makes the pairs of the demo's scale and copies their "
        "datasheet to `docs/`.",
        f"{pairs.num_train} frozen training pairs, {pairs.num_validation} for validation and {pairs.num_held_out} held "
        f"out, of {pairs.pair_px} px; no photo is in two splits. Training choices look at validation pairs, scores at "
        "held-out ones. Structured damage touches "
        f"{pairs.mean_damaged_share:.1%} of the held-out area on average. Every pair can be made again from its row "
        f"alone, bit for bit. Checksum of the held-out pixels: `{pairs.sha256[:12]}`.",
        "![clean photos, what became of them, and the masks](datasheet-pairs.jpg)",
        "Held-out pairs. The number under a mask is the share of the area that structured damage touches.",
        f"## Clean photos\n\n{source_table(clean)}",
        f"## Textures\n\n{source_table(textures)}",
        f"## Refused files\n\n{refusal_table((clean, textures), too_small)}",
        _counts("Damage", "pairs with", {split: Counter(one.damages) for split, one in drawn.items()}),
        _counts("Damages in a pair", "damages", {split: Counter(one.nums_damages) for split, one in drawn.items()}),
        _counts("Mask coverage", "damaged share", {split: _binned(one.shares) for split, one in drawn.items()}),
        "## Numbers drawn\n\nOver all splits; the first panel is the mask coverage, the others are the parameters of "
        "each damage.\n\n![histograms](datasheet-numbers.png)",
    ]
    return "\n\n".join(parts)


def _counts(title: str, about: str, counts: Mapping[str, Mapping[str, int]]) -> str:
    """A table of how many pairs of each split have a value, values in the order in which they first come."""
    values = list(dict.fromkeys(value for split in counts.values() for value in split))
    if title != "Mask coverage":
        values.sort(key=lambda value: (int(value) if value.isdigit() else 0, value))
    lines = [f"## {title}", "", f"| {about} | {' | '.join(counts)} |", f"|---|{'---:|' * len(counts)}"]
    lines += [f"| {value} | {' | '.join(str(split.get(value, 0)) for split in counts.values())} |" for value in values]
    return "\n".join(lines)


def _binned(shares: Sequence[float]) -> dict[str, int]:
    """How many of ``shares`` are nothing, and how many lie above one bound and not above the next."""
    bins = {"none": sum(share == 0 for share in shares)}
    for low, high in pairwise(_BOUNDS):
        bins[f"up to {high:.1%}"] = sum(low < share <= high for share in shares)
    return bins


def _contact_sheet(pairs: PairSet, count: int = 12) -> Tensor:
    """Clean photo, degraded photo and mask of ``count`` held-out pairs, two pairs in a row."""
    shown = [one.pair for one in islice(read_pairs(pairs, HELD_OUT), count)]
    width = min(2, len(shown))
    whole = [shown[first : first + width] for first in range(0, len(shown) // width * width, width)]
    rows = [[cell for pair in row for cell in (pair.clean, pair.degraded, pair.mask)] for row in whole]
    captions = [[text for pair in row for text in ("", "", f"{damaged_share(pair.mask):.1%}")] for row in whole]
    return contact_sheet(rows, ["clean", "degraded", "mask"] * width, cell_px=128, captions=captions)


def _small_jpeg(pixels: Tensor) -> bytes:
    """The finest JPEG of ``pixels`` that is small enough for a repository."""
    made = (encode_jpeg(pixels, quality) for quality in (92, 85, 75, 60, 40, 20))
    return next(data for data in made if len(data) <= MAX_SHEET_BYTES)

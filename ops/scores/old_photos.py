"""Photos without truth: what can be said of a restoration when nobody knows the clean photo, and the identity test.

Nothing here measures fidelity. Five numbers together keep each other honest: how natural the result looks (NIQE and
BRISQUE), how much of the defects is left by the detector's own eyes, how near the result stays to the old photo, and
what a method does to photos that need nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
import torch
import torch.nn.functional as F
from torch import Tensor

from ops.corpora.records import CorpusPhoto
from ops.images import decode_rgb, encode_png
from ops.metrics.naturalness import WITHOUT_TRUTH
from ops.pictures import contact_sheet
from ops.preference.studies import Study, build_study
from ops.report_pages import Figure, Page, Section, Table
from ops.restorers.restorer import Restorer
from ops.scores.evaluation import IDENTICAL_DB, INPUT, EvaluationPair, score
from ops.scores.tables import NOT_AVAILABLE

LONGEST_PX = 512  # larger scans are shrunk to this, by area: methods that fit every photo anew take minutes beyond
_LEAD = (
    "{photos} photos whose truth nobody knows, at most {longest} px long. None of these numbers is fidelity: NIQE "
    "and BRISQUE reward over-sharpening, and a method that does nothing stays nearest to the old photo."
)
_IDENTITY = (
    "Photos that need no restoration, restored: PSNR to themselves. Whatever a method does here it does to good parts "
    "of old photos too."
)


@dataclass(frozen=True)
class UnpairedScores:
    """A row per photo and method in ``table``: niqe, brisque, defects_left, change_db, seconds, error; and pictures."""

    table: pd.DataFrame
    pictures: Mapping[tuple[str, str], Tensor]


@torch.inference_mode()
def open_old_photos(photos: Sequence[CorpusPhoto], find_defects: Callable[[Tensor], Tensor]) -> list[EvaluationPair]:
    """Old photos as the methods get them, each with its detected mask; an old photo stands for its own truth.

    Args:
        photos: files to read; larger ones are shrunk to 512 px.
        find_defects: photo (1, 3, H, W) -> soft mask (1, 1, H, W), 0 below the threshold.
    """
    opened = []
    for photo in photos:
        old = decode_rgb(photo.path.read_bytes())
        height, width = old.shape[-2:]
        scale = LONGEST_PX / max(height, width)
        if scale < 1:
            old = F.interpolate(old, (max(1, round(scale * height)), max(1, round(scale * width))), mode="area")
        opened.append(EvaluationPair(photo.name, old, old, find_defects(old)))
    return opened


def score_old_photos(
    restorers: Mapping[str, Restorer],
    photos: Sequence[EvaluationPair],
    find_defects: Callable[[Tensor], Tensor],
    progress: Callable[[str], None] = lambda line: None,
) -> UnpairedScores:
    """Restore every photo by every method and measure what can be measured.

    ``defects_left`` is the damaged area found in the result over that in the old photo, NaN where the old photo has
    none; ``change_db`` is the PSNR of the result to the old photo, capped at 100. Failures stay in their cells.
    """
    pictures: dict[tuple[str, str], Tensor] = {(photo.name, INPUT): photo.degraded for photo in photos}

    def keep(photo: EvaluationPair, method: str, restored: Tensor) -> None:
        """What ``score`` hands over."""
        pictures[photo.name, method] = restored

    table = score(restorers, photos, progress, keep).rename(columns={"psnr": "change_db"}).drop(columns="ssim")
    areas = {key: _area(find_defects(picture)) for key, picture in pictures.items()}
    rows = list(zip(table["photo"], table["method"], strict=True))
    table["defects_left"] = [_share(areas.get(row), areas[row[0], INPUT]) for row in rows]
    for metric in WITHOUT_TRUTH:
        table[metric.name] = [math.nan if row not in pictures else metric.or_nan(pictures[row]) for row in rows]
    table["change_db"] = table["change_db"].clip(upper=IDENTICAL_DB)
    return UnpairedScores(table, pictures)


def identity_scores(restorers: Mapping[str, Restorer], clean: Sequence[EvaluationPair]) -> pd.Series:
    """Mean PSNR, in dB and capped at 100, of each method's restoration of clean photos, no mask given."""
    untouched = [replace(pair, degraded=pair.clean, mask=torch.zeros_like(pair.clean[:, :1])) for pair in clean]
    table = score(restorers, untouched)
    table["psnr"] = table["psnr"].clip(upper=IDENTICAL_DB)
    means: pd.Series = table[table["method"] != INPUT].groupby("method", sort=False)["psnr"].mean()
    return means


def old_photo_page(scores: UnpairedScores, identity: pd.Series, num_shown: int = 6) -> Page:
    """The tables and the before-and-after sheet of old photos."""
    table = scores.table
    photos = list(dict.fromkeys(table["photo"]))
    rows = []
    for method, cells in table.groupby("method", sort=False):
        good = cells[cells["error"] == ""]
        count = f"{len(good)} of {len(cells)}" if len(good) < len(cells) else str(len(cells))
        change = "" if method == INPUT else f"{good['change_db'].mean():.1f}"
        left = _printed(good["defects_left"].mean(), ".0%")
        natural = [_printed(good["niqe"].mean(), ".2f"), _printed(good["brisque"].mean(), ".1f")]
        rows.append([str(method), count, *natural, left, change])
    header = ["method", "photos", "NIQE ↓", "BRISQUE ↓", "defects left ↓", "PSNR to the old photo, dB"]
    failed = table[table["error"] != ""]
    notes = [f"{row.method} failed on {row.photo}: {row.error}" for row in failed.itertuples()]
    sheet = Figure("before_after.png", encode_png(before_after_sheet(scores, photos[:num_shown])), "Before and after")
    kept = Table(["method", "PSNR, dB"], [[str(method), f"{value:.2f}"] for method, value in identity.items()])
    sections = [
        Section("Without truth", tables=[Table(header, rows)], notes=notes),
        Section("Identity test", _IDENTITY, [kept]),
        Section("Before and after", figures=[sheet]),
    ]
    return Page("Old photos", _LEAD.format(photos=len(photos), longest=LONGEST_PX), sections)


def before_after_sheet(scores: UnpairedScores, photos: Sequence[str]) -> Tensor:
    """Old photos beside every method's result: (1, 3, H, W); a failed cell is grey."""
    methods = list(dict.fromkeys(scores.table["method"]))
    grey = torch.full((1, 3, 32, 32), 0.5)
    rows = [[scores.pictures.get((photo, method), grey) for method in methods] for photo in photos]
    return contact_sheet(rows, ["old" if method == INPUT else method for method in methods], list(photos), cell_px=256)


def freeze_old_photo_study(scores: UnpairedScores, root: Path) -> Study:
    """Freeze a preference study of the old photos; see ``build_study``."""
    methods = [method for method in dict.fromkeys(scores.table["method"]) if method != INPUT]
    pngs = {key: encode_png(picture) for key, picture in scores.pictures.items()}
    shown = {
        photo: (pngs[photo, INPUT], {method: pngs[photo, method] for method in methods if (photo, method) in pngs})
        for photo in dict.fromkeys(scores.table["photo"])
    }
    return build_study(shown, methods, root)


def _area(mask: Tensor) -> float:
    return float((mask > 0).float().mean())


def _share(area: float | None, before: float) -> float:
    return math.nan if area is None or before == 0 else area / before


def _printed(value: float, digits: str) -> str:
    return NOT_AVAILABLE if math.isnan(value) else f"{value:{digits}}"

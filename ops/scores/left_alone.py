"""What restoring does to photos that need nothing: whole clean photos that no training saw, at their own size."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from torch import Tensor

from ops.corpora.records import CorpusPhoto
from ops.images import decode_rgb
from ops.metrics import psnr
from ops.pictures import contact_sheet, mask_overlay
from ops.restoration import PhotoRestorer

ENOUGH_DB: Final = 40.0
"""A clean photo that comes back as near as this was left alone; the goal for every one."""

_SHOWN: Final = 6


@dataclass(frozen=True)
class CleanPhoto:
    """What became of one photo that needed nothing.

    Attributes:
        photo: as its corpus knows it.
        decibels: PSNR of what came back; infinite if that is the photo to the last level.
        marked: share of its pixels that was taken for damaged.
    """

    photo: CorpusPhoto
    decibels: float
    marked: float


def restore_clean(
    photos: Sequence[CorpusPhoto], restorer: PhotoRestorer, say: Callable[[str], None]
) -> list[CleanPhoto]:
    """Restore every photo of ``photos``, which are taken for clean; in their order."""
    results = []
    for number, photo in enumerate(photos, start=1):
        clean = decode_rgb(photo.read())
        restoration = restorer(clean)
        one = CleanPhoto(photo, psnr(restoration.restored, clean), restoration.facts["damaged_fraction"])
        say(f"{photo.name}: {one.decibels:.1f} dB, {one.marked:.2%} marked, {number} of {len(photos)}")
        results.append(one)
    return results


def left_alone(results: Sequence[CleanPhoto]) -> int:
    """How many came back within ``ENOUGH_DB`` of themselves."""
    return sum(one.decibels >= ENOUGH_DB for one in results)


def clean_photo_table(results: Mapping[str, Sequence[CleanPhoto]]) -> str:
    """A Markdown table, a row for each way of restoring and part of the corpus."""
    lines = [
        f"| how | photos | back within {ENOUGH_DB:g} dB | worst, dB | pixels marked |",
        "|---|---|---:|---:|---:|",
    ]
    for marks, photos in results.items():
        for split in dict.fromkeys(one.photo.split for one in photos):
            part = [one for one in photos if one.photo.split == split]
            marked = sum(one.marked for one in part) / len(part)
            worst = min(one.decibels for one in part)
            lines.append(f"| {marks} | {split} | {left_alone(part)} of {len(part)} | {worst:.1f} | {marked:.3%} |")
    return "\n".join(lines)


def worst_sheet(results: Sequence[CleanPhoto], restorer: PhotoRestorer) -> Tensor:
    """The photos that suffered most, (1, 3, H, W): as they are, what was marked, what came back."""
    rows, titles = [], []
    for one in sorted(results, key=lambda one: one.decibels)[:_SHOWN]:
        clean = decode_rgb(one.photo.read())
        restoration = restorer(clean)
        rows.append([clean, mask_overlay(clean, (restoration.mask > 0).float()), restoration.restored])
        titles.append(f"{one.photo.name}, {one.decibels:.1f} dB")
    return contact_sheet(rows, ["clean", "taken for damaged", "came back"], titles, cell_px=288)

"""How well kinds of damage are told apart: a table of what each kind was taken for, and pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from models.damage_kinds import DamageKinds
from models.detector import DefectDetector
from ops.detection.kinds import kind_planes
from ops.detection.verdicts import JudgedPhoto
from ops.pictures import class_overlay, contact_sheet, with_legend

_SHOWN: Final = 6


@dataclass(frozen=True)
class KindReport:
    """What the head says on held-out damage.

    Attributes:
        numbers: share of pixels whose kind is told right: of each kind, of all, and of the damage that is found.
        table: of what each kind is taken for, in Markdown.
        sheet: (1, 3, H, W), the photo, its true kinds and what is said where damage is found.
    """

    numbers: dict[str, float]
    table: str
    sheet: Tensor


@torch.inference_mode()
def report_kinds(
    detector: DefectDetector, head: DamageKinds, photos: Sequence[JudgedPhoto], threshold: float
) -> KindReport:
    """Judge ``head`` on the visible damage of ``photos``; ``threshold`` of the detector says what is found.

    Raises:
        ValueError: no photo has damage of any kind.
    """
    names = head.config.kinds
    said_of, said_of_found = torch.zeros(len(names), len(names)), torch.zeros(len(names), len(names))
    rows: list[list[Tensor]] = []
    for one in photos:
        height, width = one.photo.shape[-2:]
        maps = detector.features(one.photo)
        said = head(maps)[..., :height, :width].argmax(dim=1, keepdim=True)
        found = detector.logits(maps[0])[..., :height, :width].sigmoid() > threshold
        true, has_kind = _true_kinds(one)
        said_of += _confusion(true[has_kind], said[has_kind], len(names))
        said_of_found += _confusion(true[has_kind & found], said[has_kind & found], len(names))
        if len(rows) < _SHOWN and has_kind.any():
            truth = class_overlay(one.photo, (true + 1) * has_kind)
            rows.append([one.photo, truth, class_overlay(one.photo, (said + 1) * found)])
    if not rows:
        raise ValueError(f"none of {len(photos)} photos has damage of a known kind; give more photos or more damage")
    shares = _right(said_of)
    numbers = {name: float(share) for name, share in zip(names, shares, strict=True) if not share.isnan()}
    numbers |= {"all": _all_right(said_of), "found": _all_right(said_of_found)}
    sheet = with_legend(contact_sheet(rows, ["photo", "true kinds", "said where found"]), names)
    return KindReport(numbers, _table(names, said_of, numbers), sheet)


def _true_kinds(one: JudgedPhoto) -> tuple[Tensor, Tensor]:
    """The number (1, 1, H, W) of the strongest kind of each pixel, and where visible damage has one."""
    planes = kind_planes(one.class_masks, *one.photo.shape[-2:])
    return planes.argmax(dim=1, keepdim=True), (planes.sum(dim=1, keepdim=True) > 0) & (one.truth.damaged > 0)


def _confusion(true: Tensor, said: Tensor, count: int) -> Tensor:
    """How many pixels of each true kind (rows) are said to be of each kind (columns)."""
    return torch.bincount(true * count + said, minlength=count * count).view(count, count).float()


def _right(confusion: Tensor) -> Tensor:
    """The share of each kind that is told right; NaN for a kind that does not occur."""
    return confusion.diag() / confusion.sum(dim=1)


def _all_right(confusion: Tensor) -> float:
    return float(confusion.diag().sum() / confusion.sum().clamp(min=1))


def _table(names: Sequence[str], confusion: Tensor, numbers: dict[str, float]) -> str:
    lines = [
        f"| true kind | pixels | {' | '.join(f'said {name}' for name in names)} |",
        "|---" * 2 + "|---:" * len(names) + "|",
    ]
    for name, row in zip(names, confusion, strict=True):
        if row.sum() > 0:
            lines.append(f"| {name} | {int(row.sum())} | {' | '.join(f'{share:.2f}' for share in row / row.sum())} |")
    note = f"Told right: {numbers['all']:.1%} of visible damage, {numbers['found']:.1%} of what the detector finds."
    return "\n".join([*lines, "", note])

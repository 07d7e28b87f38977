"""The numbers by which a detector is judged: ROC, precision and recall, reliability, F1 by class and by width."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import torch
from scipy.ndimage import distance_transform_edt
from skimage.morphology import skeletonize
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_curve
from torch import Tensor

from models.detector import DefectDetector
from ops.degradation.shapes import Shape
from ops.detection.verdicts import JudgedPhoto, Verdicts
from ops.metrics import roc_auc

Curve = tuple[list[float], list[float]]

WIDTHS: Final = ((1.5, "to 1.5 px"), (2.5, "to 2.5 px"), (4.5, "to 4.5 px"), (float("inf"), "wider"))
"""Upper bounds of the classes of scratches by width, each with its name."""

CHANGES: Final = ((24, "16 to 24 levels"), (32, "24 to 32"), (48, "32 to 48"), (96, "48 to 96"), (256, "96 and more"))
"""Upper bounds of the classes of damage by how many of 255 levels it changes a pixel, each with its name."""

_CURVE_POINTS: Final = 400
_BINS: Final = 10


@dataclass(frozen=True)
class Found:
    """Counts of pixels at one threshold: ``hits`` of the ``damaged``, and ``false_alarms`` among the intact."""

    hits: int
    damaged: int
    false_alarms: int

    @property
    def recall(self) -> float:
        """Share of the damaged pixels that was found; NaN without any."""
        return self.hits / self.damaged if self.damaged else float("nan")

    @property
    def f1(self) -> float:
        """2 hits / (damaged + marked); NaN where nothing is damaged."""
        return 2 * self.hits / (self.damaged + self.hits + self.false_alarms) if self.damaged else float("nan")

    def __add__(self, other: Found) -> Found:
        """Both together."""
        return Found(self.hits + other.hits, self.damaged + other.damaged, self.false_alarms + other.false_alarms)


def scalars(verdicts: Verdicts, threshold: float) -> dict[str, float]:
    """Area under both curves, what happens at ``threshold``, and the marked share of photos without damage."""
    marked, damaged = verdicts.logits.sigmoid() > threshold, verdicts.damaged
    found = Found(int((marked & damaged).sum()), int(damaged.sum()), int((marked & ~damaged).sum()))
    numbers = {
        "AUC": roc_auc(verdicts.logits, damaged.float()),
        "average precision": float(average_precision_score(damaged.numpy(), verdicts.logits.numpy())),
        "precision": found.hits / max(1, found.hits + found.false_alarms),
        "recall": found.recall,
        "F1": found.f1,
    }
    if len(verdicts.sound_logits):
        numbers["false alarms"] = float((verdicts.sound_logits.sigmoid() > threshold).float().mean())
    return numbers


def roc(verdicts: Verdicts) -> Curve:
    """False-positive rates and true-positive rates, a few hundred points."""
    false_alarms, hits, _ = roc_curve(verdicts.damaged.numpy(), verdicts.logits.numpy())
    return _thinned(false_alarms, hits)


def precision_recall(verdicts: Verdicts) -> Curve:
    """Recall and precision, a few hundred points."""
    precision, recall, _ = precision_recall_curve(verdicts.damaged.numpy(), verdicts.logits.numpy())
    return _thinned(recall[::-1], precision[::-1])


def reliability(verdicts: Verdicts) -> Curve:
    """Mean probability stated and share truly damaged, in ten equal bins; empty bins are left out."""
    prob = verdicts.logits.sigmoid()
    number = (prob * _BINS).long().clamp(max=_BINS - 1)
    pixels = torch.bincount(number, minlength=_BINS).double()
    stated = torch.bincount(number, weights=prob.double(), minlength=_BINS)
    true = torch.bincount(number, weights=verdicts.damaged.double(), minlength=_BINS)
    filled = pixels > 0
    return (stated[filled] / pixels[filled]).tolist(), (true[filled] / pixels[filled]).tolist()


@torch.inference_mode()
def found_by_kind(
    detector: DefectDetector, photos: Iterable[JudgedPhoto], threshold: float
) -> tuple[dict[str, Found], dict[str, Found]]:
    """What is found of each class of damage, and of scratches by width.

    A false alarm has no class; it counts against every class and width that its photo holds.
    """
    by_class: defaultdict[str, Found] = defaultdict(lambda: Found(0, 0, 0))
    by_width: defaultdict[str, Found] = defaultdict(lambda: Found(0, 0, 0))
    for one in photos:
        marked = detector(one.photo).sigmoid() > threshold
        damaged = one.truth.damaged > 0
        alarms = int((marked & ~damaged & (one.truth.judged > 0)).sum())
        kinds = {name: damaged & (mask > 0) for name, mask in one.class_masks.items()}
        for name, pixels in kinds.items():
            by_class[name] += _count(marked, pixels, alarms)
        if Shape.SCRATCH.value in kinds:
            for name, pixels in by_stroke_width(kinds[Shape.SCRATCH.value]).items():
                by_width[name] += _count(marked, pixels, alarms)
    return dict(sorted(by_class.items())), {name: by_width[name] for _, name in WIDTHS if name in by_width}


@torch.inference_mode()
def auc_by_class(detector: DefectDetector, photos: Iterable[JudgedPhoto]) -> dict[str, float]:
    """Area under the ROC of each class of damage against all intact pixels: which class holds the whole area back."""
    intact: list[Tensor] = []
    by_class: defaultdict[str, list[Tensor]] = defaultdict(list)
    for one in photos:
        logits, damaged = detector(one.photo), one.truth.damaged > 0
        intact.append(logits[~damaged & (one.truth.judged > 0)])
        for name, mask in one.class_masks.items():
            by_class[name].append(logits[damaged & (mask > 0)])
    others, areas = torch.cat(intact), {}
    for name, found in sorted(by_class.items()):
        logits = torch.cat([*found, others])
        if len(logits) > len(others):
            areas[name] = roc_auc(logits, (torch.arange(len(logits)) < len(logits) - len(others)).float())
    return areas


def by_change(photos: Iterable[JudgedPhoto]) -> list[JudgedPhoto]:
    """The same synthetic photos, their damage classed by how much it changes a pixel of the aged photo."""
    classed = []
    for one in photos:
        undamaged = one.sound[-1]
        levels = 255 * (one.photo - undamaged).abs().amax(dim=1, keepdim=True)
        masks, lower = {}, 0.0
        for upper, name in CHANGES:
            masks[name] = ((levels > lower - 0.5) & (levels < upper - 0.5)).float()
            lower = upper
        classed.append(replace(one, class_masks=masks))
    return classed


def by_stroke_width(strokes: Tensor) -> dict[str, Tensor]:
    """Split the pixels of ``strokes`` (1, 1, H, W), bool, by how wide their stroke is where it is nearest to them.

    The width on the middle line is 2 d - 1 for a distance d to the next pixel outside.
    """
    plane = strokes[0, 0].numpy()
    if not plane.any():
        return {}
    middle = skeletonize(plane)
    inside = distance_transform_edt(np.pad(plane, 1, mode="edge"))[1:-1, 1:-1]
    nearest = distance_transform_edt(~middle, return_distances=False, return_indices=True)
    width_px = (2 * inside - 1)[tuple(nearest)]
    split, lower = {}, 0.0
    for upper, name in WIDTHS:
        pixels = plane & (width_px > lower) & (width_px <= upper)
        if pixels.any():
            split[name] = torch.from_numpy(pixels)[None, None]
        lower = upper
    return split


def table_of(title: str, kinds: Mapping[str, Found], areas: Mapping[str, float]) -> str:
    """A Markdown table of what was found of each kind; ``areas`` are the areas under its ROC, where there are any."""
    rows = [
        f"| {name} | {found.damaged} | {found.recall:.3f} | {found.f1:.3f} | "
        f"{f'{areas[name]:.3f}' if name in areas else ''} |"
        for name, found in kinds.items()
        if found.damaged
    ]
    return "\n".join([f"| {title} | damaged pixels | found | F1 | AUC |", "|---|---:|---:|---:|---:|", *rows])


def _count(marked: Tensor, pixels: Tensor, alarms: int) -> Found:
    damaged = int(pixels.sum())
    return Found(int((marked & pixels).sum()), damaged, alarms if damaged else 0)


def _thinned(x: np.ndarray, y: np.ndarray) -> Curve:
    """Points at about equal steps along x, with both ends."""
    chosen = np.unique(np.searchsorted(x, np.linspace(x[0], x[-1], _CURVE_POINTS)).clip(max=len(x) - 1))
    chosen = np.unique(np.concatenate([[0], chosen, [len(x) - 1]]))
    return x[chosen].tolist(), y[chosen].tolist()

"""The detector's page: numbers, tables, curves and pictures, before and after fine-tuning (the report's Figure 3.8)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch
from torch import Tensor

from models.detector import DefectDetector
from ops.checkpoints import Checkpoint, replace_text
from ops.corpora.records import HELD_OUT
from ops.detection.annotation_records import Annotations
from ops.detection.annotations import judged_photo
from ops.detection.auc_interval import auc_interval
from ops.detection.calibration import threshold_of
from ops.detection.curves import (
    CHANGES,
    auc_by_class,
    by_change,
    found_by_kind,
    precision_recall,
    reliability,
    roc,
    scalars,
    table_of,
)
from ops.detection.truth import FAINT_CHANGE, LEAST_CHANGE, DefectTruth, truth_of_pair
from ops.detection.verdicts import JudgedPhoto, Verdicts, held_out_pairs, verdicts_of
from ops.images import decode_mask, decode_rgb, encode_png
from ops.pairs.sets import PairSet
from ops.pairs.shards import read_pairs
from ops.pictures import contact_sheet, line_plot, markdown_picture, mask_overlay
from ops.stages.detector import load_detector
from ops.tracking import RunLog

PUBLISHED_AUC: Final = 0.91  # the report's Figure 3.8, after fine-tuning, on its own 383 annotated photos

_SHOWN: Final = 6


@dataclass(frozen=True)
class DetectorReport:
    """``numbers`` by name, ``table`` in Markdown, ``pictures`` as PNG bytes by title; all of it lies in ``folder``."""

    numbers: Mapping[str, float]
    table: str
    pictures: Mapping[str, bytes]
    folder: Path


def write_detector_report(
    pairs: PairSet,
    redrawn: PairSet,
    annotations: Annotations,
    pretrained: Checkpoint,
    detector: Checkpoint,
    root: Path,
    log: RunLog,
) -> DetectorReport:
    """Judge both detectors on held-out damage, synthetic and annotated, and write everything down.

    The synthetic ``pairs`` are judged three times: by the damage that is better filled than left, as trained; by all
    that can be seen; and by every pixel that a defect changed by half of ``WHOLE_CHANGE`` before the photo aged. The
    ``redrawn`` ones, of the same photos, are judged the first way, to tell how much of that is the chance of a drawing.
    """
    threshold = threshold_of(detector)
    networks = {"before": load_detector(pretrained), "after": load_detector(detector)}
    synthetic, with_faint = held_out_pairs(pairs), held_out_pairs(pairs, FAINT_CHANGE)
    judged = {
        "synthetic": synthetic,
        "synthetic, drawn anew": list(_without_classes(redrawn)),
        "synthetic, also faint": with_faint,
        "synthetic, also unseen": list(_every_change(pairs)),
    }
    for name, photos in annotations.held_out_by_folder.items():
        judged[f"annotated, {name}" if name else "annotated"] = [judged_photo(photo) for photo in photos]
    verdicts = {
        (test, time): verdicts_of(network, photos)
        for test, photos in judged.items()
        for time, network in networks.items()
    }
    rows = {key: scalars(one, threshold) for key, one in verdicts.items()}
    by_class, by_width = found_by_kind(networks["after"], synthetic, threshold)
    areas = auc_by_class(networks["after"], synthetic)
    intervals = {key: auc_interval(*_split(one)) for key, one in verdicts.items()}
    classed = by_change(with_faint)
    found_by_change, _ = found_by_kind(networks["after"], classed, threshold)
    areas_by_change = auc_by_class(networks["after"], classed)
    named = [name for _, name in CHANGES]
    tables = [
        _table(rows, intervals, {test: len(photos) for test, photos in judged.items()}, threshold),
        table_of("class of damage", by_class, areas),
        table_of("damage by change of the pixel", {name: found_by_change[name] for name in named}, areas_by_change),
        table_of("scratches by width", by_width, {}),
    ]
    pictures = _plots(verdicts) | {"examples": _examples(networks["after"], synthetic, threshold)}
    numbers = {f"{name}, {test}, {time}": value for (test, time), row in rows.items() for name, value in row.items()}
    numbers |= {f"F1, {kind}": found.f1 for kind, found in (by_class | by_width).items() if found.damaged}
    numbers |= {f"AUC, {kind}": area for kind, area in (areas | areas_by_change).items()}
    folder = root / f"detector-{detector.sha256[:12]}"
    report = DetectorReport(numbers, "\n\n".join(tables), pictures, folder)
    _write(report)
    log.scalars(0, {_metric_name(name): value for name, value in numbers.items()})
    for name, png in pictures.items():
        log.picture(f"{_metric_name(name)}.png", png)
    return report


def annotation_sheet(annotations: Annotations) -> str:
    """Some annotated photos with their masks laid over, as Markdown."""
    if not annotations.photos:
        return "No annotated photos are configured."
    cells = []
    for one in annotations.photos[:_SHOWN]:
        photo, mask = decode_rgb(one.photo.read_bytes()), decode_mask(one.mask.read_bytes())
        cells.append([photo, mask_overlay(photo, mask)])
    return markdown_picture(contact_sheet(cells, ["photo", "marked"]), "annotated photos")


def _without_classes(pairs: PairSet) -> Iterator[JudgedPhoto]:
    """What the areas need of many pairs, and no more: they are all held at once."""
    for stored in read_pairs(pairs, HELD_OUT):
        yield JudgedPhoto(stored.pair.degraded, truth_of_pair(stored.pair, stored.source), {}, ())


def _every_change(pairs: PairSet) -> Iterator[JudgedPhoto]:
    for stored in read_pairs(pairs, HELD_OUT):
        mask = stored.pair.mask
        yield JudgedPhoto(stored.pair.degraded, DefectTruth((mask > 0.5).float(), torch.ones_like(mask)), {}, ())


def _split(verdicts: Verdicts) -> tuple[Sequence[Tensor], Sequence[Tensor]]:
    """Logits and truth of each photo."""
    return verdicts.logits.split(verdicts.sizes), verdicts.damaged.split(verdicts.sizes)


def _table(
    rows: Mapping[tuple[str, str], Mapping[str, float]],
    intervals: Mapping[tuple[str, str], tuple[float, float]],
    counts: Mapping[str, int],
    threshold: float,
) -> str:
    """One row a test set and detector."""
    names = list(next(iter(rows.values())))
    lines = [f"| held-out photos | fine-tuning | {' | '.join(names)} |", "|---|---|" + "---:|" * len(names)]
    for key, row in rows.items():
        test, time = key
        cells = {name: f"{value:.4f}" for name, value in row.items()}
        cells["AUC"] += " [{:.3f}, {:.3f}]".format(*intervals[key])
        lines.append(f"| {test} ({counts[test]}) | {time} | {' | '.join(cells.get(name, '') for name in names)} |")
    area = rows["synthetic", "after"]["AUC"]
    note = (
        f"Threshold {threshold:.3f}. Intervals are 95 % bootstrap over photos. Synthetic damage counts from "
        f"{255 * LEAST_CHANGE:.0f} of 255 levels on, faint damage from {255 * FAINT_CHANGE:.0f}. AUC: {area:.3f}; "
        f"the report's Figure 3.8 shows {PUBLISHED_AUC} on its own annotated photos. False alarms: on photos that have "
        "no structured damage. Before fine-tuning the probabilities are not calibrated, so only both areas compare."
    )
    return "\n".join([*lines, "", note])


def _plots(verdicts: Mapping[tuple[str, str], Verdicts]) -> dict[str, bytes]:
    named = {f"{test}, {time}": one for (test, time), one in verdicts.items()}
    return {
        "ROC": line_plot(
            {name: roc(one) for name, one in named.items()},
            "ROC of the defect detector, pixels pooled", "false-positive rate", "true-positive rate", diagonal="chance",
        ),
        "precision and recall": line_plot(
            {name: precision_recall(one) for name, one in named.items()},
            "Precision and recall, pixels pooled", "recall", "precision",
        ),
        "reliability": line_plot(
            {name: reliability(one) for name, one in named.items()},
            "Reliability", "stated probability", "share truly damaged", diagonal="perfect",
        ),
    }  # fmt: skip


@torch.inference_mode()
def _examples(detector: DefectDetector, photos: list[JudgedPhoto], threshold: float) -> bytes:
    """Photo, truth, probability and what passes the threshold."""
    rows = []
    for one in photos[:: max(1, len(photos) // _SHOWN)][:_SHOWN]:
        prob = detector(one.photo).sigmoid()
        rows.append([one.photo, one.truth.damaged, prob, mask_overlay(one.photo, (prob > threshold).float())])
    return encode_png(contact_sheet(rows, ["photo", "damaged", "probability", "found"]))


def _write(report: DetectorReport) -> None:
    report.folder.mkdir(parents=True, exist_ok=True)
    for name, png in report.pictures.items():
        (report.folder / f"{_metric_name(name)}.png").write_bytes(png)
    pictures = "\n\n".join(f"![{name}]({_metric_name(name)}.png)" for name in report.pictures)
    replace_text(report.folder / "report.md", f"# The defect detector\n\n{report.table}\n\n{pictures}\n")
    replace_text(report.folder / "numbers.json", json.dumps(report.numbers, indent=1))


def _metric_name(name: str) -> str:
    """A name that files and trackers accept."""
    return name.replace(", ", ".").replace(" ", "_")

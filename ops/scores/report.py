"""The report of an evaluation: its tables and figures as a page, files, and the numbers that decide about a release."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from torch import Tensor

from ops.images import encode_png
from ops.pictures import contact_sheet, mask_overlay
from ops.report_pages import Figure, Page, Section
from ops.scores.evaluation import EvaluationPair, comparison_grid, summarise
from ops.scores.held_out import HeldOut
from ops.scores.method_results import MethodResult, check_test_set, comparable, join_results
from ops.scores.picture_scores import PictureScores, picture_scores
from ops.scores.tables import OURS, costs_table, damage_table, differences_table, photo_table, set_table
from ops.tracking import RunLog

_LEAD = (
    "{photos} pairs that no training saw, of {width} x {height} px; test set `{test_set}`. Every method was given the "
    "same degraded photo and the same detected mask. Photos are judged as saved: 8-bit RGB, the whole frame."
)
_HOW = (
    "Means over photos with 95 % bootstrap intervals over photos in brackets; the best in bold. ↑ more is better, ↓ "
    "less. LPIPS is version 0.1; NIQE and BRISQUE know no truth and reward over-sharpening. Distances of sets "
    "compare all restored photos with their truths; FID means the Inception network of 2015 and nothing else."
)
_COSTS = (
    "One thread of this machine, wall clock. Peak memory is the largest rise above what the process held. GFLOP counts "
    "convolutions and matrix products of the first photo."
)


@dataclass(frozen=True)
class ScoreReport:
    """What came out.

    Attributes:
        table: of all metrics, in Markdown.
        details: differences, damage and costs, in Markdown.
        comparison: the qualitative grid (1, 3, H, W).
        damage: the sheet of synthetic photos and detected regions (1, 3, H, W).
        gains: mean PSNR gain over the input, dB, by method.
        folder: where the files lie.
    """

    table: str
    details: str
    comparison: Tensor
    damage: Tensor
    gains: dict[str, float]
    folder: Path


def write_score_report(
    held_out: HeldOut,
    results: Sequence[MethodResult],
    folder: Path,
    log: RunLog,
    progress: Callable[[str], None] = lambda line: None,
    inception_file: Path | None = None,
    rivals: Sequence[MethodResult | None] = (),
    num_shown: int = 5,
) -> ScoreReport:
    """Join the results of all methods, measure their pictures and write the report.

    Writes ``evaluation.html`` and ``evaluation.md`` with their pictures, ``scores.md`` with the table alone, and
    ``scores.parquet`` with every number of every photo.

    ``results`` must be there. ``rivals`` are methods that stand in the table if they were run on this test set: None
    was never run, and one that saw another test set is left out with a note.

    Raises:
        ValueError: one of ``results`` was run on another test set than ``held_out``.
    """
    pairs, test_set = held_out.pairs, held_out.sha256
    check_test_set(results, test_set)
    others, left_out = comparable(rivals, test_set)
    results = [*results, *others]
    fidelity, pictures = join_results(results)
    seen = picture_scores(pairs, pictures, [result.method for result in results], progress, inception_file)
    scores = fidelity.merge(seen.photos, on=["photo", "method"], how="left")
    step = max(1, len(pairs) // num_shown)
    shown = pairs[::step][:num_shown]
    comparison, damage = comparison_grid(shown, pictures, fidelity), damage_sheet(shown)
    main = _metrics_section(scores, seen, left_out)
    sections = [main, *_detail_sections(scores, pairs, results), *_figure_sections(comparison, damage)]
    height, width = pairs[0].clean.shape[-2:]
    lead = _LEAD.format(photos=len(pairs), width=width, height=height, test_set=test_set[:12])
    Page("Evaluation", lead, sections).write(folder, "evaluation")
    tables = [one.markdown() for one in main.tables]
    table = "\n\n".join([*tables, "\n".join(f"- {note}" for note in main.notes)]).strip()
    (folder / "scores.md").write_text(f"{len(pairs)} held-out pairs, test set {test_set[:12]}\n\n{table}\n")
    scores.to_parquet(folder / "scores.parquet", index=False)
    gains = {str(method): float(gain) for method, gain in summarise(scores)["psnr_gain"].items()}
    _log(log, sections, gains, seen.sets)
    details = "\n\n".join(f"### {one.title}\n\n{one.tables[0].markdown()}" for one in sections[1:4])
    return ScoreReport(table, details, comparison, damage, gains, folder)


def damage_sheet(pairs: Sequence[EvaluationPair]) -> Tensor:
    """The truth, the synthetic old photo made from it, and what the detector found in that: (1, 3, H, W)."""
    rows = [
        [pair.clean, pair.degraded, pair.degraded if pair.mask is None else mask_overlay(pair.degraded, pair.mask)]
        for pair in pairs
    ]
    captions = [["", f"{pair.damaged_share:.1%} of the area damaged", _found(pair)] for pair in pairs]
    return contact_sheet(rows, ["clean", "synthetic old photo", "detected regions"], captions=captions)


def _found(pair: EvaluationPair) -> str:
    return "" if pair.mask is None else f"{float((pair.mask > 0).float().mean()):.1%} found"


def _metrics_section(scores: pd.DataFrame, seen: PictureScores, left_out: Sequence[str]) -> Section:
    failed = scores[scores["error"] != ""].groupby("method", sort=False)["error"]
    notes = [f"{method} failed on {len(errors)}, first: {errors.iloc[0]}" for method, errors in failed]
    notes += [f"{metric} is not available: {cure}" for metric, cure in seen.missing.items()]
    notes += left_out
    tables = [photo_table(scores, seen.missing), set_table(scores, seen.sets, seen.missing)]
    return Section("Metrics", _HOW, tables, notes=notes)


def _detail_sections(
    scores: pd.DataFrame, pairs: Sequence[EvaluationPair], results: Sequence[MethodResult]
) -> list[Section]:
    differences = Section(
        "Ahead of each method, photo by photo",
        "Differences on the same photos, so their intervals are free of the spread between photos. Positive: ours is "
        "better, whichever way the metric points. An interval that holds 0 is no difference.",
        [differences_table(scores, OURS)],
    )
    by_damage = Section(
        "PSNR by damage",
        "Severity cuts the photos into three equal parts by the PSNR of the untouched input. A photo stands in the row "
        "of every damage it has.",
        [damage_table(scores, pairs)],
    )
    costs = Section("Costs", _COSTS, [costs_table(scores, {result.method: result.cost for result in results})])
    return [differences, by_damage, costs]


def _figure_sections(comparison: Tensor, damage: Tensor) -> list[Section]:
    grid = Figure("comparison.png", encode_png(comparison), "Degraded photo, given mask, every method, the truth; PSNR")
    sheet = Figure("damage.png", encode_png(damage), "Synthetic old photos and the regions that the detector found")
    return [Section("Comparison", figures=[grid]), Section("Synthetic photos and detected regions", figures=[sheet])]


def _log(log: RunLog, sections: Sequence[Section], gains: Mapping[str, float], sets: pd.DataFrame) -> None:
    for section in sections:
        for figure in section.figures:
            log.picture(figure.name, figure.png)
    numbers = {f"psnr_gain.{_slug(method)}": gain for method, gain in gains.items()}
    if "kid_vgg16" in sets:
        numbers |= {f"kid_vgg16.{_slug(str(method))}": float(value) for method, value in sets["kid_vgg16"].items()}
    log.scalars(0, numbers)


def _slug(method: str) -> str:
    return method.replace(" ", "_")

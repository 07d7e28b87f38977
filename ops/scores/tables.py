"""The tables of an evaluation: means with intervals, differences to ours, the same by damage, costs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
import torch

from ops.report_pages import Table
from ops.scores.evaluation import IDENTICAL_DB, INPUT, EvaluationPair, bootstrap_mean, summarise
from ops.scores.method_results import MethodCost

NOT_AVAILABLE = "not available"
OURS = "ours"
SEVERITIES = ("light", "middle", "heavy")


@dataclass(frozen=True)
class Metric:
    """A column of the table: where its numbers stand, how they are printed, which way is up."""

    column: str
    title: str
    digits: str
    is_higher_better: bool


PHOTO_METRICS = (
    Metric("psnr", "PSNR, dB ↑", ".2f", is_higher_better=True),
    Metric("ssim", "SSIM ↑", ".3f", is_higher_better=True),
    Metric("lpips_alex", "LPIPS-Alex ↓", ".3f", is_higher_better=False),
    Metric("lpips_vgg16", "LPIPS-VGG ↓", ".3f", is_higher_better=False),
    Metric("niqe", "NIQE ↓", ".2f", is_higher_better=False),
    Metric("brisque", "BRISQUE ↓", ".1f", is_higher_better=False),
)
SET_METRICS = (
    Metric("kid_vgg16", "KID, VGG16 relu4_3 ↓", ".3f", is_higher_better=False),
    Metric("fd_vgg16", "Frechet, VGG16 relu4_3 ↓", ".1f", is_higher_better=False),
    Metric("fid", "FID ↓", ".1f", is_higher_better=False),
)


def photo_table(scores: pd.DataFrame, missing: Mapping[str, str]) -> Table:
    """Every method in a row, the mean of each metric over photos with its interval; the best complete mean is bold."""
    present = [metric for metric in PHOTO_METRICS if metric.column in scores and metric.column not in missing]
    summary = summarise(scores, metrics=[metric.column for metric in present])
    return _table(summary, summary, PHOTO_METRICS, missing)


def set_table(scores: pd.DataFrame, sets: pd.DataFrame, missing: Mapping[str, str]) -> Table:
    """Every method in a row, the distance of its restored photos as a set from the clean ones."""
    summary = summarise(scores, metrics=())
    return _table(summary, sets.reindex(summary.index), SET_METRICS, missing)


def _table(
    summary: pd.DataFrame, numbers: pd.DataFrame, metrics: Sequence[Metric], missing: Mapping[str, str]
) -> Table:
    complete = summary[summary["failed"] == 0].index  # a mean over fewer photos does not compete
    columns = []
    for metric in metrics:
        if metric.column in missing or metric.column not in numbers:
            columns.append([NOT_AVAILABLE] * len(summary))
            continue
        best = _best(numbers.loc[complete, metric.column], metric)
        columns.append([_interval(row, metric.column, metric.digits, best) for _, row in numbers.iterrows()])
    methods = [[str(method), _counted(row)] for method, row in summary.iterrows()]
    rows = [[*method, *cells] for method, *cells in zip(methods, *columns, strict=True)]
    return Table(["method", "photos", *(metric.title for metric in metrics)], rows)


def differences_table(scores: pd.DataFrame, reference: str = OURS) -> Table:
    """What ``reference`` is ahead of each other method on the same photos: positive is better, whatever the metric."""
    present = [metric for metric in PHOTO_METRICS if metric.column in scores and scores[metric.column].notna().any()]
    generator = torch.Generator().manual_seed(0)
    good = scores[scores["error"] == ""].assign(psnr=scores["psnr"].clip(upper=IDENTICAL_DB))
    ours = good[good["method"] == reference].set_index("photo")
    rows = []
    for method, results in good.groupby("method", sort=False):
        if method == reference:
            continue
        theirs = results.set_index("photo")
        shared = ours.index.intersection(theirs.index)
        cells = []
        for metric in present:
            ahead = ours.loc[shared, metric.column] - theirs.loc[shared, metric.column]
            ahead = (ahead if metric.is_higher_better else -ahead).dropna()
            bounds = bootstrap_mean(torch.tensor(ahead.to_numpy(dtype=float, copy=True)), generator)
            names = ("x", "x_low", "x_high")
            cells.append(_interval(pd.Series(dict(zip(names, bounds, strict=True))), "x", f"+{metric.digits}"))
        rows.append([str(method), str(len(shared)), *cells])
    return Table([f"{reference} minus", "photos", *(metric.title[:-2] for metric in present)], rows)


def damage_table(scores: pd.DataFrame, pairs: Sequence[EvaluationPair], metric: Metric = PHOTO_METRICS[0]) -> Table:
    """Mean ``metric`` of every method by how badly the photo suffered and by what it suffered from.

    Severity cuts the photos into three equal parts by the PSNR of the untouched input.
    """
    methods = [str(method) for method in scores["method"].unique()]
    wide = scores.assign(psnr=scores["psnr"].clip(upper=IDENTICAL_DB))
    wide = wide.pivot_table(index="photo", columns="method", values=metric.column, dropna=False)
    heaviest_first = scores[scores["method"] == INPUT].set_index("photo")["psnr"].sort_values().index
    groups: dict[str, Sequence[str]] = {}
    for number, name in enumerate(reversed(SEVERITIES)):
        start, stop = (len(heaviest_first) * edge // len(SEVERITIES) for edge in (number, number + 1))
        groups = {f"{name} damage": list(heaviest_first[start:stop]), **groups}
    damages = sorted({damage for pair in pairs for damage in pair.damages})
    groups |= {name.replace("_", " "): [pair.name for pair in pairs if name in pair.damages] for name in damages}
    rows = []
    for name, photos in groups.items():
        if len(photos):
            means = wide.loc[list(photos)].mean().reindex(methods)
            best = _best(means, metric)
            cells = [_number(float(value), metric.digits, best) for value in means]
            rows.append([name, str(len(photos)), *cells])
    return Table(["photos with", "photos", *methods], rows)


def costs_table(scores: pd.DataFrame, costs: Mapping[str, MethodCost | None]) -> Table:
    """Seconds and memory as measured on this machine, size, arithmetic and training of each method."""
    rows = []
    for method, cells in scores[scores["method"] != INPUT].groupby("method", sort=False):
        cost = costs.get(str(method))
        peak = float(cells["peak_mb"].max()) if "peak_mb" in cells else math.nan
        measured = ["not measured"] * 3
        if cost is not None:
            parameters = f"{cost.parameters / 1e6:.2f} M" if cost.parameters else "none"
            gflop = "failed" if math.isnan(cost.gflop) else f"{cost.gflop:.1f}"
            measured = [parameters, gflop, f"{cost.crops_seen:,}" if cost.crops_seen else "none"]
        seconds = float(cells.loc[cells["error"] == "", "seconds"].mean())
        rows.append(
            [str(method), _number(seconds, ".2f"), "not measured" if math.isnan(peak) else f"{peak:.0f}", *measured]
        )
    header = ["method", "seconds a photo", "peak memory, MB", "parameters", "GFLOP a photo", "training crops seen"]
    return Table(header, rows)


def _best(values: pd.Series, metric: Metric) -> float:
    return float(values.max() if metric.is_higher_better else values.min())


def _counted(row: pd.Series) -> str:
    total = row["photos"] + row["failed"]
    return f"{row['photos']} of {total}" if row["failed"] else f"{total}"


def _number(value: float, digits: str, best: float | None = None) -> str:
    if math.isnan(value):
        return "failed"
    return f"**{value:{digits}}**" if value == best else f"{value:{digits}}"


def _interval(row: pd.Series, name: str, digits: str, best: float | None = None) -> str:
    text = _number(float(row[name]), digits, best)
    low, high = (float(row.get(f"{name}_{side}", math.nan)) for side in ("low", "high"))
    return text if math.isnan(low) else f"{text} [{low:{digits}}, {high:{digits}}]"

"""The table of the ablations: each beside ours, with the interval of the paired difference."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import torch

from ops.ablations.variants import ABLATIONS, OURS
from ops.scores.evaluation import IDENTICAL_DB, INPUT, bootstrap_mean
from ops.scores.method_results import MethodResult, join_results
from ops.tracking import RunLog


@dataclass(frozen=True)
class AblationReport:
    """``table`` in Markdown, and the mean difference of each ablation to ours, in dB."""

    table: str
    differences: dict[str, float]


def write_ablation_report(
    results: Sequence[MethodResult], budget: str, has_old_photos: bool, folder: Path, log: RunLog
) -> AblationReport:
    """Join the results of the ablations and write ``ablations.md`` and ``ablations.parquet`` to ``folder``.

    Args:
        results: one per ablation, ours among them, on the same test set.
        budget: what was trained for how long, for the head of the table.
        has_old_photos: whether VAE1 had real old photos; without them its latent discriminator never judges.
        folder: where to write.
        log: receives PSNR and difference of each ablation.
    """
    scores, _ = join_results(results)
    table, differences = ablation_table(scores)
    notes = [] if has_old_photos else ["No real old photos: the latent discriminator had nothing to align in any row."]
    text = "\n".join([f"{budget}. Test set {results[0].test_set[:12]}.", "", table, "", _READING, *notes]) + "\n"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "ablations.md").write_text(text)
    scores.to_parquet(folder / "ablations.parquet", index=False)
    log.scalars(0, {f"difference_db.{name.replace(' ', '_')}": value for name, value in differences.items()})
    return AblationReport(text, differences)


def ablation_table(scores: pd.DataFrame) -> tuple[str, dict[str, float]]:
    """Markdown of all ablations in ``scores`` (the columns of ``evaluation.score``), and their differences in dB."""
    generator = torch.Generator().manual_seed(0)
    psnr = scores.assign(psnr=scores["psnr"].clip(upper=IDENTICAL_DB)).pivot_table("psnr", "photo", "method")
    ssim = scores.pivot_table("ssim", "photo", "method")
    lines = [
        f"| ablation | changed | PSNR, dB | gain over input, dB | to {OURS}, dB | SSIM | SSIM to {OURS} |",
        "|---|---|---:|---:|---:|---:|---:|",
        f"| {INPUT} | | {psnr[INPUT].mean():.2f} | | | {ssim[INPUT].mean():.3f} | |",
    ]
    differences = {}
    for ablation in ABLATIONS:
        if ablation.name not in psnr:
            continue
        ours, gain = psnr[ablation.name], _interval(psnr[ablation.name] - psnr[INPUT], generator, 2)
        structure = ssim[ablation.name]
        cells = [f"{ours.mean():.2f}", gain, "", f"{structure.mean():.3f}", ""]
        if ablation.name != OURS:
            differences[ablation.name] = float((ours - psnr[OURS]).mean())
            cells[2] = _interval(ours - psnr[OURS], generator, 2)
            cells[4] = _interval(structure - ssim[OURS], generator, 3)
        lines.append(f"| {ablation.name} | {ablation.change} | {' | '.join(cells)} |")
    return "\n".join(lines), differences


_READING = (
    "Means over held-out photos; 95 % bootstrap intervals of paired differences in brackets: over photos, not over "
    "trainings."
)


def _interval(values: pd.Series, generator: torch.Generator, digits: int) -> str:
    numbers = torch.tensor(values.dropna().to_numpy(dtype=float, copy=True))
    mean, low, high = bootstrap_mean(numbers, generator)
    text = f"{mean:+.{digits}f}"
    return text if math.isnan(low) else f"{text} [{low:+.{digits}f}, {high:+.{digits}f}]"

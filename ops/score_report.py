"""The report of an evaluation: table, comparison grid, files, and the numbers that decide about a release."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from ops.evaluation import EvaluationPair, comparison_grid, scores_markdown, summarise
from ops.images import encode_png
from ops.method_results import MethodResult, join_results
from ops.tracking import RunLog


@dataclass(frozen=True)
class ScoreReport:
    """``table`` in Markdown, ``comparison`` (1, 3, H, W), mean PSNR gain over the input by method, the folder."""

    table: str
    comparison: Tensor
    gains: dict[str, float]
    folder: Path


def write_score_report(
    pairs: Sequence[EvaluationPair], results: Sequence[MethodResult], folder: Path, log: RunLog, num_shown: int = 5
) -> ScoreReport:
    """Join the results of all methods and write ``scores.md``, ``scores.parquet`` and ``comparison.png``."""
    scores, pictures = join_results(results)
    summary = summarise(scores)
    table = scores_markdown(summary)
    step = max(1, len(pairs) // num_shown)
    comparison = comparison_grid(pairs[::step][:num_shown], pictures, scores)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "scores.md").write_text(f"{len(pairs)} held-out pairs, test set {results[0].test_set[:12]}\n\n{table}")
    scores.to_parquet(folder / "scores.parquet", index=False)
    png = encode_png(comparison)
    (folder / "comparison.png").write_bytes(png)
    gains = {str(method): float(row["psnr_gain"]) for method, row in summary.iterrows()}
    log.picture("comparison.png", png)
    log.scalars(0, {f"psnr_gain.{method.replace(' ', '_')}": gain for method, gain in gains.items()})
    return ScoreReport(table, comparison, gains, folder)

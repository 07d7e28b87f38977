"""The report joins what was run on one test set, and nothing else."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from ops.scores.evaluation import EvaluationPair
from ops.scores.held_out import HeldOut
from ops.scores.method_results import MethodResult, run_method
from ops.scores.report import write_score_report
from ops.tracking import MemoryLog


def pair(name: str) -> EvaluationPair:
    generator = torch.Generator().manual_seed(len(name))
    clean = torch.rand(1, 3, 24, 24, generator=generator)
    degraded = (clean + 0.2 * torch.randn(clean.shape, generator=generator)).clamp(0, 1)
    return EvaluationPair(name, clean, degraded, torch.zeros(1, 1, 24, 24), ("noise",), 0.0)


HELD_OUT = HeldOut((pair("a"), pair("bb"), pair("ccc")), "f" * 64)


def halfway(degraded: Tensor, mask: Tensor | None) -> Tensor:
    return 0.5 * degraded + 0.25


@pytest.fixture
def ours(tmp_path: Path) -> MethodResult:
    return run_method("ours", halfway, HELD_OUT, tmp_path, lambda line: None)


def test_the_report_is_written_with_every_table_and_picture(ours: MethodResult, tmp_path: Path) -> None:
    log = MemoryLog()
    report = write_score_report(HELD_OUT, [ours], tmp_path / "report", log)
    written = {file.name for file in (tmp_path / "report").iterdir()}
    assert written == {
        "evaluation.md", "evaluation.html", "scores.md", "scores.parquet", "comparison.png", "damage.png",
    }  # fmt: skip
    page = (tmp_path / "report/evaluation.md").read_text()
    for title in ("Metrics", "photo by photo", "by damage", "Costs", "Comparison", "detected regions"):
        assert title in page
    assert "niqe is not available: needs photos of 192 px" in report.table
    assert report.gains["input"] == 0
    assert log.curves["psnr_gain.ours"] == [(0, report.gains["ours"])]


def test_scores_of_another_test_set_are_never_mixed_in(ours: MethodResult, tmp_path: Path) -> None:
    stranger = replace(ours, method="older", test_set="0" * 64)
    with pytest.raises(ValueError, match=r"test set is ffffffffffff, .*older: 000000000000.*again"):
        write_score_report(HELD_OUT, [ours, stranger], tmp_path, MemoryLog())


def test_a_rival_stands_in_the_table_only_with_results_of_this_test_set(ours: MethodResult, tmp_path: Path) -> None:
    rival = run_method("rival", halfway, HELD_OUT, tmp_path, lambda line: None)
    outdated = replace(rival, method="outdated", test_set="0" * 64)
    report = write_score_report(HELD_OUT, [ours], tmp_path / "report", MemoryLog(), rivals=[rival, None, outdated])
    assert set(report.gains) == {"input", "ours", "rival"}
    assert "outdated is left out: its results are of test set 000000000000" in report.table


def test_a_method_that_computes_is_counted(ours: MethodResult, tmp_path: Path) -> None:
    network = torch.nn.Conv2d(3, 3, 1, bias=False)

    def convolved(degraded: Tensor, mask: Tensor | None) -> Tensor:
        return network(degraded).detach()

    cost = run_method("1x1", convolved, HELD_OUT, tmp_path, lambda line: None, network).cost
    assert cost is not None
    assert (cost.parameters, cost.gflop) == (9, pytest.approx(2 * 9 * 24 * 24 / 1e9))
    assert ours.cost is not None
    assert ours.cost.gflop == 0

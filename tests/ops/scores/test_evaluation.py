"""The table counts every photo, survives a failing method, and says how sure it is."""

import math

import pandas as pd
import pytest
import torch
from torch import Tensor

from ops.restorers.restorer import Restorer
from ops.scores.evaluation import INPUT, EvaluationPair, comparison_grid, score, summarise


def pair(name: str, noise: float = 0.2) -> EvaluationPair:
    generator = torch.Generator().manual_seed(len(name))
    clean = torch.rand(1, 3, 24, 30, generator=generator)
    degraded = (clean + noise * torch.randn(clean.shape, generator=generator)).clamp(0, 1)
    return EvaluationPair(name, clean, degraded, torch.zeros(1, 1, 24, 30))


PAIRS = [pair("a"), pair("bb"), pair("ccc"), pair("dddd")]


def halfway(degraded: Tensor, mask: Tensor | None) -> Tensor:
    return 0.5 * degraded + 0.25


def unlucky(degraded: Tensor, mask: Tensor | None) -> Tensor:
    if torch.equal(degraded, PAIRS[1].degraded):
        raise RuntimeError("out of\nmemory")
    return degraded


def growing(degraded: Tensor, mask: Tensor | None) -> Tensor:
    return torch.nn.functional.pad(degraded, (0, 1))


def undefined(degraded: Tensor, mask: Tensor | None) -> Tensor:
    return degraded / 0 * 0


def cells(scores: pd.DataFrame, method: str) -> pd.DataFrame:
    return scores[scores["method"] == method].set_index("photo")


def test_every_photo_has_a_row_for_every_method_and_for_the_input() -> None:
    scores = score({"halfway": halfway}, PAIRS)
    assert list(scores["photo"]) == [name for p in PAIRS for name in (p.name, p.name)]
    assert list(scores["method"]) == [INPUT, "halfway"] * 4
    assert (scores["error"] == "").all()


def test_a_failure_costs_one_cell_and_names_its_reason() -> None:
    rows = cells(score({"unlucky": unlucky}, PAIRS), "unlucky")
    assert rows.loc["bb", "error"] == "RuntimeError: out of memory"
    assert list(rows["psnr"].isna()) == [False, True, False, False]


@pytest.mark.parametrize("broken", [growing, undefined])
def test_a_broken_method_is_stopped_and_the_others_go_on(broken: Restorer) -> None:
    scores = score({"broken": broken, "halfway": halfway}, PAIRS)
    errors = list(cells(scores, "broken")["error"])
    assert errors[0].endswith("stopped here")
    assert all(error.startswith("stopped after a:") for error in errors[1:])
    assert cells(scores, "halfway")["psnr"].notna().all()


def test_a_fault_of_the_program_passes_through() -> None:
    def misspelt(degraded: Tensor, mask: Tensor | None) -> Tensor:
        raise AttributeError("no such method")

    with pytest.raises(AttributeError):
        score({"misspelt": misspelt}, PAIRS)


def test_restored_photos_are_handed_out_and_progress_is_told() -> None:
    kept: dict[str, Tensor] = {}
    lines: list[str] = []
    score({"halfway": halfway}, PAIRS, lines.append, lambda p, method, restored: kept.update({p.name: restored}))
    assert torch.equal(kept["a"], halfway(PAIRS[0].degraded, None))
    assert len(lines) == 4
    assert lines[0].startswith("a, halfway: ")


def test_methods_run_on_one_thread() -> None:
    before, seen = torch.get_num_threads(), []
    torch.set_num_threads(2)

    def counting(degraded: Tensor, mask: Tensor | None) -> Tensor:
        seen.append(torch.get_num_threads())
        return degraded

    score({"counting": counting}, PAIRS[:1])
    assert (seen, torch.get_num_threads()) == ([1], 2)
    torch.set_num_threads(before)


def test_names_taken_twice_and_empty_sets_are_refused() -> None:
    with pytest.raises(ValueError, match="another name"):
        score({INPUT: halfway}, PAIRS)
    with pytest.raises(ValueError, match="two photos"):
        score({}, [PAIRS[0], PAIRS[0]])
    with pytest.raises(ValueError, match="empty"):
        score({}, [])


def table(psnr: dict[str, list[float]]) -> pd.DataFrame:
    rows = [
        {"photo": str(i), "method": method, "psnr": value, "ssim": 0.5, "seconds": 1.0, "error": ""}
        for method, values in psnr.items()
        for i, value in enumerate(values)
    ]
    return pd.DataFrame(rows)


def test_a_steady_gain_is_certain_however_much_the_photos_differ() -> None:
    inputs = [20.0, 30.0, 25.0, 40.0]
    row = summarise(table({INPUT: inputs, "ours": [x + 2 for x in inputs]})).loc["ours"]
    assert (row["psnr_gain"], row["psnr_gain_low"], row["psnr_gain_high"]) == pytest.approx((2, 2, 2))
    assert row["psnr_low"] < row["psnr"] - 2 < row["psnr"] + 2 < row["psnr_high"]


def test_the_bootstrap_interval_is_that_of_the_mean() -> None:
    values = (25 + 3 * torch.randn(200, generator=torch.Generator().manual_seed(0), dtype=torch.float64)).tolist()
    row = summarise(table({INPUT: values})).loc[INPUT]
    half = 1.96 * torch.tensor(values).std().item() / math.sqrt(200)
    assert row["psnr_high"] - row["psnr"] == pytest.approx(half, rel=0.1)
    assert row["psnr"] - row["psnr_low"] == pytest.approx(half, rel=0.1)


def test_an_untouched_photo_does_not_make_the_mean_infinite() -> None:
    summary = summarise(table({INPUT: [math.inf, 20.0], "ours": [math.inf, 22.0]}))
    assert summary.loc[INPUT, "psnr"] == 60
    assert summary.loc["ours", "psnr_gain"] == 1


def test_one_photo_has_a_mean_but_no_interval() -> None:
    row = summarise(table({INPUT: [20.0]})).loc[INPUT]
    assert row["psnr"] == 20
    assert pd.isna(row["psnr_low"])


def test_the_grid_shows_all_methods_and_a_grey_cell_for_a_failure() -> None:
    kept: dict[tuple[str, str], Tensor] = {}
    scores = score({"unlucky": unlucky}, PAIRS, keep=lambda p, method, x: kept.update({(p.name, method): x}))
    assert ("bb", "unlucky") not in kept
    grid = comparison_grid(PAIRS, kept, scores, cell_px=60)
    columns = 4  # degraded, given mask, unlucky, clean
    assert grid.shape[-1] == columns * 60 + (columns + 1) * 6

"""The judge is blind where there is nothing to see, sees what there is, and says the same twice."""

import numpy as np
import pandas as pd
import pytest

from ops.reality.comparison import compare, distribution_plot, mean_distance, roc_plot
from ops.reality.judge import judge


def table(photos: str, shift: float, seed: int, count: int = 16) -> pd.DataFrame:
    """Four crops a photo, three statistics; crops of a photo resemble each other."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(0, 1, (count, 1, 3)) + rng.normal(0, 0.3, (count, 4, 3))
    rows[..., 0] += shift
    index = pd.Index([f"{photos}{number}" for number in range(count) for _ in range(4)], name="photo")
    return pd.DataFrame(rows.reshape(-1, 3), index=index, columns=["noise", "blur", "cast"])


def test_two_halves_of_one_kind_cannot_be_told_apart() -> None:
    verdicts = [judge(table("a", 0, 2 * seed), table("b", 0, 2 * seed + 1), seed=0) for seed in range(3)]
    assert np.mean([verdict.auc for verdict in verdicts]) == pytest.approx(0.5, abs=0.1)


def test_a_clear_difference_is_seen_and_named() -> None:
    verdict = judge(table("a", 0, 1), table("b", 4, 2), seed=0)
    assert verdict.low > 0.85
    assert next(iter(verdict.clues)) == "noise"


def test_the_same_tables_give_the_same_verdict() -> None:
    real, synthetic = table("a", 0, 1), table("b", 1, 2)
    assert judge(real, synthetic, seed=0) == judge(real, synthetic, seed=0)


def test_a_photo_is_never_judged_by_what_its_own_crops_taught() -> None:
    rng = np.random.default_rng(0)
    fingerprints = {side: rng.normal(0, 1, (12, 3)).repeat(4, axis=0) for side in "ab"}  # crops of a photo are equal
    sides = [
        pd.DataFrame(rows, index=[f"{side}{number // 4}" for number in range(48)], columns=["noise", "blur", "cast"])
        for side, rows in fingerprints.items()
    ]
    assert judge(sides[0], sides[1], seed=0).auc < 0.9


def test_missing_numbers_are_no_obstacle() -> None:
    real, synthetic = table("a", 0, 1), table("b", 4, 2)
    real.loc[real.index[:20], "blur"] = np.nan
    real["cast"] = np.nan
    assert judge(real, synthetic, seed=0).auc > 0.9


def test_too_few_photos_are_refused() -> None:
    with pytest.raises(ValueError, match="5 photos"):
        judge(table("a", 0, 1, count=3), table("b", 0, 2), seed=0)


def test_a_shift_is_its_own_distance_and_nothing_is_far_from_itself() -> None:
    real = table("a", 0, 1)
    compared = compare(real, real + 0.7)
    assert compared["distance"].to_numpy() == pytest.approx([0.7, 0.7, 0.7])
    assert mean_distance(compare(real, real)) == 0


def test_tables_without_a_common_statistic_are_refused() -> None:
    with pytest.raises(ValueError, match="share no statistic"):
        compare(pd.DataFrame({"noise": [1.0]}), pd.DataFrame({"blur": [1.0]}))


def test_distributions_and_judges_become_pngs() -> None:
    real = table("a", 0, 1)
    verdict = judge(real, table("b", 1, 2), seed=0)
    for png in (
        distribution_plot({"real": real, "other": real + 1}, {"noise": "levels", "blur": "px"}),
        roc_plot({"judge": (verdict.false_alarms, verdict.found)}),
    ):
        assert png.startswith(b"\x89PNG")
        assert len(png) > 3_000

"""The tables show best and worst, failures, differences with their sign, and never a number that was not measured."""

import math

import pandas as pd
import pytest
import torch

from ops.scores.evaluation import INPUT, EvaluationPair
from ops.scores.method_results import MethodCost
from ops.scores.tables import costs_table, damage_table, differences_table, photo_table, set_table


def scores(**psnr: list[float]) -> pd.DataFrame:
    rows = [
        {
            "photo": str(photo),
            "method": method,
            "psnr": value,
            "ssim": value / 50,
            "lpips_alex": 1 - value / 50,
            "seconds": 1.0,
            "error": "out of memory" if math.isnan(value) else "",
            "peak_mb": 10.0 + photo,
        }
        for method, values in psnr.items()
        for photo, value in enumerate(values)
    ]
    return pd.DataFrame(rows)


def test_the_best_complete_mean_is_bold_and_a_failure_is_counted() -> None:
    table = photo_table(scores(input=[20.0, 30.0], unlucky=[40.0, math.nan], ours=[22.0, 32.0]), {})
    rows = {row[0]: row for row in table.rows}
    assert rows["unlucky"][1] == "1 of 2"
    assert rows["unlucky"][2] == "40.00"
    assert rows["ours"][2].startswith("**27.00** [")
    assert rows["ours"][table.header.index("LPIPS-Alex ↓")].startswith("**0.460**")


def test_what_is_missing_says_so_under_its_own_name() -> None:
    cure = {"lpips_vgg16": "install it", "fid": "bring it"}
    photos = photo_table(scores(input=[20.0, 30.0]), cure)
    assert photos.rows[0][photos.header.index("LPIPS-VGG ↓")] == "not available"
    sets = pd.DataFrame({"method": [INPUT], "fd_vgg16": [12.34]}).set_index("method")
    table = set_table(scores(input=[20.0, 30.0]), sets, cure)
    assert table.rows[0][table.header.index("FID ↓")] == "not available"
    assert table.rows[0][table.header.index("Frechet, VGG16 relu4_3 ↓")] == "**12.3**"


def test_ahead_is_positive_whichever_way_the_metric_points() -> None:
    table = differences_table(scores(input=[20.0, 30.0, 25.0], ours=[22.0, 32.0, 27.0]))
    assert table.rows == [
        [
            "input",
            "3",
            "+2.00 [+2.00, +2.00]",
            "+0.040 [+0.040, +0.040]",
            "+0.040 [+0.040, +0.040]",
        ]
    ]


def test_photos_are_split_by_severity_and_by_each_damage_they_have() -> None:
    empty = torch.zeros(1, 3, 1, 1)
    damages = [("scratch",), ("scratch", "noise"), ("noise",)]
    pairs = [EvaluationPair(str(i), empty, empty, None, names) for i, names in enumerate(damages)]
    table = damage_table(scores(input=[10.0, 20.0, 30.0], ours=[14.0, 19.0, 33.0]), pairs)
    assert [row[:2] for row in table.rows] == [
        ["light damage", "1"],
        ["middle damage", "1"],
        ["heavy damage", "1"],
        ["noise", "2"],
        ["scratch", "2"],
    ]
    assert table.rows[0][2:] == ["30.00", "**33.00**"]
    assert table.rows[-1][2:] == ["15.00", "**16.50**"]


@pytest.mark.parametrize(
    ("cost", "expected"),
    [
        (MethodCost(2_500_000, 3.21, 40_000), ["2.50 M", "3.2", "40,000"]),
        (MethodCost(0, 0.0, 0), ["none", "0.0", "none"]),
        (None, ["not measured"] * 3),
    ],
)
def test_costs_are_measured_or_said_not_to_be(cost: MethodCost | None, expected: list[str]) -> None:
    table = costs_table(scores(input=[20.0], ours=[22.0]), {"ours": cost})
    assert table.rows == [["ours", "1.00", "10", *expected]]

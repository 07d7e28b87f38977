"""Every trained baseline is given what ours is given."""

from dataclasses import fields

import pytest

from ops import baseline_recipes, recipes
from ops.baseline_recipes import BaselineRecipes, budget_of
from ops.recipes import Recipe

SCALES = [
    (recipes.PAPER, baseline_recipes.PAPER),
    (recipes.STANDARD, baseline_recipes.STANDARD),
    (recipes.SMOKE, baseline_recipes.SMOKE),
]


@pytest.mark.parametrize(("ours", "baselines"), SCALES)
def test_every_method_sees_as_many_crops_as_ours_to_a_batch(ours: Recipe, baselines: BaselineRecipes) -> None:
    budget = budget_of(ours)
    trained = [field.name for field in fields(baselines) if hasattr(getattr(baselines, field.name), "schedule")]
    schedules = {name: getattr(baselines, name).schedule for name in trained}
    crops = {name: schedule.steps * schedule.batch_size for name, schedule in schedules.items()}
    crops["edge_connect"] += crops.pop("edge_model")  # one method in two models
    for name, seen in crops.items():
        assert abs(seen - budget.crops) <= 2 * schedules[name].batch_size, name
    assert {schedule.crop_px for schedule in schedules.values()} == {budget.crop_px}

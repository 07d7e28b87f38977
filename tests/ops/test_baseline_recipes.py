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
    for field in fields(baselines):
        schedule = getattr(baselines, field.name).schedule
        assert abs(schedule.steps * schedule.batch_size - budget.crops) <= schedule.batch_size, field.name
        assert schedule.crop_px == budget.crop_px

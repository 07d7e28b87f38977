from dataclasses import replace

import pytest
import torch
from torch.testing import assert_close

from ops.degradation.degrade import apply_plan, degrade, draw_plan
from ops.degradation.paint import Blend
from ops.degradation.plan import plan_from_json, plan_to_json
from ops.degradation.recipe import (
    PAPER_DEGRADATION,
    STANDARD_DEGRADATION,
    DegradationRecipe,
    recipe_from_json,
    recipe_to_json,
)
from ops.degradation.scratches import Scratch, Scuff
from ops.degradation.single_damage import single_damage_plan

RECIPES = pytest.mark.parametrize(
    "recipe", [STANDARD_DEGRADATION, PAPER_DEGRADATION], ids=lambda recipe: recipe.version
)


def photo(height: int = 72, width: int = 96) -> torch.Tensor:
    ramp = torch.linspace(0.1, 0.9, width).expand(1, 3, height, width)
    return ((ramp + 0.05 * torch.rand(1, 3, height, width)).clamp(0, 1) * 255).round() / 255


def generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@RECIPES
def test_the_same_seed_makes_the_same_pair_and_another_seed_another(recipe: DegradationRecipe) -> None:
    clean = photo()
    first, again, other = (degrade(clean, recipe, generator(seed)) for seed in (5, 5, 6))
    assert torch.equal(first.degraded, again.degraded)
    assert torch.equal(first.mask, again.mask)
    assert not torch.equal(first.degraded, other.degraded)


@RECIPES
@pytest.mark.parametrize("seed", range(12))
def test_a_plan_read_from_json_makes_the_same_pair(recipe: DegradationRecipe, seed: int) -> None:
    clean = photo()
    plan = draw_plan(recipe, 72, 96, generator(seed))
    kept = plan_from_json(plan_to_json(plan))
    assert kept == plan
    assert torch.equal(apply_plan(clean, kept).degraded, apply_plan(clean, plan).degraded)


@pytest.mark.parametrize("seed", range(16))
def test_pairs_keep_size_and_range_and_stand_on_8_bit_levels(seed: int) -> None:
    pair = degrade(photo(50, 81), STANDARD_DEGRADATION, generator(seed))
    for pixels in (pair.clean, pair.degraded, pair.mask, *pair.class_masks.values()):
        assert pixels.shape[-2:] == (50, 81)
        assert pixels.dtype is torch.float32
        assert 0 <= pixels.min() <= pixels.max() <= 1
        assert_close(pixels * 255, (pixels * 255).round())


@pytest.mark.parametrize("seed", range(6))
def test_photos_of_a_few_pixels_are_degraded_too(seed: int) -> None:
    assert degrade(photo(3, 5), STANDARD_DEGRADATION, generator(seed)).degraded.shape == (1, 3, 3, 5)


def test_a_plan_refuses_a_photo_of_another_size() -> None:
    plan = draw_plan(STANDARD_DEGRADATION, 64, 64, generator(0))
    with pytest.raises(ValueError, match=r"for a photo of shape \(1, 3, 64, 64\), got \(1, 3, 72, 96\)"):
        apply_plan(photo(), plan)


def test_an_undamaged_share_of_one_damages_nothing() -> None:
    plan = draw_plan(replace(STANDARD_DEGRADATION, undamaged_share=1.0), 8, 8, generator(0))
    assert plan.names == ()


def test_a_print_in_one_tone_is_in_the_clean_photo_too() -> None:
    prints = replace(STANDARD_DEGRADATION.prints, probability=1.0, toned_share=0.0)
    pair = degrade(torch.rand(1, 3, 40, 40), replace(STANDARD_DEGRADATION, prints=prints), generator(1))
    assert torch.equal(pair.clean[:, 0], pair.clean[:, 2])


def test_the_order_of_ageing_is_drawn_anew() -> None:
    plans = [draw_plan(PAPER_DEGRADATION, 64, 64, generator(seed)) for seed in range(60)]
    orders = {tuple(step.kind for step in plan.ageing if step.kind in {"jpeg", "low_resolution"}) for plan in plans}
    assert {("jpeg", "low_resolution"), ("low_resolution", "jpeg"), ("jpeg",), ("low_resolution",), ()} <= orders


@RECIPES
def test_a_recipe_survives_json(recipe: DegradationRecipe) -> None:
    assert recipe_from_json(recipe_to_json(recipe)) == recipe


def test_a_grey_scan_of_a_neutral_print_has_no_colour_left() -> None:
    prints = replace(STANDARD_DEGRADATION.prints, probability=1.0, toned_share=0.0, grey_scan_share=1.0)
    recipe = replace(STANDARD_DEGRADATION, prints=prints)
    for seed in range(12):
        degraded = degrade(photo(), recipe, generator(seed)).degraded
        assert (degraded.amax(dim=1) - degraded.amin(dim=1)).max() <= 1 / 255 + 1e-6


def test_without_ageing_pixels_outside_the_mask_are_those_of_the_clean_photo() -> None:
    for seed in range(12):
        plan = replace(draw_plan(STANDARD_DEGRADATION, 72, 96, generator(seed)), ageing=())
        pair = apply_plan(photo(), plan)
        outside = (pair.mask == 0).expand_as(pair.clean)
        assert torch.equal(pair.degraded[outside], pair.clean[outside])


def test_the_paper_recipe_draws_scratches_by_its_three_blends_only() -> None:
    plans = [draw_plan(PAPER_DEGRADATION, 64, 64, generator(seed)) for seed in range(80)]
    blends = {d.paint.blend for plan in plans for d in plan.defects if isinstance(d, Scratch | Scuff)}
    assert blends == {Blend.ADD, Blend.LIGHTEN, Blend.SCREEN}
    assert any(step.kind == "film_grain" for plan in plans for step in plan.ageing)


def test_dust_is_as_dense_on_a_crop_as_on_the_photo() -> None:
    specks = [
        apply_plan(photo(side, side), single_damage_plan("dust", 1.0, side, side, seed)).mask.gt(0.2).float().mean()
        for side in (128, 384)
        for seed in range(6)
    ]
    small, large = (float(torch.stack(part).mean()) for part in (specks[:6], specks[6:]))
    assert 0.6 < small / large < 1.7

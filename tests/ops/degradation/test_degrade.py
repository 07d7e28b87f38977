from dataclasses import replace

import pytest
import torch
from torch.testing import assert_close

from ops.degradation.ageing import Blur, Fading, Grain, Jpeg, LowResolution, Noise, Shading
from ops.degradation.defects import Blend, Defect, Shape
from ops.degradation.degrade import Plan, apply_plan, degrade, draw_plan
from ops.degradation.recipe import PAPER_DEGRADATION, STANDARD_DEGRADATION


def photo(height: int = 72, width: int = 96) -> torch.Tensor:
    ramp = torch.linspace(0.1, 0.9, width).expand(1, 3, height, width)
    return ((ramp + 0.05 * torch.rand(1, 3, height, width)).clamp(0, 1) * 255).round() / 255


def generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("recipe", [STANDARD_DEGRADATION, PAPER_DEGRADATION], ids=lambda recipe: recipe.version)
def test_the_same_seed_makes_the_same_pair_and_another_seed_another(recipe: object) -> None:
    clean = photo()
    first, again, other = (degrade(clean, recipe, generator(seed)) for seed in (5, 5, 6))  # type: ignore[arg-type]
    assert torch.equal(first.degraded, again.degraded)
    assert torch.equal(first.mask, again.mask)
    assert not torch.equal(first.degraded, other.degraded)


@pytest.mark.parametrize("seed", range(8))
def test_pairs_keep_size_and_range_and_stand_on_8_bit_levels(seed: int) -> None:
    pair = degrade(photo(50, 81), STANDARD_DEGRADATION, generator(seed))
    for pixels in (pair.clean, pair.degraded, pair.mask):
        assert pixels.shape[-2:] == (50, 81)
        assert pixels.dtype is torch.float32
        assert 0 <= pixels.min() <= pixels.max() <= 1
        assert_close(pixels * 255, (pixels * 255).round())


@pytest.mark.parametrize("shape", list(Shape))
@pytest.mark.parametrize("blend", list(Blend))
def test_a_defect_changes_pixels_only_where_its_mask_says_so(shape: Shape, blend: Blend) -> None:
    clean = photo()
    for seed in range(4):
        pair = apply_plan(clean, Plan("test", None, (Defect(shape, blend, (0.9, 0.85, 0.7), 0.9, seed),), ()))
        changed = (pair.degraded - pair.clean).abs().amax(dim=1, keepdim=True) > 1 / 255
        assert not changed[pair.mask == 0].any()


@pytest.mark.parametrize("shape", list(Shape))
def test_every_shape_leaves_a_mark(shape: Shape) -> None:
    shares = [
        apply_plan(photo(), Plan("test", None, (Defect(shape, Blend.COVER, (0.0, 0.0, 0.0), 1.0, seed),), ())).mask
        for seed in range(6)
    ]
    assert torch.cat(shares).amax(dim=(1, 2, 3)).gt(0.2).float().mean() >= 0.5


def test_a_defect_without_strength_is_the_identity() -> None:
    pair = apply_plan(photo(), Plan("test", None, (Defect(Shape.HOLE, Blend.COVER, (1, 1, 1), 0.0, 3),), ()))
    assert torch.equal(pair.degraded, pair.clean)
    assert not pair.mask.any()


@pytest.mark.parametrize(
    "step",
    [Blur(0), Grain(0, 0.5, 1), Noise(0, 1), Fading((1, 1, 1), (0, 0, 0)), Shading(0, 1), LowResolution(1, True)],
    ids=lambda step: step.kind,
)
def test_ageing_without_strength_is_the_identity(step: object) -> None:
    pair = apply_plan(photo(), Plan("test", None, (), (step,)))  # type: ignore[arg-type]
    assert torch.equal(pair.degraded, pair.clean)


def test_heavier_compression_loses_more() -> None:
    errors = []
    for quality in (95, 50, 10):
        pair = apply_plan(photo(), Plan("test", None, (), (Jpeg(quality),)))
        errors.append(float((pair.degraded - pair.clean).abs().mean()))
    assert errors == sorted(errors)


def test_grain_is_the_same_in_all_channels_and_weakest_in_black_and_white() -> None:
    grey = torch.full((1, 3, 64, 64), 128 / 255)
    white = torch.full((1, 3, 64, 64), 250 / 255)
    spread = []
    for flat in (grey, white):
        pair = apply_plan(flat, Plan("test", None, (), (Grain(0.05, 0.5, 2),)))
        assert torch.equal(pair.degraded[:, 0], pair.degraded[:, 2])
        spread.append(float(pair.degraded.std()))
    assert spread[0] > spread[1]


def test_an_undamaged_share_of_one_damages_nothing() -> None:
    recipe = replace(STANDARD_DEGRADATION, undamaged_share=1.0)
    plan = draw_plan(recipe, generator(0))
    assert plan.defects == plan.ageing == ()

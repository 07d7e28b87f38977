import numpy as np
import pytest
import torch

from ops.degradation.defects import TOLERANCE, damaged
from ops.degradation.degrade import apply_plan
from ops.degradation.jpeg import Jpeg
from ops.degradation.pixels import Pixels
from ops.degradation.plan import plan_from_json, plan_to_json
from ops.degradation.shapes import Shape
from ops.degradation.single_damage import DAMAGE_NAMES, single_damage_plan

DEFECTS = [shape.value for shape in Shape if shape is not Shape.TEXTURE]


def photo(height: int = 120, width: int = 150) -> torch.Tensor:
    y, x = torch.meshgrid(torch.linspace(0, 9, height), torch.linspace(0, 11, width), indexing="ij")
    waves = torch.stack([0.5 + 0.4 * (x + k).sin() * (y - k).cos() for k in range(3)])[None]
    return (waves * 255).round() / 255


def pixels(clean: torch.Tensor) -> Pixels:
    return clean[0].permute(1, 2, 0).numpy()


@pytest.mark.parametrize("name", DAMAGE_NAMES)
def test_no_strength_is_the_identity(name: str) -> None:
    pair = apply_plan(photo(), single_damage_plan(name, 0, 120, 150, seed=1))
    assert torch.equal(pair.degraded, pair.clean)
    assert not pair.mask.any()


@pytest.mark.parametrize("name", [name for name in DAMAGE_NAMES if "jpeg" not in name])  # quality 100 rounds
def test_a_breath_of_strength_is_nearly_the_identity(name: str) -> None:
    pair = apply_plan(photo(), single_damage_plan(name, 1e-4, 120, 150, seed=1))
    assert (pair.degraded - pair.clean).abs().max() <= 1 / 255 + 1e-6


@pytest.mark.parametrize("name", DAMAGE_NAMES)
def test_full_strength_shows_and_the_same_seed_shows_the_same(name: str) -> None:
    plan = single_damage_plan(name, 1, 120, 150, seed=4)
    pair, again = apply_plan(photo(), plan), apply_plan(photo(), plan_from_json(plan_to_json(plan)))
    assert (pair.degraded - pair.clean).abs().max() > 0.03
    assert torch.equal(pair.degraded, again.degraded)


@pytest.mark.parametrize("name", DEFECTS)
@pytest.mark.parametrize("strength", [0.3, 1.0])
def test_the_mask_covers_what_a_defect_changed_and_nothing_else(name: str, strength: float) -> None:
    for seed in range(3):
        before = pixels(photo())
        after, mask, classes = damaged(before, single_damage_plan(name, strength, 120, 150, seed).defects)
        changed = np.abs(after - before).max(axis=2) > TOLERANCE
        assert np.array_equal(mask > 0, changed)
        assert list(classes) == [name]
        assert np.array_equal(classes[name], mask)


@pytest.mark.parametrize("name", DEFECTS)
def test_outside_its_mask_a_defect_leaves_the_photo_bit_for_bit(name: str) -> None:
    before = pixels(photo())
    after, mask, _ = damaged(before, single_damage_plan(name, 0.6, 120, 150, seed=2).defects)
    assert np.array_equal(after[mask == 0], before[mask == 0])


@pytest.mark.parametrize("name", ["crack", "fold", "hole", "torn_edge", "worn_edge", "emulsion_loss"])
def test_where_the_picture_is_gone_strength_is_size_and_not_transparency(name: str) -> None:
    grey = torch.full((1, 3, 200, 200), 77 / 255)  # paper and the black bed of a scanner both cover it wholly
    plans = [single_damage_plan(name, strength, 200, 200, seed=3) for strength in (0.4, 1.0)]
    weak, strong = (apply_plan(grey, plan) for plan in plans)
    for pair in (weak, strong):
        assert pair.degraded.max() > 0.7
    assert strong.mask.gt(0.9).sum() > 1.3 * weak.mask.gt(0.9).sum()


def test_jpeg_at_middle_strength_has_a_quality_of_about_35() -> None:
    (step,) = single_damage_plan("jpeg", 0.5, 8, 8, 0).ageing
    assert isinstance(step, Jpeg)
    assert 30 <= step.quality <= 40


def test_the_union_covers_what_several_defects_changed_and_nothing_else() -> None:
    before = pixels(photo())
    defects = [single_damage_plan(name, 0.8, 120, 150, seed=7).defects[0] for name in DEFECTS]
    after, mask, classes = damaged(before, defects)
    assert np.array_equal(mask > 0, np.abs(after - before).max(axis=2) > TOLERANCE)
    assert set(classes) == set(DEFECTS)


@pytest.mark.parametrize("name", DEFECTS)
def test_a_defect_covers_about_the_same_share_of_a_small_and_a_large_photo(name: str) -> None:
    shares = []
    for side in (400, 1000):
        masks = [apply_plan(photo(side, side), single_damage_plan(name, 1, side, side, seed)).mask for seed in range(2)]
        shares.append(float(torch.cat(masks).gt(0.3).float().mean()))
    assert 0.3 < shares[0] / shares[1] < 3.3


def test_no_single_damage_covers_the_whole_photo() -> None:
    for name in DEFECTS:
        mask = apply_plan(photo(), single_damage_plan(name, 1, 120, 150, seed=2)).mask
        assert 0 < mask.gt(0).float().mean() < 0.75


def test_an_unknown_damage_is_answered_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="no damage 'moths'; choose one of scratch, scuff"):
        single_damage_plan("moths", 1, 8, 8, 0)
    with pytest.raises(ValueError, match=r"in \[0, 1\], got 2"):
        single_damage_plan("dust", 2, 8, 8, 0)

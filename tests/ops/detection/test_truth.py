import torch
from torch.testing import assert_close

from ops.degradation.degrade import degrade
from ops.degradation.recipe import STANDARD_DEGRADATION
from ops.detection.truth import FAINT_CHANGE, truth_of_pair, visible_damage

GREY = torch.full((1, 3, 32, 32), 0.5)


def square(value: float) -> torch.Tensor:
    plane = torch.zeros(1, 1, 32, 32)
    plane[..., 10:20, 10:20] = value
    return plane


def test_a_defect_that_can_be_seen_is_damage_and_far_from_it_the_photo_is_intact() -> None:
    truth = visible_damage((GREY + square(0.3)).clamp(0, 1), GREY, square(1.0))
    assert_close(truth.damaged, square(1.0))
    assert truth.judged.min() == 1


def test_a_defect_that_ageing_has_buried_is_not_asked_for() -> None:
    truth = visible_damage(GREY + square(0.03), GREY, square(1.0))
    assert truth.damaged.sum() == 0
    assert_close(truth.judged, 1 - square(1.0))


def test_what_is_better_left_than_filled_is_neither_damage_nor_intact() -> None:
    faint = GREY + square(20 / 255)
    truth = visible_damage(faint, GREY, square(1.0))
    assert truth.damaged.sum() == 0
    assert_close(truth.judged, 1 - square(1.0))
    assert_close(visible_damage(faint, GREY, square(1.0), FAINT_CHANGE).damaged, square(1.0))


def test_what_hides_among_grain_is_not_asked_for() -> None:
    grainy = (GREY + 0.2 * torch.randn(1, 1, 32, 32)).clamp(0, 1)
    truth = visible_damage(grainy + square(0.1), grainy, square(1.0))
    assert truth.damaged.mean() < 0.5 * square(1.0).mean()


def test_what_changes_far_from_any_defect_is_nobodys() -> None:
    truth = visible_damage(GREY + square(0.3), GREY, torch.zeros(1, 1, 32, 32))
    assert truth.damaged.sum() == 0
    assert_close(truth.judged, 1 - square(1.0))


def test_every_damaged_pixel_of_a_synthetic_pair_is_judged() -> None:
    generator = torch.Generator().manual_seed(4)
    for _ in range(5):
        source = torch.rand(1, 3, 48, 48, generator=generator)
        truth = truth_of_pair(degrade(source, STANDARD_DEGRADATION, generator), source)
        assert (truth.damaged <= truth.judged).all()

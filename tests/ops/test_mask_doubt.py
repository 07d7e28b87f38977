import torch

from ops.mask_doubt import CERTAIN, MaskDoubt, doubted


def masks() -> torch.Tensor:
    return torch.rand(64, 1, 4, 4, generator=torch.Generator().manual_seed(1))


def alarms() -> torch.Tensor:
    return torch.ones(64, 1, 4, 4)


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def test_certain_masks_stay_as_they_are() -> None:
    assert torch.equal(doubted(masks(), alarms(), CERTAIN, generator()), masks())


def test_missed_masks_are_hidden_whole() -> None:
    given = doubted(masks(), alarms(), MaskDoubt(missed=0.5, false_alarms=0.0, least_confidence=1.0), generator())
    is_hidden = (given == 0).flatten(1).all(1)
    assert 16 < is_hidden.sum() < 48
    assert torch.equal(given[~is_hidden], masks()[~is_hidden])


def test_a_weakened_mask_keeps_its_shape_and_at_least_the_stated_confidence() -> None:
    given = doubted(masks(), alarms(), MaskDoubt(missed=0.0, false_alarms=0.0, least_confidence=0.25), generator())
    factors = (given / masks()).flatten(1)
    torch.testing.assert_close(factors, factors[:, :1].expand_as(factors))
    assert 0.25 <= factors.min() < 0.3
    assert 0.95 < factors.max() <= 1


def test_a_false_alarm_joins_what_was_found() -> None:
    own, other = torch.zeros(2, 1, 2, 2), torch.zeros(2, 1, 2, 2)
    own[..., 0], other[..., 1] = 1, 1
    doubt = MaskDoubt(missed=0.0, false_alarms=1.0, least_confidence=1.0)
    assert doubted(own, other, doubt, generator()).all()

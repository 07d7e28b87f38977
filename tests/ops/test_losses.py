import math
from collections.abc import Callable
from functools import partial

import pytest
import torch
from torch import Tensor
from torch.distributions import Normal, kl_divergence
from torch.nn import functional as F
from torch.testing import assert_close

from models.vae import Posterior
from ops.losses import (
    balanced_cross_entropy,
    cross_entropy_gan,
    feature_matching,
    focal,
    hinge,
    hinge_fooling,
    kl,
    layer_distance,
    lsgan,
    perceptual,
    style,
)


def test_kl_equals_torchs_own() -> None:
    mean, logvar = torch.randn(2, 4, 3, 3), torch.randn(2, 4, 3, 3)
    expected = kl_divergence(Normal(mean, (logvar / 2).exp()), Normal(0.0, 1.0)).mean()
    assert_close(kl(Posterior(mean, logvar)), expected)


def test_kl_of_the_prior_is_zero() -> None:
    assert kl(Posterior(torch.zeros(1, 2, 2, 2), torch.zeros(1, 2, 2, 2))) == 0


def test_lsgan_is_zero_when_every_scale_says_what_it_should() -> None:
    assert lsgan([[torch.zeros(1), torch.ones(1, 1, 2, 2)], [torch.ones(1, 1, 1, 1)]], is_real=True) == 0


def test_feature_matching_looks_at_inner_layers_only() -> None:
    ours, theirs = [[torch.zeros(3), torch.zeros(3)]], [[torch.zeros(3), torch.ones(3)]]
    assert feature_matching(ours, theirs) == 0


def test_focal_without_focus_is_cross_entropy() -> None:
    logits, mask = torch.randn(1, 1, 4, 4), (torch.rand(1, 1, 4, 4) > 0.5).float()
    assert_close(focal(logits, mask, torch.ones_like(mask), 0.0), F.binary_cross_entropy_with_logits(logits, mask))


def test_focal_counts_a_sure_pixel_less_than_an_unsure_one() -> None:
    mask = torch.ones(1, 1, 1, 1)
    sure, unsure = (focal(torch.full_like(mask, z), mask, mask, 2.0) for z in (3.0, 0.0))
    assert sure < unsure
    assert_close(unsure, torch.tensor(0.25 * math.log(2)))


@pytest.mark.parametrize("damaged", [1, 8])
def test_balanced_cross_entropy_of_an_undecided_detector_does_not_depend_on_how_much_is_damaged(damaged: int) -> None:
    mask = torch.zeros(1, 1, 1, 16)
    mask[..., :damaged] = 1
    loss = balanced_cross_entropy(torch.zeros_like(mask), mask, torch.ones_like(mask), max_weight=1e9)
    assert_close(loss, torch.tensor(math.log(2)))


def test_perceptual_distance_adds_up_over_layers_and_is_zero_for_equals() -> None:
    ours, theirs = [torch.zeros(2, 3), torch.zeros(4)], [torch.ones(2, 3), torch.full((4,), 0.5)]
    assert perceptual(ours, ours) == 0
    assert_close(perceptual(ours, theirs), torch.tensor(1.5))


def test_balanced_cross_entropy_weighs_as_torch_does() -> None:
    logits, mask = torch.randn(1, 1, 4, 4), torch.zeros(1, 1, 4, 4)
    mask[..., :1] = 1  # a quarter is damaged, so each damaged pixel weighs as three intact ones
    expected = F.binary_cross_entropy_with_logits(logits, mask, pos_weight=torch.tensor(3.0)) / 1.5
    assert_close(balanced_cross_entropy(logits, mask, torch.ones_like(mask), max_weight=9.0), expected)


@pytest.mark.parametrize("loss", [partial(focal, gamma=2.0), partial(balanced_cross_entropy, max_weight=5.0)])
def test_what_a_detector_says_where_nobody_judges_does_not_matter(loss: Callable[..., Tensor]) -> None:
    logits, mask, judged = torch.randn(1, 1, 4, 4), torch.eye(4)[None, None], torch.ones(1, 1, 4, 4)
    judged[..., 2:] = 0
    other = torch.where(judged > 0, logits, logits + 5)
    assert_close(loss(logits, mask, judged), loss(other, mask, judged))


def test_the_hinge_is_silent_once_the_judge_is_sure() -> None:
    sure, unsure = [[torch.full((1, 1, 2, 2), 2.0)]], [[torch.zeros(1, 1, 2, 2)]]
    assert hinge(sure, is_real=True) == 0
    assert hinge(unsure, is_real=True) == hinge(unsure, is_real=False) == 1
    assert hinge(sure, is_real=False) == 3
    assert hinge_fooling(sure) == -2


def test_layer_distance_is_blind_to_the_scale_of_a_layer() -> None:
    ours, theirs = torch.rand(1, 2, 4, 4), torch.rand(1, 2, 4, 4)
    assert_close(layer_distance([ours], [theirs]), layer_distance([100 * ours], [100 * theirs]))
    assert layer_distance([theirs], [theirs]) == 0


def test_style_does_not_care_where_things_are() -> None:
    features = torch.rand(2, 3, 4, 4)
    assert_close(style([features.flip(-1)], [features]), torch.zeros(()))
    assert style([2 * features], [features]) > 0


def test_an_undecided_verdict_costs_log_two_either_way() -> None:
    for is_real in (True, False):
        assert_close(cross_entropy_gan(torch.zeros(2, 1, 3, 3), is_real=is_real), torch.tensor(math.log(2)))

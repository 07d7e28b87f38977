"""The hourglass of Deep Image Prior is the authors' one."""

from dataclasses import replace

import pytest
import torch

from models.baselines.deep_image_prior import DeepImagePriorConfig, SkipNetwork

AUTHORS = DeepImagePriorConfig(noise_channels=32, width=128, skip_channels=4, scales=5)
SMALL = DeepImagePriorConfig(noise_channels=4, width=8, skip_channels=2, scales=3)


@pytest.mark.parametrize(("skip_channels", "count"), [(4, 2_217_831), (128, 3_002_627)])  # for noise, for holes
def test_the_parameter_count_is_that_of_the_authors_net(skip_channels: int, count: int) -> None:
    network = SkipNetwork(replace(AUTHORS, skip_channels=skip_channels))
    assert sum(parameter.numel() for parameter in network.parameters()) == count


def test_a_photo_in_range_comes_out_at_the_size_of_the_noise() -> None:
    photo = SkipNetwork(SMALL)(torch.rand(1, 4, 16, 40))
    assert photo.shape == (1, 3, 16, 40)
    assert 0 <= photo.min() <= photo.max() <= 1


def test_one_seed_means_one_net() -> None:
    nets = [SkipNetwork(SMALL), SkipNetwork(SMALL)]
    for net in nets:
        net.initialise(torch.Generator().manual_seed(3))
    noise = torch.rand(1, 4, 16, 16)
    assert torch.equal(nets[0](noise), nets[1](noise))


def test_evaluation_mode_changes_nothing() -> None:
    net, noise = SkipNetwork(SMALL), torch.rand(1, 4, 16, 16)
    assert torch.equal(net.train()(noise), net.eval()(noise))


@pytest.mark.parametrize("side", [8, 20])
def test_a_size_the_net_cannot_halve_is_refused(side: int) -> None:
    with pytest.raises(ValueError, match="multiples of 8"):
        SkipNetwork(SMALL)(torch.rand(1, 4, side, 16))

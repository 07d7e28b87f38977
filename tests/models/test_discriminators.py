import pytest
import torch

from models.discriminators import DiscriminatorConfig, MultiscaleDiscriminator


@pytest.mark.parametrize(
    ("channels", "scales", "published"), [(3, 2, 5_529_474), (64, 1, 2_827_201), (6, 2, 5_535_618)]
)
def test_discriminators_have_their_published_number_of_weights(channels: int, scales: int, published: int) -> None:
    network = MultiscaleDiscriminator(channels, DiscriminatorConfig(width=64, num_strided=3, num_scales=scales))
    assert sum(p.numel() for p in network.parameters()) == published


def test_each_scale_gives_every_layer_and_a_verdict() -> None:
    network = MultiscaleDiscriminator(3, DiscriminatorConfig(width=4, num_strided=3, num_scales=2))
    verdicts = network(torch.rand(1, 3, 32, 32))
    assert [len(scale) for scale in verdicts] == [5, 5]
    assert all(scale[-1].shape[1] == 1 for scale in verdicts)

"""The network of LPIPS: the shapes of its published trunks and the laws of a distance."""

import pytest
import torch
from torch.testing import assert_close

from models.lpips import Lpips, Trunk


@pytest.fixture(params=Trunk)
def network(request: pytest.FixtureRequest) -> Lpips:
    network = Lpips(request.param)
    for head in network.heads:
        head.fill_(1.0)
    return network.eval()


def test_the_trunks_have_the_published_numbers_of_parameters() -> None:
    """Of the convolutions alone, as torchvision's AlexNet and VGG16 have them."""
    sizes = {trunk: sum(p.numel() for p in Lpips(trunk).convolutions.parameters()) for trunk in Trunk}
    assert sizes == {Trunk.ALEX: 2_469_696, Trunk.VGG16: 14_714_688}


def test_a_photo_is_at_no_distance_from_itself_and_distance_is_mutual(network: Lpips) -> None:
    one, other = torch.rand(2, 2, 3, 64, 48)
    assert_close(network(one, one), torch.zeros(2))
    assert_close(network(one, other), network(other, one))
    assert (network(one, other) > 0).all()


def test_the_distance_is_its_equation(network: Lpips) -> None:
    one, other = torch.rand(2, 1, 3, 64, 64)
    total = 0.0
    for x, y in zip(network.features(one), network.features(other), strict=True):
        units = [z[0] / (z[0].norm(dim=0) + 1e-10) for z in (x, y)]
        total += float((units[0] - units[1]).square().sum(dim=0).mean())
    assert float(network(one, other)) == pytest.approx(total, rel=1e-4)

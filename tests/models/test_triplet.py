import pytest
import torch
from torch.testing import assert_close

from models.blocks import Norm
from models.fidelity_gate import FidelityGate, FidelityGateConfig
from models.mapping import LatentMapping, MappingConfig
from models.triplet import TripletNetwork
from models.vae import Vae, VaeConfig


@pytest.fixture
def network() -> TripletNetwork:
    config = VaeConfig(widths=(4, 6, 8), latent_channels=48, num_blocks=1, norm=Norm.NONE, has_pixel_shortcut=True)
    mapping = LatentMapping(MappingConfig(48, (12,), 1, 1, 1, 4, Norm.NONE, has_first_fill=True))
    return TripletNetwork(Vae(config), Vae(config), mapping, FidelityGate(FidelityGateConfig(4)))


@pytest.mark.parametrize(("height", "width"), [(16, 16), (17, 30), (5, 3)])
def test_the_result_has_the_size_of_the_photo(network: TripletNetwork, height: int, width: int) -> None:
    photo = torch.rand(1, 3, height, width)
    assert network(photo, torch.zeros(1, 1, height, width)).restored.shape == photo.shape


def test_an_untrained_network_changes_nothing(network: TripletNetwork) -> None:
    photo, mask = torch.rand(2, 3, 16, 20), torch.rand(2, 1, 16, 20)
    assert_close(network(photo, mask).restored, photo)


def test_without_a_gate_the_painted_photo_is_the_result(network: TripletNetwork) -> None:
    network.gate = None
    translation = network(torch.rand(1, 3, 16, 16), torch.zeros(1, 1, 16, 16))
    assert_close(translation.restored, translation.painted)


def test_the_pixels_under_a_sure_mask_reach_the_result_through_the_gate_alone(network: TripletNetwork) -> None:
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    photo, mask = torch.rand(1, 3, 32, 32), torch.zeros(1, 1, 32, 32)
    mask[..., 8:12] = 1
    other = torch.where(mask == 1, torch.rand_like(photo), photo)
    assert_close(network(other, mask).painted, network(photo, mask).painted)
    assert not torch.allclose(network(other, mask).gate, network(photo, mask).gate)

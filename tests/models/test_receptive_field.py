"""What the networks say about how far they see, against the gradient of one pixel."""

import pytest
import torch
from torch import Tensor, nn

from models.blocks import Norm
from models.detector import DefectDetector, DetectorConfig
from models.fidelity_gate import FidelityGate, FidelityGateConfig
from models.mapping import LatentMapping, MappingConfig
from models.triplet import TripletNetwork
from models.vae import Vae, VaeConfig


def triplet(num_blocks: int, widths: tuple[int, ...], norm: Norm = Norm.NONE) -> TripletNetwork:
    config = VaeConfig(widths=(2, 3, 4), latent_channels=48, num_blocks=num_blocks, norm=norm, has_pixel_shortcut=True)
    mapping = LatentMapping(MappingConfig(48, widths, 2, 1, 1, 4, norm))
    return TripletNetwork(Vae(config), Vae(config), mapping, FidelityGate(FidelityGateConfig(2)))


def seen(result: Tensor, photo: Tensor, at: int) -> int:
    """How far from (at, at) the photo has a say in the result there."""
    (gradient,) = torch.autograd.grad(result[..., at, at].sum(), photo)
    rows = gradient.abs().sum((0, 1, 3)).nonzero()[:, 0]
    return int((rows - at).abs().max())


def positive(network: nn.Module) -> None:
    """Weights that cancel nothing, so that the gradient of all that is seen is above zero."""
    for parameter in network.parameters():
        nn.init.uniform_(parameter, 0.01, 0.2)


@pytest.mark.parametrize(("num_blocks", "widths"), [(0, (3,)), (1, (3, 4)), (2, (5,))])
def test_the_triplet_sees_as_far_as_it_says(num_blocks: int, widths: tuple[int, ...]) -> None:
    network = triplet(num_blocks, widths).double()
    network.gate = None  # it adds its own reach, but its sigmoid swallows the gradient
    positive(network)
    assert network.reach_px is not None
    photo = torch.rand(1, 3, 256, 256, dtype=torch.double, requires_grad=True)
    reached = max(seen(network(photo, torch.zeros_like(photo[:, :1])).painted, photo, at) for at in range(126, 130))
    assert network.reach_px - 4 <= reached <= network.reach_px


@pytest.mark.parametrize("widths", [(3,), (3, 4), (2, 3, 4, 3)])
def test_the_detector_sees_as_far_as_it_says(widths: tuple[int, ...]) -> None:
    detector = DefectDetector(DetectorConfig(widths)).eval().double()
    positive(detector)
    photo = torch.rand(1, 3, 256, 256, dtype=torch.double, requires_grad=True)
    reached = max(seen(detector(photo), photo, at) for at in range(124, 132))
    assert detector.reach_px - 2 * detector.grid_px <= reached <= detector.reach_px


def test_a_network_with_statistics_of_the_whole_photo_says_so() -> None:
    assert triplet(0, (3,), Norm.INSTANCE).reach_px is None

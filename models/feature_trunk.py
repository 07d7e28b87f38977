"""What the perceptual loss looks through: layers of a photo classifier or, without weights, edges at four sizes."""

from __future__ import annotations

from enum import Enum
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional as F

LAYER_WEIGHTS = (1 / 32, 1 / 16, 1 / 8, 1 / 4, 1.0)
"""Of relu1_1 ... relu5_1, from shallow to deep, as in pix2pixHD's and the report's public code."""
_WIDTHS = (64, 128, 256, 512, 512)


class FeatureTrunk(Protocol):
    """Maps photos (N, 3, H, W) in [0, 1] to feature maps, each already scaled by what its distance shall count."""

    def __call__(self, photo: Tensor) -> list[Tensor]:
        """The weighted features of ``photo``."""
        ...


class VggDepth(Enum):
    """Convolutions in each of the five blocks (Simonyan and Zisserman, ICLR 2015, table 1, columns D and E)."""

    VGG16 = (2, 2, 3, 3, 3)
    VGG19 = (2, 2, 4, 4, 4)


class VggTrunk(nn.Module):
    """VGG up to the first rectifier of its fifth block, frozen; gives relu1_1, 2_1, 3_1, 4_1, 5_1.

    The report's public code feeds photos in [-1, 1] without the mean and deviation of ImageNet, and so does this.
    Parameters are named as in torchvision's file, so that its weights load as they are.
    """

    def __init__(self, depth: VggDepth) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        self.taps: list[int] = []
        inputs = 3
        for block, (count, width) in enumerate(zip(depth.value, _WIDTHS, strict=True)):
            is_last = block == len(_WIDTHS) - 1
            layers += [nn.MaxPool2d(2)] if block else []
            self.taps.append(len(layers) + 1)
            for _ in range(1 if is_last else count):
                layers += [nn.Conv2d(inputs, width, 3, padding=1), nn.ReLU()]
                inputs = width
        self.features = nn.Sequential(*layers).requires_grad_(False)

    def forward(self, photo: Tensor) -> list[Tensor]:
        """Five feature maps of ``photo`` (N, 3, H, W), H and W at least 16, the k-th at 1/2^k of its size."""
        features = 2 * photo - 1
        tapped: list[Tensor] = []
        for number, layer in enumerate(self.features):
            features = layer(features)
            if number in self.taps:
                tapped.append(LAYER_WEIGHTS[len(tapped)] * features)
        return tapped


class GradientPyramid(nn.Module):
    """Differences of neighbouring pixels at full, half, quarter and eighth size: what a trunk can know unlearnt.

    The L1 distance of these maps asks for the right edges at every size and lets the tone between them go, which the
    pixel terms hold anyway. It needs no weights and no licence; it is not a substitute for what VGG has seen.
    """

    def forward(self, photo: Tensor) -> list[Tensor]:
        """Eight maps of ``photo`` (N, 3, H, W), H and W at least 16: down and right at each of four sizes."""
        maps = []
        for level in range(4):
            smaller = photo if level == 0 else F.avg_pool2d(photo, 2**level)
            maps += [smaller.diff(dim=-2), smaller.diff(dim=-1)]
        return maps


def vgg_from_classifier(depth: VggDepth, weights: dict[str, Tensor]) -> VggTrunk:
    """Fill a trunk with those of the classifier's ``weights`` that it has, ``features.0.weight`` and on."""
    trunk = VggTrunk(depth)
    with torch.no_grad():
        trunk.load_state_dict({name: weights[name] for name in trunk.state_dict()})
    return trunk.eval()

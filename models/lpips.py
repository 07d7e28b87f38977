"""The network of LPIPS, the learned distance between photos that agrees with eyes better than PSNR does.

Zhang, Isola, Efros, Shechtman, Wang, "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric", CVPR
2018, version 0.1 of the heads. Its trunks are photo classifiers without their last layers.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import torch
from torch import Tensor, nn

SHIFT = (-0.030, -0.088, -0.188)
SCALE = (0.458, 0.448, 0.450)
"""Of photos in [-1, 1]: the mean and deviation of ImageNet as LPIPS rounds them."""


@dataclass(frozen=True)
class Convolution:
    """One convolution of a trunk; a rectifier follows. ``pool_px`` > 0: max pooling by 2 goes before it."""

    channels: int
    kernel_px: int
    stride: int = 1
    pool_px: int = 0
    is_tapped: bool = False


def _vgg16() -> tuple[Convolution, ...]:
    blocks = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))
    return tuple(
        Convolution(channels, 3, pool_px=2 if block and not number else 0, is_tapped=number == count - 1)
        for block, (channels, count) in enumerate(blocks)
        for number in range(count)
    )


class Trunk(Enum):
    """The two classifiers that LPIPS is published for and whose weights can be had."""

    ALEX = (
        Convolution(64, 11, stride=4, is_tapped=True),
        Convolution(192, 5, pool_px=3, is_tapped=True),
        Convolution(384, 3, pool_px=3, is_tapped=True),
        Convolution(256, 3, is_tapped=True),
        Convolution(256, 3, is_tapped=True),
    )
    VGG16 = _vgg16()


class Lpips(nn.Module):
    """d(x, y) = sum_l mean_hw sum_c w_lc (x^_lchw - y^_lchw)^2, where x^ are the features of x over their norm.

    Equation 1 of the paper; the norm is taken over channels and 1e-10 added to it, as the published code does.
    """

    shift: Tensor
    scale: Tensor

    def __init__(self, trunk: Trunk) -> None:
        super().__init__()
        convolutions = trunk.value
        inputs = (3, *(one.channels for one in convolutions))
        self.layers = convolutions
        self.convolutions = nn.ModuleList(
            nn.Conv2d(
                channels, one.channels, one.kernel_px, one.stride, padding=2 if one.stride > 1 else one.kernel_px // 2
            )
            for channels, one in zip(inputs, convolutions, strict=False)
        )
        self.heads = nn.ParameterList(torch.zeros(one.channels) for one in convolutions if one.is_tapped)
        self.register_buffer("shift", torch.tensor(SHIFT).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("scale", torch.tensor(SCALE).view(1, 3, 1, 1), persistent=False)
        self.requires_grad_(False)

    def features(self, photo: Tensor) -> list[Tensor]:
        """The tapped layers of ``photo`` (N, 3, H, W) in [0, 1], each (N, C_l, h_l, w_l), from shallow to deep."""
        hidden = (2 * photo - 1 - self.shift) / self.scale
        tapped = []
        for layer, convolution in zip(self.layers, self.convolutions, strict=True):
            if layer.pool_px:
                hidden = nn.functional.max_pool2d(hidden, layer.pool_px, 2)
            hidden = convolution(hidden).relu()
            if layer.is_tapped:
                tapped.append(hidden)
        return tapped

    def distance(self, features: list[Tensor], others: list[Tensor]) -> Tensor:
        """The distances (N,) of photos whose features are given."""
        total = torch.zeros(len(features[0]), device=features[0].device)
        for weights, one, other in zip(self.heads, features, others, strict=True):
            difference = (_unit(one) - _unit(other)).square()
            total = total + torch.einsum("nchw,c->nhw", difference, weights).mean(dim=(1, 2))
        return total

    def forward(self, photo: Tensor, other: Tensor) -> Tensor:
        """The distances (N,) of ``photo`` and ``other``, both (N, 3, H, W) in [0, 1]; 0 is equal."""
        return self.distance(self.features(photo), self.features(other))


def _unit(features: Tensor) -> Tensor:
    return features / (features.square().sum(dim=1, keepdim=True).sqrt() + 1e-10)

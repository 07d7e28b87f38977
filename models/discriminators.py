"""The adversaries of training: one judges photos, one judges from which domain a latent came."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional as F


@dataclass(frozen=True)
class DiscriminatorConfig:
    """Sizes of a patch discriminator.

    Attributes:
        width: channels behind the first convolution; doubled by each further one, up to eight times.
        num_strided: stride-2 convolutions before the two of stride 1.
        num_scales: copies that judge the photo at full, half, ... resolution.
    """

    width: int
    num_strided: int
    num_scales: int


class PatchDiscriminator(nn.Module):
    """4x4 convolutions that judge overlapping patches (Isola et al., CVPR 2017, section 3.2.2), keeping each layer."""

    def __init__(self, in_channels: int, config: DiscriminatorConfig) -> None:
        super().__init__()
        layers: list[nn.Module] = [_judging_layer(in_channels, config.width, stride=2, is_normalised=False)]
        width = config.width
        for number in range(1, config.num_strided + 1):
            wider = min(2 * width, 8 * config.width)
            layers.append(_judging_layer(width, wider, stride=2 if number < config.num_strided else 1))
            width = wider
        layers.append(nn.Conv2d(width, 1, 4, padding=2))
        self.layers = nn.ModuleList(layers)

    def forward(self, photo: Tensor) -> list[Tensor]:
        """Return the output of every layer for ``photo`` (N, C, H, W); the last is the verdict, one logit a patch."""
        outputs = []
        for layer in self.layers:
            photo = layer(photo)
            outputs.append(photo.float())  # losses are measured in full precision also under autocast
        return outputs


class MultiscaleDiscriminator(nn.Module):
    """Patch discriminators on ever smaller copies of the photo (Wang et al., "pix2pixHD", CVPR 2018, section 3.2)."""

    def __init__(self, in_channels: int, config: DiscriminatorConfig) -> None:
        super().__init__()
        self.scales = nn.ModuleList(PatchDiscriminator(in_channels, config) for _ in range(config.num_scales))

    def forward(self, photo: Tensor) -> list[list[Tensor]]:
        """Return the layer outputs of every scale for ``photo`` (N, C, H, W)."""
        outputs = []
        for discriminator in self.scales:
            outputs.append(discriminator(photo))
            photo = F.avg_pool2d(photo, 3, stride=2, padding=1, count_include_pad=False)
        return outputs


def _judging_layer(inputs: int, outputs: int, stride: int, *, is_normalised: bool = True) -> nn.Sequential:
    """One 4x4 convolution with its norm and rectifier."""
    norm = nn.InstanceNorm2d(outputs) if is_normalised else nn.Identity()
    return nn.Sequential(nn.Conv2d(inputs, outputs, 4, stride=stride, padding=2), norm, nn.LeakyReLU(0.2))

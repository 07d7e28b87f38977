"""Deep Image Prior: an untrained hourglass with thin skips, fitted to one photo.

Ulyanov, Vedaldi, Lempitsky, "Deep Image Prior", CVPR 2018. The fitting, which is the method, is
``ops/restorers/deep_image_prior.py``.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class DeepImagePriorConfig:
    """Shape of the hourglass.

    The authors' restoration net is 32 noise channels, width 128, skips of 4, five scales.
    """

    noise_channels: int
    width: int
    skip_channels: int
    scales: int

    @property
    def stride_px(self) -> int:
        """Height and width must be multiples of this, and at least twice it: the deepest grid needs 2 x 2 cells."""
        return int(2**self.scales)


class SkipNetwork(nn.Module):
    """Maps noise (N, noise_channels, H, W) to a photo (N, 3, H, W) in [0, 1].

    Level i, with x_0 the noise and `deep` the next level (the identity below the last):
        y_i = up2(deep(conv3(conv3/2(x_i)))),   level_i(x_i) = conv1(conv3(norm(cat(skip1(x_i), y_i))))
    every conv but the last followed by batch norm and LeakyReLU(0.2), padded by reflection; photo = sigmoid(conv1(.)).

    Batch statistics are used always and none are kept: the net knows a single photo, and there is no evaluation mode
    to switch to by mistake.
    """

    def __init__(self, config: DeepImagePriorConfig) -> None:
        super().__init__()
        self.config = config
        level: nn.Module = nn.Identity()
        for scale in reversed(range(config.scales)):
            level = _Level(config.noise_channels if scale == 0 else config.width, config, level)
        self.level = level
        self.to_rgb = nn.Conv2d(config.width, 3, 1)

    def initialise(self, generator: torch.Generator) -> None:
        """Draw all conv weights and biases anew from U(-1/sqrt(fan_in), 1/sqrt(fan_in)), as the authors' code does.

        Args:
            generator: on the CPU, so that one seed means one net on every device.
        """
        with torch.no_grad():
            for conv in self.modules():
                if isinstance(conv, nn.Conv2d):
                    bound = conv.weight[0].numel() ** -0.5
                    for parameter in (conv.weight, conv.bias):
                        assert parameter is not None
                        drawn = torch.rand(parameter.shape, generator=generator)
                        parameter.copy_((2 * drawn - 1) * bound)

    def forward(self, noise: Tensor) -> Tensor:
        """Paint a photo from ``noise`` (N, noise_channels, H, W)."""
        stride = self.config.stride_px
        if any(side % stride or side < 2 * stride for side in noise.shape[-2:]):
            raise ValueError(
                f"sides must be multiples of {stride} and at least {2 * stride}, got {tuple(noise.shape[-2:])}"
            )
        return torch.sigmoid(self.to_rgb(self.level(noise)).float())


class _Level(nn.Module):
    def __init__(self, in_channels: int, config: DeepImagePriorConfig, deeper: nn.Module) -> None:
        super().__init__()
        width = config.width
        self.skip = _conv(in_channels, config.skip_channels, kernel=1)
        self.down = nn.Sequential(_conv(in_channels, width, kernel=3, stride=2), _conv(width, width, kernel=3))
        self.deeper = deeper
        self.up = nn.Upsample(scale_factor=2, mode="bilinear")
        self.join = nn.Sequential(
            _batch_norm(config.skip_channels + width),
            _conv(config.skip_channels + width, width, kernel=3),
            _conv(width, width, kernel=1),
        )

    def forward(self, features: Tensor) -> Tensor:
        """Map (N, in_channels, h, w) to (N, width, h, w)."""
        deep = self.up(self.deeper(self.down(features)))
        return self.join(torch.cat([self.skip(features), deep], dim=1))


def _conv(in_channels: int, out_channels: int, kernel: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, kernel, stride, padding=kernel // 2, padding_mode="reflect"),
        _batch_norm(out_channels),
        nn.LeakyReLU(0.2),
    )


def _batch_norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, track_running_stats=False)

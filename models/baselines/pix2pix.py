"""Pix2pix: a U-Net that translates the degraded photo, and a judge that sees both photos.

Isola, Zhu, Zhou, Efros, "Image-to-Image Translation with Conditional Adversarial Networks", CVPR 2017.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from models.baselines.initial_weights import draw_initial_weights
from models.baselines.patch_discriminator import JudgeNorm, PatchDiscriminator70


@dataclass(frozen=True)
class Pix2PixConfig:
    """Sizes; the authors' are 64, 8, 64 at 256 px.

    Attributes:
        width: channels of the outermost level, doubled by each deeper one up to eight times.
        depth: how often the U-Net halves; sides of photos are multiples of 2^depth.
        judge_width: channels of the discriminator's first layer.
    """

    width: int
    depth: int
    judge_width: int


class Pix2PixGenerator(nn.Module):
    """Maps a degraded photo (N, 3, H, W) in [0, 1] to a restored one.

    Level i of the U-Net, with b batch norm and | concatenation:
        u_i(x) = x | b(up(relu(u_{i+1}(b(down(lrelu(x)))))))
    with 4x4 convolutions of stride 2. The innermost down has no norm, the outermost neither norm nor first activation,
    and ends in tanh; the levels between the four outermost and the innermost drop half of their output in training.
    Only the last convolution has a bias: 54,413,955 parameters at the authors' sizes.

    Batch norm always uses the statistics of the photo at hand, as the authors' batches of one have it in training and
    testing (instance normalisation, says their section 3.3); so photos in one batch know nothing of each other, and
    ``eval()`` only silences the dropout, which makes the result repeatable.
    """

    def __init__(self, config: Pix2PixConfig) -> None:
        super().__init__()
        if config.depth < 5:
            raise ValueError(f"the U-Net is at least 5 levels deep, got depth={config.depth}")
        self.stride_px = 2**config.depth
        widths = [min(2**level, 8) * config.width for level in range(config.depth)]
        level: nn.Module = nn.Identity()
        for inner in reversed(range(1, config.depth)):
            is_innermost = inner == config.depth - 1
            has_dropout = 4 <= inner < config.depth - 1
            level = _Level(widths[inner - 1], widths[inner], level, is_innermost, has_dropout)
        self.down = nn.Conv2d(3, config.width, 4, 2, padding=1, bias=False)
        self.level = level
        self.up = nn.Sequential(nn.ReLU(), nn.ConvTranspose2d(2 * config.width, 3, 4, 2, padding=1), nn.Tanh())
        draw_initial_weights(self)

    def forward(self, degraded: Tensor) -> Tensor:
        """Restore ``degraded``; both sides must be multiples of 2^depth."""
        if any(side % self.stride_px for side in degraded.shape[-2:]):
            raise ValueError(f"sides must be multiples of {self.stride_px}, got {tuple(degraded.shape[-2:])}")
        return (self.up(self.level(self.down(2 * degraded - 1))) + 1) / 2


class Pix2PixDiscriminator(nn.Module):
    """Judges whether a photo is the clean one of the degraded photo beside it."""

    def __init__(self, config: Pix2PixConfig) -> None:
        super().__init__()
        self.patches = PatchDiscriminator70(6, config.judge_width, JudgeNorm.BATCH)
        draw_initial_weights(self)

    def forward(self, degraded: Tensor, photo: Tensor) -> list[Tensor]:
        """Judge (N, 3, H, W) pairs in [0, 1]; the last output is one logit per patch, 30 x 30 at 256 px."""
        return self.patches(2 * torch.cat([degraded, photo], dim=1) - 1)


class _Level(nn.Module):
    def __init__(self, outer: int, inner: int, deeper: nn.Module, is_innermost: bool, has_dropout: bool) -> None:
        super().__init__()
        self.down = nn.Sequential(
            nn.LeakyReLU(0.2),
            nn.Conv2d(outer, inner, 4, 2, padding=1, bias=False),
            nn.Identity() if is_innermost else _batch_norm(inner),
        )
        self.deeper = deeper
        self.up = nn.Sequential(
            nn.ReLU(),
            nn.ConvTranspose2d(inner if is_innermost else 2 * inner, outer, 4, 2, padding=1, bias=False),
            _batch_norm(outer),
            nn.Dropout(0.5) if has_dropout else nn.Identity(),
        )

    def forward(self, features: Tensor) -> Tensor:
        """Map (N, outer, h, w) to (N, 2 outer, h, w)."""
        return torch.cat([features, self.up(self.deeper(self.down(features)))], dim=1)


def _batch_norm(channels: int) -> nn.InstanceNorm2d:
    """Batch norm in batches of one, whatever the batch: weights and biases per channel, statistics per photo."""
    return nn.InstanceNorm2d(channels, affine=True)

"""CycleGAN: two translators between degraded and clean photos that never see a pair.

Zhu, Park, Isola, Efros, "Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial Networks", ICCV 2017.
Both directions use the same two networks, each an instance of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from models.baselines.initial_weights import draw_initial_weights
from models.baselines.patch_discriminator import JudgeNorm, PatchDiscriminator70


@dataclass(frozen=True)
class CycleGanConfig:
    """Sizes; the authors' are 64, 9, 64.

    Attributes:
        width: channels at full resolution; four times as many at a quarter, where the residual blocks are.
        num_blocks: residual blocks.
        judge_width: channels of the discriminator's first layer.
    """

    width: int
    num_blocks: int
    judge_width: int


class CycleGanGenerator(nn.Module):
    """Maps a photo (N, 3, H, W) in [0, 1] of one domain to the other: conv, two halvings, residual blocks, and back."""

    def __init__(self, config: CycleGanConfig) -> None:
        super().__init__()
        w = config.width
        self.body = nn.Sequential(
            nn.Conv2d(3, w, 7, padding=3, padding_mode="reflect"),
            *_norm_relu(w),
            nn.Conv2d(w, 2 * w, 3, 2, padding=1),
            *_norm_relu(2 * w),
            nn.Conv2d(2 * w, 4 * w, 3, 2, padding=1),
            *_norm_relu(4 * w),
            *(_ResidualBlock(4 * w) for _ in range(config.num_blocks)),
            nn.ConvTranspose2d(4 * w, 2 * w, 3, 2, padding=1, output_padding=1),
            *_norm_relu(2 * w),
            nn.ConvTranspose2d(2 * w, w, 3, 2, padding=1, output_padding=1),
            *_norm_relu(w),
            nn.Conv2d(w, 3, 7, padding=3, padding_mode="reflect"),
            nn.Tanh(),
        )
        draw_initial_weights(self)

    def forward(self, photo: Tensor) -> Tensor:
        """Translate ``photo``; both sides must be multiples of 4."""
        if any(side % 4 for side in photo.shape[-2:]):
            raise ValueError(f"sides must be multiples of 4, got {tuple(photo.shape[-2:])}")
        return (self.body(2 * photo - 1) + 1) / 2


class CycleGanDiscriminator(nn.Module):
    """Judges whether a photo belongs to its domain."""

    def __init__(self, config: CycleGanConfig) -> None:
        super().__init__()
        self.patches = PatchDiscriminator70(3, config.judge_width, JudgeNorm.INSTANCE)
        draw_initial_weights(self)

    def forward(self, photo: Tensor) -> list[Tensor]:
        """Judge (N, 3, H, W) in [0, 1]; the last output is one score per patch, 1 meant for the domain's own."""
        return self.patches(2 * photo - 1)


class _ResidualBlock(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1, padding_mode="reflect"),
            *_norm_relu(channels),
            nn.Conv2d(channels, channels, 3, padding=1, padding_mode="reflect"),
            nn.InstanceNorm2d(channels),
        )

    def forward(self, features: Tensor) -> Tensor:
        """Map (N, channels, h, w) to the same shape."""
        return features + self.body(features)


def _norm_relu(channels: int) -> tuple[nn.Module, nn.Module]:
    return nn.InstanceNorm2d(channels), nn.ReLU()

"""EdgeConnect: draw the missing edges first, then fill in the colours between them.

Nazeri, Ng, Joseph, Qureshi, Ebrahimi, "EdgeConnect: Generative Image Inpainting with Adversarial Edge Learning",
ICCV Workshops 2019. Written from the paper; the authors' code is for non-commercial use and none of it is here.

Both generators see the hole filled with white and know where it is. What they say outside the hole is not used: joining
their answer and the photo is the caller's business.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations, parametrize

from models.baselines.initial_weights import draw_initial_weights
from models.baselines.patch_discriminator import JudgeNorm, PatchDiscriminator70


@dataclass(frozen=True)
class EdgeConnectConfig:
    """Sizes; the authors' are 64, 8, 64.

    Attributes:
        width: channels at full resolution; four times as many at a quarter, where the residual blocks are.
        num_blocks: dilated residual blocks.
        judge_width: channels of either discriminator's first layer.
    """

    width: int
    num_blocks: int
    judge_width: int


class EdgeGenerator(nn.Module):
    """Draws edges into the hole: grey photo, known edges and mask to edge probability; spectral norm but at the end."""

    def __init__(self, config: EdgeConnectConfig) -> None:
        super().__init__()
        self.body = _generator(3, 1, config, is_spectral=True)
        draw_initial_weights(self)

    def fold_norms(self) -> EdgeGenerator:
        """Divide the spectral norms out for good: the same edges, sooner, from plain convolutions. Returns itself."""
        for module in list(self.modules()):
            if parametrize.is_parametrized(module):
                parametrize.remove_parametrizations(module, "weight")
        return self

    def forward(self, grey: Tensor, edges: Tensor, mask: Tensor) -> Tensor:
        """Draw edges.

        Args:
            grey: (N, 1, H, W) in [0, 1], sides multiples of 4; the hole may hold anything.
            edges: (N, 1, H, W) in {0, 1}: Canny edges of the intact part; the hole may hold anything.
            mask: (N, 1, H, W) in {0, 1}, 1 = hole.

        Returns:
            (N, 1, H, W) edge probability, for the hole and around it.
        """
        _check_sides(grey)
        intact = 1 - mask
        return torch.sigmoid(self.body(torch.cat([grey * intact + mask, edges * intact, mask], dim=1)))


class InpaintGenerator(nn.Module):
    """Paints the hole: photo and complete edges to photo."""

    def __init__(self, config: EdgeConnectConfig) -> None:
        super().__init__()
        self.body = _generator(4, 3, config, is_spectral=False)
        draw_initial_weights(self)

    def forward(self, photo: Tensor, edges: Tensor, mask: Tensor) -> Tensor:
        """Paint a photo.

        Args:
            photo: (N, 3, H, W) in [0, 1], sides multiples of 4; the hole may hold anything.
            edges: (N, 1, H, W) in [0, 1], predicted inside the hole.
            mask: (N, 1, H, W) in {0, 1}, 1 = hole.

        Returns:
            (N, 3, H, W) in [0, 1], painted everywhere.
        """
        _check_sides(photo)
        return (torch.tanh(self.body(torch.cat([photo * (1 - mask) + mask, edges], dim=1))) + 1) / 2


def edge_discriminator(config: EdgeConnectConfig) -> PatchDiscriminator70:
    """Judge edges beside their grey photo, (N, 2, H, W); the authors' sigmoid belongs to the loss on logits."""
    return PatchDiscriminator70(2, config.judge_width, JudgeNorm.SPECTRAL)


def inpaint_discriminator(config: EdgeConnectConfig) -> PatchDiscriminator70:
    """Judge painted photos, (N, 3, H, W)."""
    return PatchDiscriminator70(3, config.judge_width, JudgeNorm.SPECTRAL)


class _DilatedBlock(nn.Module):
    """x + norm(conv3(relu(norm(conv3 dilated by 2 (x))))), padded by reflection."""

    def __init__(self, channels: int, is_spectral: bool) -> None:
        super().__init__()
        convs = [
            nn.Conv2d(
                channels, channels, 3, padding=reach, dilation=reach, padding_mode="reflect", bias=not is_spectral
            )
            for reach in (2, 1)
        ]
        if is_spectral:
            for conv in convs:
                parametrizations.spectral_norm(conv)
        self.body = nn.Sequential(convs[0], *_norm_relu(channels), convs[1], nn.InstanceNorm2d(channels))

    def forward(self, features: Tensor) -> Tensor:
        """Map (N, channels, h, w) to the same shape."""
        return features + self.body(features)


def _generator(inputs: int, outputs: int, config: EdgeConnectConfig, *, is_spectral: bool) -> nn.Sequential:
    w = config.width
    outer = [
        nn.Conv2d(inputs, w, 7, padding=3, padding_mode="reflect"),
        nn.Conv2d(w, 2 * w, 4, 2, padding=1),
        nn.Conv2d(2 * w, 4 * w, 4, 2, padding=1),
        nn.ConvTranspose2d(4 * w, 2 * w, 4, 2, padding=1),
        nn.ConvTranspose2d(2 * w, w, 4, 2, padding=1),
    ]
    if is_spectral:
        for conv in outer:
            parametrizations.spectral_norm(conv)
    first, half, quarter, double, full = outer
    return nn.Sequential(
        first,
        *_norm_relu(w),
        half,
        *_norm_relu(2 * w),
        quarter,
        *_norm_relu(4 * w),
        *(_DilatedBlock(4 * w, is_spectral) for _ in range(config.num_blocks)),
        double,
        *_norm_relu(2 * w),
        full,
        *_norm_relu(w),
        nn.Conv2d(w, outputs, 7, padding=3, padding_mode="reflect"),
    )


def _norm_relu(channels: int) -> tuple[nn.Module, nn.Module]:
    return nn.InstanceNorm2d(channels), nn.ReLU()


def _check_sides(photo: Tensor) -> None:
    if any(side % 4 for side in photo.shape[-2:]):
        raise ValueError(f"sides must be multiples of 4, got {tuple(photo.shape[-2:])}")

"""The defect detector: a U-Net that says for each pixel of a photo whether it is damaged."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.blocks import BlurPool, pad_to_multiple
from models.receptive_field import reach_of_doubled, reach_of_halved


@dataclass(frozen=True)
class DetectorConfig:
    """``widths`` are the channels from full resolution down; each further entry halves the feature map once."""

    widths: tuple[int, ...]


class DefectDetector(nn.Module):
    """U-Net with anti-aliased downsampling: photo -> logits of "this pixel is damaged".

    Ronneberger et al., "U-Net", MICCAI 2015. Batch normalisation is frozen outside training, so a tile gives the same
    logits as the whole photo.
    """

    def __init__(self, config: DetectorConfig) -> None:
        super().__init__()
        self.config = config
        widths = config.widths
        self.stem = _double_convolution(3, widths[0])
        self.down = nn.ModuleList(
            nn.Sequential(BlurPool(above), _double_convolution(above, below)) for above, below in pairwise(widths)
        )
        self.up = nn.ModuleList(
            nn.Conv2d(below, above, 3, padding=1, padding_mode="replicate") for above, below in pairwise(widths)
        )
        self.merge = nn.ModuleList(_double_convolution(2 * above, above) for above, _ in pairwise(widths))
        self.head = nn.Conv2d(widths[0], 1, 1)

    @property
    def grid_px(self) -> int:
        """Pixels per side of one cell of the coarsest feature map."""
        return 2 ** len(self.down)

    @property
    def reach_px(self) -> int:
        """How many pixels to each side decide a logit: down the right side of the U, up its left side."""
        risen = [2]  # of every level, what its two merging convolutions see
        for _ in self.down:
            risen.append(reach_of_doubled(risen[-1] + 1) + 2)
        reach = risen.pop()
        while risen:
            reach = max(reach_of_halved(reach), risen.pop()) + 2
        return reach

    def forward(self, photo: Tensor) -> Tensor:
        """Map ``photo`` (N, 3, H, W) in [0, 1], any H and W, to logits (N, 1, H, W)."""
        height, width = photo.shape[-2:]
        features = self.stem(pad_to_multiple(2 * photo - 1, self.grid_px))
        skips = []
        for down in self.down:
            skips.append(features)
            features = down(features)
        for up, merge, skip in reversed(list(zip(self.up, self.merge, skips, strict=True))):
            risen = up(F.interpolate(features, scale_factor=2, mode="bilinear"))
            features = merge(torch.cat([risen, skip], dim=1))
        return self.head(features)[..., :height, :width]


def _double_convolution(inputs: int, outputs: int) -> nn.Sequential:
    """Two 3x3 convolutions, each with batch normalisation and a leaky rectifier."""
    layers: list[nn.Module] = []
    for channels in (inputs, outputs):
        layers += [
            nn.Conv2d(channels, outputs, 3, padding=1, padding_mode="replicate", bias=False),
            nn.BatchNorm2d(outputs),
            nn.LeakyReLU(0.2),
        ]
    return nn.Sequential(*layers)

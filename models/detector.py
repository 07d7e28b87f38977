"""The defect detector: a U-Net that says for each pixel of a photo whether it is damaged."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.blocks import BlurPool, pad_to_multiple
from models.receptive_field import reach_of_doubled, reach_of_halved

_RARE = -3.0  # logit of the head at first: one pixel in twenty, about as rare as damage is


@dataclass(frozen=True)
class DetectorConfig:
    """``widths`` are the channels from full resolution down; each further entry halves the feature map once."""

    widths: tuple[int, ...]


class DefectDetector(nn.Module):
    """U-Net with anti-aliased downsampling: photo -> logits of "this pixel is damaged".

    Ronneberger et al., "U-Net", MICCAI 2015, with residual blocks (He et al., CVPR 2016) below full resolution:
        f_0 = conv(photo),  f_i = blocks(conv(blur(f_{i-1}))),  g_i = block(up(g_{i+1}) + f_i),  logits = head(g_0).
    The full resolution, where a channel costs most, only has a convolution each way; skips are added, not
    concatenated. Batch normalisation is frozen outside training, so a tile gives the same logits as the whole photo.
    """

    def __init__(self, config: DetectorConfig) -> None:
        super().__init__()
        self.config = config
        widths = config.widths
        self.stem = _convolution(3, widths[0])
        self.down = nn.ModuleList(
            nn.Sequential(BlurPool(above), _convolution(above, below), _Block(below))
            for above, below in pairwise(widths)
        )
        self.bottom = _Block(widths[-1])
        self.up = nn.ModuleList(nn.Conv2d(below, above, 1, bias=False) for above, below in pairwise(widths))
        self.merge = nn.ModuleList(
            nn.Sequential(nn.BatchNorm2d(width), nn.ReLU(), _Block(width) if level else _convolution(width, width))
            for level, width in enumerate(widths[:-1])
        )
        self.head = nn.Conv2d(widths[0], 1, 1)
        nn.init.constant_(_bias(self.head), _RARE)

    @property
    def grid_px(self) -> int:
        """Pixels per side of one cell of the coarsest feature map."""
        return 2 ** len(self.down)

    @property
    def reach_px(self) -> int:
        """How many pixels to each side decide a logit: down the right side of the U, up its left side."""
        risen = [1 if self.down else 2]  # of every level, what its merging convolutions and those above it see
        for _ in self.down:
            risen.append(reach_of_doubled(risen[-1] + 1) + 2)
        reach = risen.pop()
        while risen:
            reach = max(reach_of_halved(reach + 3), risen.pop())
        return reach + 1

    def features(self, photo: Tensor) -> list[Tensor]:
        """The maps g_i of ``photo`` (N, 3, H, W) in [0, 1], finest first: each (N, widths[i], h / 2^i, w / 2^i).

        h and w are H and W, which may be any, filled up to whole cells of the coarsest map.
        """
        features = self.stem(pad_to_multiple(2 * photo - 1, self.grid_px))
        skips = []
        for down in self.down:
            skips.append(features)
            features = down(features)
        maps = [self.bottom(features)]
        for up, merge, skip in reversed(list(zip(self.up, self.merge, skips, strict=True))):
            maps.append(merge(F.interpolate(up(maps[-1]), scale_factor=2, mode="bilinear") + skip))
        return maps[::-1]

    def logits(self, finest: Tensor) -> Tensor:
        """From the finest map (N, widths[0], h, w) to logits (N, 1, h, w)."""
        return self.head(finest)

    def forward(self, photo: Tensor) -> Tensor:
        """Map ``photo`` (N, 3, H, W) in [0, 1], any H and W, to logits (N, 1, H, W)."""
        height, width = photo.shape[-2:]
        return self.logits(self.features(photo)[0])[..., :height, :width]

    def recalibrate(self, scale: float, shift: float) -> None:
        """Say ``scale * logits + shift`` from now on: a calibration becomes part of the weights."""
        with torch.no_grad():
            self.head.weight *= scale
            _bias(self.head).mul_(scale).add_(shift)


class _Block(nn.Module):
    """relu(x + norm(conv(relu(norm(conv(x)))))); the last scale starts at zero, so a new block is silent."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = _convolution(channels, channels)
        scale = nn.BatchNorm2d(channels)
        nn.init.zeros_(scale.weight)
        self.second = nn.Sequential(nn.Conv2d(channels, channels, 3, padding=1, bias=False), scale)

    def forward(self, features: Tensor) -> Tensor:
        """Map (N, C, h, w) to (N, C, h, w)."""
        return F.relu(features + self.second(self.first(features)))


def _convolution(inputs: int, outputs: int) -> nn.Sequential:
    """A 3x3 convolution with batch normalisation and a rectifier."""
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU())


def _bias(convolution: nn.Conv2d) -> Tensor:
    assert convolution.bias is not None
    return convolution.bias

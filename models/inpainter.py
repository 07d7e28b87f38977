"""The inpainter: paints what is marked as the photo around it is, from where the first fill begins."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.blocks import Norm, ResidualBlock, pad_to_multiple, silent
from models.first_fill import REACH_PX, first_fill
from models.receptive_field import reach_of_doubled, reach_of_halved

_FOLD: int = 2
"""Pixels per side of a cell of the finest map: a photo is seen in cells of 2 x 2 px, all their values side by side."""


@dataclass(frozen=True)
class InpainterConfig:
    """Sizes of the inpainter.

    Attributes:
        widths: channels of its maps, finest first; each has half the resolution of the one before.
        num_blocks: residual blocks of the coarsest map.
    """

    widths: tuple[int, ...]
    num_blocks: int


class Inpainter(nn.Module):
    r"""A U-Net that is told which pixels are marked and paints only those.

    With the photo x and the mask m::

        b  = first_fill(x, m > 0)             the means of what is around
        p  = b + U(2 b - 1, m > 0)            what belongs there
        x' = (1 - m) x + m p

    Ronneberger et al., "U-Net", MICCAI 2015, with added skips, residual blocks and no norm, so that tone is kept and a
    tile gives the same as the photo; a fresh one paints what the first fill does. Not part of the published method,
    whose mapping is told of damage by the cell of 4 x 4 px only (docs/decisions/0022).
    """

    def __init__(self, config: InpainterConfig) -> None:
        super().__init__()
        self.config = config
        widths = config.widths
        self.stem = nn.Conv2d(4 * _FOLD**2, widths[0], 3, padding=1)
        self.before = nn.ModuleList(_block(width) for width in widths[:-1])
        self.down = nn.ModuleList(nn.Conv2d(above, below, 4, stride=2, padding=1) for above, below in pairwise(widths))
        self.bottom = nn.Sequential(*(_block(widths[-1]) for _ in range(config.num_blocks)))
        self.up = nn.ModuleList(nn.Conv2d(below, 4 * above, 1) for above, below in pairwise(widths))
        self.after = nn.ModuleList(nn.Sequential(_block(width), _block(width)) for width in widths[:-1])
        self.head = silent(nn.Conv2d(widths[0], 3 * _FOLD**2, 3, padding=1))

    @property
    def grid_px(self) -> int:
        """Pixels per side of one cell of the coarsest map."""
        return _FOLD * 2 ** len(self.down)

    @property
    def reach_px(self) -> int:
        """How many pixels to each side decide a painted one, its first fill included."""
        reach = [1]  # of every map, finest first: what is behind it on the way up, in its own cells
        for _ in self.down:
            reach.append(reach_of_doubled(reach[-1] + 4))
        seen = reach.pop() + 2 * self.config.num_blocks
        while reach:
            seen = reach_of_halved(seen) + 2
            reach.pop()
        return _FOLD * (seen + 1) + _FOLD - 1 + REACH_PX

    def forward(self, photo: Tensor, mask: Tensor) -> Tensor:
        """Paint what ``mask`` (N, 1, H, W) marks of ``photo`` (N, 3, H, W) in [0, 1]; any H and W.

        A pixel that is marked in part is painted by as much; where nothing is marked the photo is given back.
        """
        if not bool((mask > 0).any()):
            return photo
        return torch.lerp(photo, self.painted(photo, mask).clamp(0, 1).to(photo.dtype), mask.to(photo.dtype))

    def painted(self, photo: Tensor, mask: Tensor) -> Tensor:
        """What belongs where ``mask`` marks ``photo``, (N, 3, H, W); it may overshoot [0, 1] a little."""
        marked = (mask > 0).to(photo.dtype)
        begun = first_fill(photo, marked)
        return begun + self.change(begun, marked).to(begun.dtype)

    def change(self, begun: Tensor, marked: Tensor) -> Tensor:
        """What has to be added to ``begun`` (N, 3, H, W), of which the ones of ``marked`` (N, 1, H, W) are filled."""
        height, width = begun.shape[-2:]
        seen = pad_to_multiple(torch.cat([2 * begun - 1, marked], dim=1), self.grid_px)
        features = F.relu(self.stem(F.pixel_unshuffle(seen, _FOLD)))
        skips = []
        for before, down in zip(self.before, self.down, strict=True):
            skips.append(before(features))
            features = F.relu(down(skips[-1]))
        features = self.bottom(features)
        for up, after, skip in reversed(list(zip(self.up, self.after, skips, strict=True))):
            features = after(F.relu(F.pixel_shuffle(up(features), 2)) + skip)
        return F.pixel_shuffle(self.head(features), _FOLD)[..., :height, :width]


def _block(channels: int) -> ResidualBlock:
    """Zeros stand beyond the edge: repeating it costs a third of the time of a training."""
    return ResidualBlock(channels, Norm.NONE, padding_mode="zeros")

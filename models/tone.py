"""Tone: one curve a channel that takes fading, yellowing and casts back from a whole photo."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

_DARKEST: Final = 1e-3  # below it a power has no slope to speak of
_FARTHEST: Final = 3.0  # what the network says of a curve is squashed to so much to either side
_NUM_CURVE_VALUES: Final = 10


@dataclass(frozen=True)
class ToneConfig:
    """Sizes of the reader: ``bins`` of each channel's histogram, ``thumbnail_px``, ``width`` of the layers."""

    bins: int
    thumbnail_px: int
    width: int


@dataclass(frozen=True)
class ToneCurves:
    """One curve for each channel of each photo: x' = x + share (clamp(gain (x - lift))^gamma - x).

    ``lift`` is what fading added to black, ``gain`` the contrast it took, ``gamma`` the density its dyes lost: the
    inverses of ``ops/degradation/fading.py``. All are monotone, so nothing changes places.

    Attributes:
        gain: (N, 3).
        lift: (N, 3).
        gamma: (N, 3).
        share: (N, 1) in [0, 1]: how much of the curve is taken.
        sureness: (N,) in [0, 1]: how likely it is that the photo comes nearer to what it was.
    """

    gain: Tensor
    lift: Tensor
    gamma: Tensor
    share: Tensor
    sureness: Tensor

    def weakened(self, strength: float) -> ToneCurves:
        """The same curves, ``strength`` in [0, 1] of them: 0 leaves every photo as it is."""
        return replace(self, share=strength * self.share)

    def __call__(self, photo: Tensor) -> Tensor:
        """``photo`` (N, 3, H, W) in [0, 1] by its curves, of the same shape and range."""
        gain, lift, gamma, share = (one[..., None, None] for one in (self.gain, self.lift, self.gamma, self.share))
        bent = (gain * (photo - lift)).clamp(_DARKEST, 1) ** gamma
        return torch.lerp(photo, bent, share.expand_as(photo)).clamp(0, 1)


@dataclass(frozen=True)
class ToneReading:
    """What the reader sees of photos: nothing but their intact pixels, and of them no edge and no grain.

    Attributes:
        histograms: (N, 3, bins), shares of the pixels of each channel; 0 everywhere if no pixel is intact.
        thumbnail: (N, 3, side, side) in [0, 1], means of parts of the photo.
        is_grey: (N,), whether all three channels are the same.
    """

    histograms: Tensor
    thumbnail: Tensor
    is_grey: Tensor


class ToneReader(nn.Module):
    """Looks at a small copy of a photo and says by which curves it comes nearer to what it was.

    It sees the histogram of each channel (as roots and as running sums) and a thumbnail. A photo without colours gets
    one curve for all channels and stays without. Not part of the published method, which leaves tone to the latents
    (docs/decisions/0019).
    """

    def __init__(self, config: ToneConfig) -> None:
        super().__init__()
        self.config = config
        narrow, wide = config.width // 4, config.width // 2
        self.look = nn.Sequential(
            nn.Conv2d(3, narrow, 3, padding=1), nn.ReLU(),
            nn.Conv2d(narrow, wide, 3, stride=2, padding=1), nn.ReLU(),
            nn.Conv2d(wide, wide, 3, stride=2, padding=1), nn.ReLU(),
            nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        )  # fmt: skip
        self.body = nn.Sequential(
            nn.Linear(6 * config.bins + wide, config.width), nn.ReLU(),
            nn.Linear(config.width, config.width), nn.ReLU(),
        )  # fmt: skip
        self.head = nn.Linear(config.width, _NUM_CURVE_VALUES + 1)
        nn.init.zeros_(self.head.weight)  # it starts with no change at all
        nn.init.zeros_(self.head.bias)

    def forward(self, photo: Tensor, mask: Tensor) -> ToneCurves:
        """Read ``photo`` (N, 3, h, w) in [0, 1], which is small, where ``mask`` (N, 1, h, w) is 0."""
        reading = self.read(photo, mask)
        return self.curves(reading, self.values(reading))

    def read(self, photo: Tensor, mask: Tensor) -> ToneReading:
        """What ``values`` wants to know of ``photo`` (N, 3, h, w) where ``mask`` (N, 1, h, w) is 0."""
        side, is_intact = self.config.thumbnail_px, mask <= 0
        counts = level_counts(photo, is_intact, self.config.bins)
        intact = is_intact.to(photo.dtype)
        weight = F.adaptive_avg_pool2d(intact, side)
        known = F.adaptive_avg_pool2d(photo * intact, side) / weight.clamp_min(1e-6)
        return ToneReading(
            histograms=counts / counts.sum(-1, keepdim=True).clamp_min(1),
            thumbnail=known.where(weight > 0, F.adaptive_avg_pool2d(photo, side)),
            is_grey=(photo == photo[:, :1]).flatten(1).all(dim=1),
        )

    def values(self, reading: ToneReading) -> Tensor:
        """What it says of each photo, (N, 11): of three gains, three lifts, three gammas, the share, and the sureness.

        All are 0 for no change but the share; the last is a logit. ``curves`` makes curves of them.
        """
        roots, sums = reading.histograms.sqrt(), reading.histograms.cumsum(-1)
        known = [roots.flatten(1), sums.flatten(1), self.look(2 * reading.thumbnail - 1)]
        return self.head(self.body(torch.cat(known, dim=1))).float()

    def curves(self, reading: ToneReading, values: Tensor) -> ToneCurves:
        """The curves of ``values`` (N, 11); one for all channels of photos without colour."""
        bends = _FARTHEST * (values[:, :_NUM_CURVE_VALUES] / _FARTHEST).tanh()
        by_channel = bends[:, :9].unflatten(1, (3, 3))  # gains, lifts, gammas
        common = by_channel.mean(dim=2, keepdim=True).expand_as(by_channel)
        gain, lift, gamma = common.where(reading.is_grey[:, None, None], by_channel).unbind(1)
        return ToneCurves(
            gain=(gain / 2).exp(),
            lift=lift / 5,
            gamma=(gamma / 2).exp(),
            share=(bends[:, 9:] + 2).sigmoid(),
            sureness=values[:, _NUM_CURVE_VALUES].sigmoid(),
        )


def level_counts(photo: Tensor, is_counted: Tensor, bins: int, weights: Tensor | None = None) -> Tensor:
    """How many pixels of ``photo`` (N, 3, h, w) lie in each of ``bins`` steps from 0 to 1, as (N, 3, bins).

    Only those where ``is_counted`` (N, 1, h, w); each counts as one, or as ``weights`` (N, 3, h, w) say.
    """
    count = len(photo)
    planes = torch.arange(3 * count, device=photo.device).view(count, 3, 1, 1)
    is_counted = is_counted.expand_as(photo)
    placed = ((photo * bins).long().clamp(0, bins - 1) + bins * planes)[is_counted]
    chosen = None if weights is None else weights[is_counted].double()
    return torch.bincount(placed, chosen, minlength=3 * count * bins).view(count, 3, bins).float()

"""NAFNet: a U-Net without activations; what somebody who has pairs would train today.

Chen, Chu, Zhang, Sun, "Simple Baselines for Image Restoration", ECCV 2022. Written from the paper.

Its channel attention is a mean over the whole input, so it must see tiles of the size it was trained on (Chu et al.,
"Improving Image Restoration by Revisiting Global Information Aggregation", ECCV 2022).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class NafNetConfig:
    """Sizes; the authors' for noise of real cameras are 32, (2, 2, 4, 8), 12, (2, 2, 2, 2).

    Attributes:
        width: channels at full resolution, doubled by each halving.
        encoder_blocks: blocks before each halving.
        middle_blocks: blocks at the coarsest grid.
        decoder_blocks: blocks behind each doubling, from coarse to fine; as many as ``encoder_blocks``.
    """

    width: int
    encoder_blocks: tuple[int, ...]
    middle_blocks: int
    decoder_blocks: tuple[int, ...]

    @property
    def stride_px(self) -> int:
        """Height and width must be multiples of this."""
        return int(2 ** len(self.encoder_blocks))


class NafNet(nn.Module):
    """Maps a degraded photo (N, 3, H, W) in [0, 1] to a restored one: x + what the U-Net says; nothing bounds it."""

    def __init__(self, config: NafNetConfig) -> None:
        super().__init__()
        self.stride_px = config.stride_px
        widths = [config.width * 2**level for level in range(len(config.encoder_blocks) + 1)]
        self.head = nn.Conv2d(3, config.width, 3, padding=1)
        self.encoders = nn.ModuleList(_blocks(w, n) for w, n in zip(widths, config.encoder_blocks, strict=False))
        self.halvings = nn.ModuleList(nn.Conv2d(w, 2 * w, 2, 2) for w in widths[:-1])
        self.middle = _blocks(widths[-1], config.middle_blocks)
        coarse_to_fine = widths[-2::-1]
        self.doublings = nn.ModuleList(
            nn.Sequential(nn.Conv2d(2 * w, 4 * w, 1, bias=False), nn.PixelShuffle(2)) for w in coarse_to_fine
        )
        self.decoders = nn.ModuleList(_blocks(w, n) for w, n in zip(coarse_to_fine, config.decoder_blocks, strict=True))
        self.to_rgb = nn.Conv2d(config.width, 3, 3, padding=1)

    def forward(self, degraded: Tensor) -> Tensor:
        """Restore ``degraded``; both sides must be multiples of ``stride_px``."""
        if any(side % self.stride_px for side in degraded.shape[-2:]):
            raise ValueError(f"sides must be multiples of {self.stride_px}, got {tuple(degraded.shape[-2:])}")
        features, passed = self.head(degraded), []
        for encoder, halving in zip(self.encoders, self.halvings, strict=True):
            features = encoder(features)
            passed.append(features)
            features = halving(features)  # (N, 2w, h/2, w/2)
        features = self.middle(features)
        for doubling, decoder in zip(self.doublings, self.decoders, strict=True):
            features = decoder(doubling(features) + passed.pop())
        return degraded + self.to_rgb(features)


class NafBlock(nn.Module):
    """A convolution and a pixelwise layer, gated by multiplication instead of an activation.

    With N layer norm over channels, a | b the halves of the channels, and mean the mean over the photo:
        gate(a | b) = a b,    g = gate(depthwise3(conv1(N(x)))),
        y = x + beta conv1(g conv1(mean(g))),    z = y + gamma conv1(gate(conv1(N(y))))
    beta and gamma start at zero, one per channel. Sections 3.3 and 3.4, figure 3c.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first_norm, self.second_norm = _ChannelNorm(channels), _ChannelNorm(channels)
        self.spread = nn.Sequential(
            nn.Conv2d(channels, 2 * channels, 1),
            nn.Conv2d(2 * channels, 2 * channels, 3, padding=1, groups=2 * channels),
        )
        self.attention = nn.Conv2d(channels, channels, 1)
        self.gather = nn.Conv2d(channels, channels, 1)
        self.widen, self.narrow = nn.Conv2d(channels, 2 * channels, 1), nn.Conv2d(channels, channels, 1)
        self.beta, self.gamma = (nn.Parameter(torch.zeros(1, channels, 1, 1)) for _ in range(2))

    def forward(self, features: Tensor) -> Tensor:
        """Map (N, channels, h, w) to the same shape."""
        gated = _gate(self.spread(self.first_norm(features)))
        attended = gated * self.attention(gated.mean(dim=(-2, -1), keepdim=True))
        features = features + self.beta * self.gather(attended)
        return features + self.gamma * self.narrow(_gate(self.widen(self.second_norm(features))))


class _ChannelNorm(nn.Module):
    """Layer norm over the channels of each pixel, with weight and bias per channel."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1, channels, 1, 1))
        self.bias = nn.Parameter(torch.zeros(1, channels, 1, 1))

    def forward(self, features: Tensor) -> Tensor:
        """Map (N, channels, h, w) to the same shape."""
        centred = features - features.mean(dim=1, keepdim=True)
        variance = centred.square().mean(dim=1, keepdim=True)  # three times as fast as torch.var_mean over channels
        return centred * torch.rsqrt(variance + 1e-6) * self.weight + self.bias


def _gate(features: Tensor) -> Tensor:
    """(N, 2C, h, w) to (N, C, h, w): the product of both halves."""
    first, second = features.chunk(2, dim=1)
    return first * second


def _blocks(channels: int, count: int) -> nn.Sequential:
    return nn.Sequential(*(NafBlock(channels) for _ in range(count)))

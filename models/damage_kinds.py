"""What kind of damage a damaged pixel has: a small head on what the defect detector knows of a photo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional as F

from models.detector import DetectorConfig


@dataclass(frozen=True)
class DamageKindsConfig:
    """``kinds`` are the names of what is told apart; ``width`` are the channels of the head."""

    kinds: tuple[str, ...]
    width: int


class DamageKinds(nn.Module):
    """The detector's feature maps -> logits of each kind, which only mean something where a pixel is damaged.

    With the maps g_i of ``DefectDetector.features``, from the coarsest to the second finest:
        x_i = relu(A_i g_i + B_i up(x_{i+1})),  logits = up(C x_1).
    Sums of what every scale says, as in Long et al., "Fully Convolutional Networks", CVPR 2015. All convolutions are of
    one cell, so the head sees no further than the detector (``reach_px``); the finest map, where a channel costs most
    and the detector's own mask already draws the outline, is left out.
    """

    def __init__(self, config: DamageKindsConfig, detector: DetectorConfig) -> None:
        super().__init__()
        if len(detector.widths) < 2:
            raise ValueError(f"the head reads the coarser maps of a detector, this one has none: {detector.widths}")
        self.config = config
        coarse_first = detector.widths[:0:-1]
        self.read = nn.ModuleList(nn.Conv2d(channels, config.width, 1) for channels in coarse_first)
        self.carry = nn.ModuleList(nn.Conv2d(config.width, config.width, 1, bias=False) for _ in coarse_first[1:])
        self.head = nn.Conv2d(config.width, len(config.kinds), 1)

    def forward(self, features: Sequence[Tensor]) -> Tensor:
        """Map ``features``, finest first, to logits (N, kinds, h, w) at the size of the finest."""
        coarsest, *finer = features[:0:-1]
        known = F.relu(self.read[0](coarsest))
        for map_, read, carry in zip(finer, self.read[1:], self.carry, strict=True):
            known = F.relu(read(map_) + F.interpolate(carry(known), scale_factor=2, mode="bilinear"))
        return F.interpolate(self.head(known), scale_factor=2, mode="bilinear")

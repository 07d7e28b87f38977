"""The fidelity gate: decides for each pixel how much of the repainted photo replaces the original."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class FidelityGateConfig:
    """``width`` is the number of channels of the two hidden convolutions."""

    width: int


class FidelityGate(nn.Module):
    """gate = sigmoid(f(degraded, painted, mask)), one value a pixel: 0 keeps the original, 1 takes the repainted one.

    A latent at a quarter of the resolution cannot hold every hair of a sharp photo. The gate gives the original's
    detail back where nothing is wrong, so that a clean photo passes unchanged; it is also the record of where a photo
    was altered. Not part of the published method (docs/decisions/0003).
    """

    def __init__(self, config: FidelityGateConfig) -> None:
        super().__init__()
        self.config = config
        self.body = nn.Sequential(
            nn.Conv2d(7, config.width, 5, padding=2, padding_mode="replicate"),
            nn.ReLU(),
            nn.Conv2d(config.width, config.width, 3, padding=1, padding_mode="replicate"),
            nn.ReLU(),
            nn.Conv2d(config.width, 1, 3, padding=1, padding_mode="replicate"),
        )

    @property
    def reach_px(self) -> int:
        """How many pixels to each side decide a value of the gate: one 5x5 and two 3x3 convolutions."""
        return 4

    def forward(self, degraded: Tensor, painted: Tensor, mask: Tensor) -> Tensor:
        """Return the gate (N, 1, H, W) in [0, 1] for photos (N, 3, H, W) and ``mask`` (N, 1, H, W)."""
        logits = self.body(torch.cat([2 * degraded - 1, painted - degraded, mask], dim=1))
        return logits.to(degraded.dtype).sigmoid()  # bfloat16 has 256 steps below 1: visible where much is changed

"""Our own method as a ``Restorer``: triplet domain translation with the detected mask."""

from __future__ import annotations

import torch
from torch import Tensor

from models.triplet import TripletNetwork
from ops.tone import ToneRestorer


class TripletRestorer:
    """Restores with a trained ``TripletNetwork``; without a mask the photo counts as free of structured damage.

    ``tone`` takes fading, yellowing and casts back before; None leaves them to the network.
    """

    def __init__(self, network: TripletNetwork, tone: ToneRestorer | None = None) -> None:
        self.network = network.eval()
        self.tone = tone

    @torch.inference_mode()
    def __call__(self, degraded: Tensor, mask: Tensor | None) -> Tensor:
        """Restore ``degraded`` (1, 3, H, W) under ``mask`` (1, 1, H, W); both and the result in [0, 1]."""
        damage = torch.zeros_like(degraded[:, :1]) if mask is None else mask
        toned = degraded if self.tone is None else self.tone(degraded, damage)
        return self.network(toned, damage).restored.clamp(0, 1)

"""Our own method as a ``Restorer``: triplet domain translation with the detected mask."""

from __future__ import annotations

import torch
from torch import Tensor

from models.triplet import TripletNetwork


class TripletRestorer:
    """Restores with a trained ``TripletNetwork``; without a mask the photo counts as free of structured damage."""

    def __init__(self, network: TripletNetwork) -> None:
        self.network = network.eval()

    @torch.inference_mode()
    def __call__(self, degraded: Tensor, mask: Tensor | None) -> Tensor:
        """Restore ``degraded`` (N, 3, H, W) under ``mask`` (N, 1, H, W); both and the result in [0, 1]."""
        damage = torch.zeros_like(degraded[:, :1]) if mask is None else mask
        return self.network(degraded, damage).restored.clamp(0, 1)

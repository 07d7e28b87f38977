"""Trained networks that restore a photo in one pass and know nothing of masks."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from models.blocks import pad_to_multiple
from ops.blended_tiles import restore_in_tiles


class FeedForwardRestorer:
    """Restores with ``network``, which maps (1, 3, H, W) in [0, 1] to the same shape.

    Args:
        network: trained; dropout is silenced here.
        multiple_px: sides that the network takes are multiples of this; photos are continued by their edge and cut.
        tile_px: side of the crops the network was trained on, if it must see photos in tiles of that size.
    """

    def __init__(self, network: nn.Module, multiple_px: int = 1, tile_px: int | None = None) -> None:
        self.network = network.eval()
        self.multiple_px = multiple_px
        self.tile_px = tile_px

    @torch.inference_mode()
    def __call__(self, degraded: Tensor, mask: Tensor | None) -> Tensor:
        """Restore ``degraded`` (1, 3, H, W) in [0, 1] of any size; ``mask`` is ignored."""
        tile_px = self.tile_px or max(degraded.shape[-2:])
        return restore_in_tiles(self._pass, degraded, tile_px).clamp(0, 1)

    def _pass(self, photo: Tensor) -> Tensor:
        height, width = photo.shape[-2:]
        restored: Tensor = self.network(pad_to_multiple(photo, self.multiple_px))
        return restored[..., :height, :width]

"""Photos in tiles of one size, blended where they overlap: for networks that take a mean over all they see.

``ops/tiles.py`` cuts so that tiles equal the whole; here they shall not. A network that weighs its filters by a mean
over its input must see what it was trained on, whole crops of one size (Chu et al., "Improving Image Restoration by
Revisiting Global Information Aggregation", ECCV 2022).
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


def restore_in_tiles(network: Callable[[Tensor], Tensor], photo: Tensor, tile_px: int, overlap_px: int = 16) -> Tensor:
    """Restore ``photo`` tile by tile; where tiles overlap, each counts the more the farther its edge is.

    Args:
        network: maps (N, 3, h, w) in [0, 1] to the same shape; h and w are ``tile_px``, or the photo's side if less.
        photo: (N, 3, H, W) in [0, 1].
        tile_px: side of a tile.
        overlap_px: how far neighbours share pixels at least, less than ``tile_px``.

    Returns:
        (N, 3, H, W).
    """
    height, width = (min(side, tile_px) for side in photo.shape[-2:])
    share = _ramp(height, overlap_px)[:, None] * _ramp(width, overlap_px)[None, :]
    total, shares = torch.zeros_like(photo), photo.new_zeros(photo.shape[-2:])
    for top in _starts(photo.shape[-2], tile_px, overlap_px):
        for left in _starts(photo.shape[-1], tile_px, overlap_px):
            rows, columns = slice(top, top + height), slice(left, left + width)
            total[..., rows, columns] += share.to(photo) * network(photo[..., rows, columns])
            shares[rows, columns] += share.to(photo)
    return total / shares


def _starts(side: int, tile_px: int, overlap_px: int) -> list[int]:
    """Where tiles begin along a side: evenly, the first and the last flush with its ends."""
    if side <= tile_px:
        return [0]
    steps = -(-(side - tile_px) // (tile_px - overlap_px))
    return [(side - tile_px) * step // steps for step in range(steps + 1)]


def _ramp(length: int, overlap_px: int) -> Tensor:
    """(length,) in (0, 1]: 1 in the middle, falling to both ends over ``overlap_px``."""
    distance = torch.arange(1, length + 1)
    return torch.minimum(distance, distance.flip(0)).clamp(max=overlap_px) / overlap_px

"""Large photos in pieces: the same function on overlapping tiles, each giving its own middle to the result."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Tiling:
    """How a photo is cut.

    Attributes:
        tile_px: side of the middle that a tile contributes; photos up to this side stay whole.
        halo_px: context on each side. From the receptive field on, the tiled result equals the whole one.
    """

    tile_px: int
    halo_px: int


def map_tiles(function: Callable[[Tensor], Tensor], photo: Tensor, tiling: Tiling) -> Tensor:
    """Apply ``function``, (1, C, H, W) to (1, D, H, W) of the same size, tile by tile.

    Tiles start at multiples of ``tile_px``, so a network whose grid divides ``tile_px`` and ``halo_px`` meets the
    same cells as on the whole photo.
    """
    height, width = photo.shape[-2:]
    if max(height, width) <= tiling.tile_px:
        return function(photo)
    result: Tensor | None = None
    for rows in _spans(height, tiling):
        for columns in _spans(width, tiling):
            tile = function(photo[..., rows.outer, columns.outer])
            if result is None:
                result = torch.empty(*tile.shape[:-2], height, width, dtype=tile.dtype)
            result[..., rows.middle, columns.middle] = tile[..., rows.inner, columns.inner]
    assert result is not None
    return result


@dataclass(frozen=True)
class _Span:
    """One tile along one side: ``outer`` is read, ``inner`` of what comes out is kept, at ``middle`` of the result."""

    outer: slice
    inner: slice
    middle: slice


def _spans(length: int, tiling: Tiling) -> Iterator[_Span]:
    for start in range(0, length, tiling.tile_px):
        stop = min(start + tiling.tile_px, length)
        first, last = max(0, start - tiling.halo_px), min(length, stop + tiling.halo_px)
        yield _Span(slice(first, last), slice(start - first, stop - first), slice(start, stop))

"""Large photos in pieces: overlapping tiles, each of which gives its own middle to the result."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from torch import Tensor


@dataclass(frozen=True)
class Tiling:
    """How a photo is cut. For networks that know how far they see, no value changes the result.

    Attributes:
        tile_px: side of the middle that a tile with neighbours all around contributes.
        halo_px: context on each side for networks that see the whole photo (``Norm.INSTANCE``), which no halo makes
            exact. All others take as much as they see.
    """

    tile_px: int
    halo_px: int


@dataclass(frozen=True)
class Tile:
    """Rows and columns of one tile.

    Attributes:
        outer: what is read of the photo.
        inner: what is kept of that.
        middle: where in the photo the kept part lies.
    """

    outer: tuple[slice, slice]
    inner: tuple[slice, slice]
    middle: tuple[slice, slice]


def cut(height: int, width: int, tile_px: int, reach_px: int, grid_px: int) -> Iterator[Tile]:
    """Cut a photo into tiles whose middles cover it once, row by row.

    Args:
        height: of the photo.
        width: of the photo.
        tile_px: side of the middle of a tile with neighbours all around, give or take one cell.
        reach_px: how far to each side a network sees; the halo is the next multiple of the grid.
        grid_px: side of the network's coarsest cell. Tiles start on its grid, so a tile meets the cells of the photo.
    """
    spans = [_spans(length, tile_px, reach_px, grid_px) for length in (height, width)]
    for rows in spans[0]:
        for columns in spans[1]:
            yield Tile((rows.outer, columns.outer), (rows.inner, columns.inner), (rows.middle, columns.middle))


@dataclass(frozen=True)
class _Span:
    """One tile along one side."""

    outer: slice
    inner: slice
    middle: slice


def _spans(length: int, tile_px: int, reach_px: int, grid_px: int) -> list[_Span]:
    """Tiles along one side, all read equally long: the first and the last, with one halo, contribute more."""
    halo = -(-reach_px // grid_px) * grid_px
    number = max(1, -(-(length - 2 * halo) // tile_px))
    inside = (halo + (length - 2 * halo) * n // number // grid_px * grid_px for n in range(1, number))
    borders = [0, *inside, length]
    spans = []
    for start, stop in pairwise(borders):
        first, last = max(0, start - halo), min(length, stop + halo)
        spans.append(_Span(slice(first, last), slice(start - first, stop - first), slice(start, stop)))
    return spans


def kept(result: Tensor, tile: Tile) -> Tensor:
    """What is kept of ``result`` (N, C, h, w), which was made of all that was read."""
    return result[..., *tile.inner]


def put(photo: Tensor, tile: Tile, result: Tensor) -> None:
    """Write what is kept of ``result`` where it lies in ``photo`` (N, C, H, W)."""
    photo[..., *tile.middle] = kept(result, tile)


def on_grid(pixels: tuple[slice, slice], cell_px: int) -> tuple[slice, slice]:
    """Rows and columns of cells that hold these rows and columns of pixels, which start on the grid of cells."""
    rows, columns = (slice(side.start // cell_px, -(-side.stop // cell_px)) for side in pixels)
    return rows, columns

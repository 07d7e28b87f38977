"""The first fill: what stands around damage grows into it, so that the networks begin with a plausible colour."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor
from torch.nn import functional as F

from models.blocks import full_precision

_SPREADS_PX: Final = (1, 2)
_SPREADS_CELLS: Final = (1, 2, 4)
CELL_PX: Final = 4
"""Side of the cells in which the wide spreads are counted; tiles of a photo have to start on their grid."""

REACH_PX: Final = CELL_PX * (3 * _SPREADS_CELLS[-1] + 2)
"""How many pixels to each side decide a filled pixel: the widest spread, a cell and its bilinear neighbour."""

_ENOUGH: Final = 1 / 8
"""Share of a spread's weight that has to lie on intact pixels before its colour is taken for the whole of it."""


def first_fill(photo: Tensor, mask: Tensor) -> Tensor:
    r"""Replace damaged pixels of ``photo`` (N, 3, H, W) by the means of the intact ones around; ``mask`` (N, 1, H, W).

    Normalised convolution at growing spreads s (standard deviations of 1, 2, 4, 8 and 16 px)::

        c_s = (g_s * (i x)) / (g_s * i)         mean of the intact pixels, i = 1 where the mask is exactly 0
        w_s = min(1, 8 (g_s * i))               how much of the spread is intact
        f   = c_1 w_1 + (1 - w_1) (c_2 w_2 + (1 - w_2) (...))
        x'  = (1 - m) x + m f

    Knutsson and Westin, "Normalized and differential convolution", CVPR 1993. What is damaged for sure (m = 1) leaves
    no trace, what is so perhaps stays in part; a pixel that no intact one reaches keeps its own colour. The same for a
    tile as for the whole photo if the tile starts on the grid of ``CELL_PX`` and ``REACH_PX`` around it are given.
    """
    if not bool((mask > 0).any()):
        return photo
    with full_precision(photo.device):
        height, width = photo.shape[-2:]
        intact = (mask == 0).to(photo.dtype)
        known = torch.cat([photo * intact, intact], dim=1)  # (N, 4, H, W)
        cells = F.avg_pool2d(F.pad(known, (0, -width % CELL_PX, 0, -height % CELL_PX)), CELL_PX)
        filled, left = torch.zeros_like(photo), torch.ones_like(intact)
        for spread in _SPREADS_PX:
            filled, left = _add(filled, left, _blurred(known, spread))
        for spread in _SPREADS_CELLS:
            wide = F.interpolate(_blurred(cells, spread), scale_factor=CELL_PX, mode="bilinear")
            filled, left = _add(filled, left, wide[..., :height, :width])
        return torch.lerp(photo, filled + left * photo, mask.to(photo.dtype))


def _add(filled: Tensor, left: Tensor, around: Tensor) -> tuple[Tensor, Tensor]:
    """Lay a wider spread (N, 4, H, W) under what narrower ones have ``filled``, where something is ``left`` to fill."""
    colour, weight = around[:, :3], around[:, 3:]
    share = left * (weight / _ENOUGH).clamp(max=1)
    return filled + share * colour / weight.clamp_min(1e-6), left - share


def _blurred(photo: Tensor, spread: float) -> Tensor:
    """Gaussian blur of (N, C, H, W), ``spread`` the standard deviation; beyond the edge there is nothing."""
    radius, channels = round(3 * spread), photo.shape[1]
    offsets = torch.arange(-radius, radius + 1, dtype=photo.dtype, device=photo.device)
    weights = (-(offsets**2) / (2 * spread**2)).exp()
    weights = (weights / weights.sum()).expand(channels, 1, 1, -1)
    rows = F.conv2d(photo, weights, padding=(0, radius), groups=channels)
    return F.conv2d(rows, weights.mT, padding=(radius, 0), groups=channels)

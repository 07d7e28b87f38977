"""Second looks from further away: damage still looks like damage at half the size, a white shoe like a shoe."""

from __future__ import annotations

from typing import Final

from torch import Tensor
from torch.nn import functional as F

LEAST_SIDE_PX: Final = 70
"""A photo whose short side would be smaller than this is not looked at from there: the detector could see nothing."""

_REACH_CELLS: Final = 15

_MOSTLY: Final = 0.6
"""Share of a cell that has to be marked for it to have a voice: a line thinner than that is no pixel from there."""


def shrunk(photo: Tensor, scale: int) -> Tensor:
    """The means of ``scale`` x ``scale`` pixels: (N, C, H, W) to (N, C, ceil(H / scale), ceil(W / scale))."""
    return F.avg_pool2d(photo, scale, ceil_mode=True)


def reach_px(scale: int) -> int:
    """How far to each side ``confirm`` looks: cells and one more for neighbours, from the far pixel of its own cell."""
    return scale * (_REACH_CELLS + 1) + scale - 1


def confirm(mask: Tensor, prob_from_afar: Tensor, scale: int, least: float) -> Tensor:
    """The marks of ``mask`` (N, 1, H, W) that look damaged from further away as well, else 0.

    From ``scale`` times as far a cell of ``scale`` x ``scale`` pixels is one pixel, and the detector sees ``scale``
    times as much around it. Marks stay where the mostly marked cells around them, ``reach_px`` to each side, have a
    mean defect probability of at least ``least``, each taking the highest of its neighbours; and where there is no
    such cell, because a hairline cannot be seen from there. A mean over a place, not over connected pixels, so that
    tiles which see as much further agree with the whole photo. What it costs and saves: docs/decisions/0018.

    Args:
        mask: 0 where nothing is marked.
        prob_from_afar: defect probability (N, 1, ceil(H / scale), ceil(W / scale)) of the ``shrunk`` photo.
        scale: from how much further it was looked at.
        least: mean probability in [0, 1] that keeps a mark.
    """
    cells = (F.avg_pool2d((mask > 0).to(mask.dtype), scale, ceil_mode=True) >= _MOSTLY).to(mask.dtype)
    prob = F.max_pool2d(prob_from_afar, 3, stride=1, padding=1)
    is_confirmed = _sums(prob * cells) >= least * _sums(cells)
    height, width = mask.shape[-2:]
    return mask * is_confirmed.repeat_interleave(scale, -2).repeat_interleave(scale, -1)[..., :height, :width]


def _sums(cells: Tensor) -> Tensor:
    """Sums over squares of cells, but for a constant factor; outside of the photo is nothing."""
    side = 2 * _REACH_CELLS + 1
    down = F.avg_pool2d(cells, (side, 1), stride=1, padding=(_REACH_CELLS, 0))
    return F.avg_pool2d(down, (1, side), stride=1, padding=(0, _REACH_CELLS))

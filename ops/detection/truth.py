"""What a detector is to find in a synthetic pair: damage that is better filled than left, after the photo has aged.

A defect that blur and grain have buried is no defect any more, and one that changed a pixel by less than filling it
would be wrong is better left alone. Neither is asked for; what lies between both and an intact pixel is not judged,
neither in training nor in a ROC.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional as F

from ops.degradation.degrade import Pair, apply_plan

LEAST_CHANGE: Final = 32 / 255
"""From this change of a channel on a pixel is damaged, if the photo is not busier there than that. Filling a pixel from
around is wrong by 20 to 28 levels; one that changed by less is better left alone (docs/decisions/0017)."""

FAINT_CHANGE: Final = 16 / 255
"""From this change on damage can be seen at all: what ``visible_damage`` may be asked for instead."""

UNTOUCHED: Final = 6 / 255
"""Below it, outside every defect, a pixel is intact: JPEG carries some of a defect into its neighbours."""

_REACH_PX: Final = 2  # how far ageing spreads a defect and it is still one
_ACTIVITY_PX: Final = 7


@dataclass(frozen=True)
class DefectTruth:
    """What is right about the pixels of a batch.

    Attributes:
        damaged: (N, 1, H, W) in {0, 1}.
        judged: (N, 1, H, W) in {0, 1}; 0 where neither answer would be wrong. Every damaged pixel is judged.
    """

    damaged: Tensor
    judged: Tensor


def truth_of_pair(pair: Pair, source: Tensor, least_change: float = LEAST_CHANGE) -> DefectTruth:
    """The truth of one pair, by ageing the photo once more without its defects.

    Args:
        pair: made by ``pair.plan`` from ``source``.
        source: (1, 3, H, W), the crop before anything happened to it.
        least_change: as in ``visible_damage``.
    """
    undamaged = apply_plan(source, replace(pair.plan, defects=())).degraded if pair.plan.defects else pair.degraded
    return visible_damage(pair.degraded, undamaged, pair.mask, least_change)


def visible_damage(
    degraded: Tensor, undamaged: Tensor, mask: Tensor, least_change: float = LEAST_CHANGE
) -> DefectTruth:
    """Compare a photo with what it would be without its defects.

    With the change d = max_c |degraded - undamaged| and the activity s of ``undamaged``, the standard deviation of its
    finest detail around a pixel:
        damaged = d >= max(least_change, s) within two pixels of the mask,   intact = mask 0 and d < UNTOUCHED.
    The activity is what hides a change: grain, gravel, hair.

    Args:
        degraded: (N, 3, H, W) in [0, 1].
        undamaged: of the same shape, aged alike but without defects.
        mask: (N, 1, H, W) in [0, 1], 0 exactly where no defect was.
        least_change: from which change on a pixel is damaged, in [0, 1].
    """
    change = (degraded - undamaged).abs().amax(dim=1, keepdim=True)
    near = F.max_pool2d((mask > 0).float(), 2 * _REACH_PX + 1, stride=1, padding=_REACH_PX) > 0
    damaged = (change >= _activity(undamaged).clamp(min=least_change)) & near
    intact = (mask == 0) & (change < UNTOUCHED)
    return DefectTruth(damaged.float(), (damaged | intact).float())


def _activity(photo: Tensor) -> Tensor:
    """Root mean square (N, 1, H, W) of a 3x3 high-pass of the grey photo, over windows of seven pixels."""
    grey = photo.mean(dim=1, keepdim=True)
    detail = grey - _mean(grey, 3)
    return _mean(detail.square(), _ACTIVITY_PX).sqrt()


def _mean(plane: Tensor, window_px: int) -> Tensor:
    """Box mean of (N, 1, H, W) that repeats the edges."""
    margin = window_px // 2
    return F.avg_pool2d(F.pad(plane, (margin,) * 4, mode="replicate"), window_px, stride=1)


def joined(truths: list[DefectTruth]) -> DefectTruth:
    """Several truths as one batch."""
    return DefectTruth(torch.cat([one.damaged for one in truths]), torch.cat([one.judged for one in truths]))

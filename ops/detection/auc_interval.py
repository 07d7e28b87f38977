"""How far the area under a ROC would move with other photos: pixels of one photo are no independent witnesses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor

RESAMPLES: Final = 2000
_MOST_INTACT: Final = 4000  # of a photo; more change the area by less than the interval is wide


def auc_interval(logits: Sequence[Tensor], damaged: Sequence[Tensor], seed: int = 0) -> tuple[float, float]:
    """The 95 % bootstrap interval over photos of the area under the ROC of all their pixels together.

    With U_ij, how often a damaged pixel of photo i outranks an intact one of photo j, a resample that holds photo i
    w_i times has the area (w^T U w) / (w^T P w), P_ij being how many such couples there are: exactly the ROC of the
    resampled pixels, without drawing them.

    Args:
        logits: (M_i,) of each photo.
        damaged: (M_i,), bool.
        seed: of the resampling.

    Raises:
        ValueError: there is no damaged or no intact pixel at all.
    """
    hits, misses = [], []
    for one, is_damaged in zip(logits, damaged, strict=True):
        hits.append(one[is_damaged].double())
        others = one[~is_damaged].double()
        misses.append((others[:: max(1, len(others) // _MOST_INTACT)].sort().values, len(others)))
    if not any(len(one) for one in hits) or not any(count for _, count in misses):
        raise ValueError("an area under a ROC needs damaged and intact pixels; all are of one kind")
    wins = torch.stack([torch.stack([_wins(hit, *miss) for miss in misses]) for hit in hits])
    couples = torch.tensor([[float(len(hit) * count) for _, count in misses] for hit in hits], dtype=torch.float64)
    generator, areas = torch.Generator().manual_seed(seed), []
    for _ in range(RESAMPLES):
        drawn = torch.randint(len(hits), (len(hits),), generator=generator)
        weight = torch.bincount(drawn, minlength=len(hits)).double()
        total = weight @ couples @ weight
        if total > 0:
            areas.append(float(weight @ wins @ weight / total))
    low, high = torch.tensor(areas).quantile(torch.tensor([0.025, 0.975])).tolist()
    return low, high


def _wins(hit: Tensor, intact: Tensor, count: int) -> Tensor:
    """How often one of ``hit`` outranks one of ``intact``, sorted and thinned from ``count``; half for a draw."""
    if not len(hit) or not len(intact):
        return torch.zeros((), dtype=torch.float64)
    below, not_above = torch.searchsorted(intact, hit), torch.searchsorted(intact, hit, right=True)
    return (below + not_above).double().sum() / 2 * count / len(intact)

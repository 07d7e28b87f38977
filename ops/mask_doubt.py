"""Masks as a detector will give them: some defects missed, some sound places marked, no pixel quite certain."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ops.processes import uniform_rows


@dataclass(frozen=True)
class MaskDoubt:
    """How far the masks that the mapping learns with are from the truth.

    Attributes:
        missed: share of photos whose mask is hidden whole.
        false_alarms: share of photos that are given a mask of another place on top of their own.
        least_confidence: each mask is weakened by a factor between it and 1, drawn for the photo; 1 leaves it.
    """

    missed: float
    false_alarms: float
    least_confidence: float


CERTAIN = MaskDoubt(missed=0.0, false_alarms=0.0, least_confidence=1.0)


def doubted(mask: Tensor, alarms: Tensor, doubt: MaskDoubt, generator: torch.Generator) -> Tensor:
    """The true ``mask`` (N, 1, H, W) in [0, 1] as a detector might have given it.

    ``alarms`` (N, 1, H, W) are defects of another place: their shape tells the network nothing, only the pixels under
    them do.
    """

    def drawn(least: float = 0.0) -> Tensor:
        number = uniform_rows(mask[..., :1, :1], generator)  # (N, 1, 1, 1)
        return least + (1 - least) * number

    given = mask * (drawn() >= doubt.missed)
    if doubt.least_confidence < 1:
        given = given * drawn(doubt.least_confidence)
    if doubt.false_alarms:
        is_alarmed = drawn() < doubt.false_alarms
        given = torch.maximum(given, alarms * is_alarmed * drawn(doubt.least_confidence))
    return given

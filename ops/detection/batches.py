"""Batches for the detector: photos with what is right about their pixels. A batch depends on its step alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from ops.corpora.records import VALIDATION
from ops.degradation.degrade import Pair
from ops.degradation.plan import Plan
from ops.detection.truth import DefectTruth, joined, truth_of_pair, visible_damage
from ops.pairs.fresh_crops import aged_twice, step_generator
from ops.pairs.sets import PairSet
from ops.pairs.shards import read_pairs
from ops.pairs.windows import FreshWindows
from ops.parts import WHOLE, Part


@dataclass(frozen=True)
class DefectBatch:
    """``photo`` (N, 3, H, W) in [0, 1] and the ``truth`` about it."""

    photo: Tensor
    truth: DefectTruth

    def to(self, device: str) -> DefectBatch:
        """The same batch on ``device``."""
        return DefectBatch(
            self.photo.to(device), DefectTruth(self.truth.damaged.to(device), self.truth.judged.to(device))
        )


class DefectSource(Protocol):
    """Where a training of the detector takes its batches from."""

    def batch(self, step: int, size: int, crop_px: int, part: Part = WHOLE) -> DefectBatch:
        """``part`` of the ``size`` photos of ``crop_px`` of one step."""


@dataclass(frozen=True)
class FreshDefects:
    """``windows`` of clean photos, damaged anew each time, and aged twice: with their defects and without."""

    windows: FreshWindows

    def batch(self, step: int, size: int, crop_px: int, part: Part = WHOLE) -> DefectBatch:
        """``part`` of ``size`` windows, turned alike; a photo smaller than ``crop_px`` is never drawn."""
        generator = step_generator(self.windows.seed, step)
        pairs = self.windows.unaged(size, crop_px, generator, part)
        return turned(aged_defects(pairs, self.windows.crops.aged), generator)


def aged_defects(pairs: Sequence[Pair], aged: Callable[[Tensor, Sequence[Plan]], Tensor]) -> DefectBatch:
    """Age ``pairs``, which are not yet, with their defects and once more without, and see what can be told apart."""
    photo, undamaged = aged_twice(pairs, aged)
    mask = torch.cat([pair.mask for pair in pairs]).to(photo.device)
    return DefectBatch(photo, visible_damage(photo, undamaged, mask))


def validation_defects(pairs: PairSet, count: int = 5) -> DefectBatch:
    """A few validation pairs to show what the detector finds."""
    stored = list(read_pairs(pairs, VALIDATION))
    chosen = stored[:: max(1, len(stored) // count)][:count]
    return DefectBatch(
        torch.cat([one.pair.degraded for one in chosen]),
        joined([truth_of_pair(one.pair, one.source) for one in chosen]),
    )


def turned(batch: DefectBatch, generator: torch.Generator) -> DefectBatch:
    """The whole batch in one of the eight orientations: damage has no upright."""
    planes = torch.cat([batch.photo, batch.truth.damaged, batch.truth.judged], dim=1)
    mirrored, flipped, transposed = torch.randint(2, (3,), generator=generator).tolist()
    if mirrored:
        planes = planes.flip(-1)
    if flipped:
        planes = planes.flip(-2)
    if transposed:
        planes = planes.mT
    photo, damaged, judged = planes.contiguous().split([3, 1, 1], dim=1)
    return DefectBatch(photo, DefectTruth(damaged, judged))

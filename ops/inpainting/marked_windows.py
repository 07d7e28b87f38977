"""Windows with marks to paint over, and what stands under the marks: what the inpainter learns from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Protocol

import torch
from torch import Tensor

from ops.corpora.records import VALIDATION
from ops.degradation.degrade import apply_plan
from ops.detection.marking import grown
from ops.detection.truth import visible_damage
from ops.pairs.fresh_crops import aged_twice, step_generator
from ops.pairs.sets import PairSet
from ops.pairs.shards import read_pairs
from ops.pairs.windows import FreshWindows
from ops.parts import WHOLE, Part


@dataclass(frozen=True)
class MarkedBatch:
    """Photos with marks, and the same photos without what is marked.

    Attributes:
        photo: (N, 3, H, W) in [0, 1].
        undamaged: (N, 3, H, W) in [0, 1], as old and as faded as ``photo``, but without a defect.
        mask: (N, 1, H, W) in {0, 1}, what is to be painted.
    """

    photo: Tensor
    undamaged: Tensor
    mask: Tensor

    def to(self, device: str) -> MarkedBatch:
        """The same batch on ``device``."""
        return MarkedBatch(self.photo.to(device), self.undamaged.to(device), self.mask.to(device))


class MarkedSource(Protocol):
    """Where a training of the inpainter takes its batches from."""

    def batch(self, step: int, size: int, crop_px: int, part: Part = WHOLE) -> MarkedBatch:
        """``part`` of the ``size`` photos of ``crop_px`` of one step."""


@dataclass(frozen=True)
class MarkedWindows:
    """``windows`` of clean photos, damaged anew each time and aged twice, with and without their defects.

    Half of a batch shows real work: the damaged photo, the visible damage marked and up to two pixels around it. The
    other half shows the photo without defects under the marks of up to ``most_marks`` others, turned at random: more
    to paint at the same cost, and nothing at the rim that gives the answer away. A process takes the marks of its own
    part of the batch; nothing else depends on how many there are.
    """

    windows: FreshWindows
    most_marks: int

    def batch(self, step: int, size: int, crop_px: int, part: Part = WHOLE) -> MarkedBatch:
        """``part`` of ``size`` windows; a photo smaller than ``crop_px`` is never drawn."""
        generator = step_generator(self.windows.seed, step)
        pairs = self.windows.unaged(size, crop_px, generator, part)
        photo, undamaged = aged_twice(pairs, self.windows.crops.aged)
        mask = torch.cat([pair.mask for pair in pairs]).to(photo.device)
        damaged = visible_damage(photo, undamaged, mask).damaged
        return _marked(photo, undamaged, damaged, self.most_marks, generator)


def _marked(
    photo: Tensor, undamaged: Tensor, damaged: Tensor, most_marks: int, generator: torch.Generator
) -> MarkedBatch:
    """The batch from photos, the same without defects, and where their ``damaged`` pixels are."""
    half = len(photo) // 2
    count, own, others = (_drawn(*span, generator) for span in ((1, most_marks), (1, 2), (0, 2)))
    borrowed = torch.zeros_like(damaged[:half])
    for number in range(1, count + 1):
        borrowed = torch.maximum(borrowed, _turned(damaged.roll(number, dims=0), generator)[:half])
    mask = torch.cat([grown(borrowed, others), grown(damaged[half:], own)])
    return MarkedBatch(torch.cat([undamaged[:half], photo[half:]]), undamaged, mask)


def marked_validation(pairs: PairSet, count: int = 5) -> MarkedBatch:
    """A few damaged validation pairs, all visible damage and a pixel around it marked, to show what is painted.

    Raises:
        ValueError: no validation pair has any.
    """
    rows = list(islice(_marked_pairs(pairs), count))
    if not rows:
        raise ValueError(
            f"{pairs.folder} holds no validation pair with damage that can be seen; materialize degraded_pairs with "
            "more of them"
        )
    return MarkedBatch(*(torch.cat(parts) for parts in zip(*rows, strict=True)))


def _marked_pairs(pairs: PairSet) -> Iterator[Sequence[Tensor]]:
    for stored in read_pairs(pairs, VALIDATION):
        pair = stored.pair
        if pair.plan.defects:
            undamaged = apply_plan(stored.source, replace(pair.plan, defects=())).degraded
            damaged = visible_damage(pair.degraded, undamaged, pair.mask).damaged
            if damaged.any():
                yield pair.degraded, undamaged, grown(damaged, 1)


def _turned(mask: Tensor, generator: torch.Generator) -> Tensor:
    """The square ``mask`` in one of its eight orientations."""
    mirrored, flipped, transposed = torch.randint(2, (3,), generator=generator).tolist()
    mask = mask.flip(-1) if mirrored else mask
    mask = mask.flip(-2) if flipped else mask
    return mask.mT if transposed else mask


def _drawn(least: int, most: int, generator: torch.Generator) -> int:
    """A whole number from ``least`` to ``most``."""
    return int(torch.randint(least, most + 1, (), generator=generator))

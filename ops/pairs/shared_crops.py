"""Training crops that are made once and learnt from by several methods: the same pairs in the same order for all.

Only the trained baselines at small scales do so. Their networks are so small that making a pair costs as much as
learning from it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from torch import Tensor

from ops.baseline_recipes import Budget
from ops.checkpoints import fingerprint
from ops.pairs.sets import SharedCrops
from ops.pairs.sources import PairBatch, PairSource
from ops.parts import WHOLE, Part
from ops.remembered import Remembered
from ops.tensor_files import load_tensors, save_tensors

CROPS_PER_FILE = 960


def make_shared_crops(
    source: PairSource, budget: Budget, facts: Mapping[str, str], root: Path, report: Callable[[str], None]
) -> SharedCrops:
    """Draw the pairs of ``budget`` and keep them, each number as an 8-bit level; files that are there stay.

    Args:
        source: where the pairs come from.
        budget: how many crops of which side.
        facts: what decides the pairs of ``source``; they name the folder, too.
        root: of all sets of pairs.
        report: receives a line a file.
    """
    name = fingerprint(budget, CROPS_PER_FILE, facts)
    shared = SharedCrops(root / f"crops-{name}", budget.crops, budget.crop_px, facts)
    num_files = -(-budget.crops // CROPS_PER_FILE)
    for number in range(num_files):
        path = _file(shared.folder, number)
        if not path.is_file():
            size = min(CROPS_PER_FILE, budget.crops - number * CROPS_PER_FILE)
            drawn = source.batch(number, size, budget.crop_px)
            stacked = torch.cat([drawn.clean, drawn.degraded, drawn.mask], dim=1)  # (size, 7, P, P)
            save_tensors(path, {"crops": stacked.mul(255).round().byte()})
            report(f"{path.name}: {size} crops, file {number + 1} of {num_files}")
    return shared


class SharedCropSource:
    """Batches of ``SharedCrops``: update k of a training with batches of n sees the crops from k n on."""

    def __init__(self, crops: SharedCrops) -> None:
        self.crops = crops
        self._open = Remembered(_crops, capacity=3)  # CycleGAN reads in two places

    @classmethod
    def of(cls, crops: SharedCrops | None, facts: Mapping[str, str]) -> SharedCropSource:
        """The crops that a training with ``facts`` learns from.

        Raises:
            ValueError: there are none, or they were made of other pairs.
        """
        if crops is None or crops.facts != facts:
            found = "there are none" if crops is None else f"those in {crops.folder} were made of other pairs"
            raise ValueError(f"this scale learns from shared crops, but {found}; materialize shared_crops first")
        return cls(crops)

    def batch(self, step: int, size: int, crop_px: int, part: Part = WHOLE) -> PairBatch:
        """``part`` of ``size`` pairs; behind the last crop the first one follows.

        Raises:
            ValueError: the crops have another size.
        """
        if crop_px != self.crops.crop_px:
            raise ValueError(f"the shared crops are {self.crops.crop_px} px, this training wants {crop_px}")
        part.even_size(size)
        numbers = [number % self.crops.num_crops for number in part.of(range(step * size, (step + 1) * size))]
        rows = [
            self._open(_file(self.crops.folder, number // CROPS_PER_FILE))[number % CROPS_PER_FILE]
            for number in numbers
        ]
        stacked = torch.stack(rows).float() / 255
        return PairBatch(*stacked.split([3, 3, 1], dim=1))


def _file(folder: Path, number: int) -> Path:
    return folder / f"crops-{number:05d}.safetensors"


def _crops(path: Path) -> Tensor:
    return load_tensors(path)["crops"]

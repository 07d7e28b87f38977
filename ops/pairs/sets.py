"""The records of pairs on disk: where they lie and what they hold. No pixels here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class PairSet:
    """Pairs in three splits, no photo in two of them.

    ``train`` is learned from, ``validation`` is what choices are made by and progress is shown on, ``held_out`` is
    the test set: nothing is ever chosen by it.

    Attributes:
        folder: holds the Parquet shards ``train-00000.parquet``, ``validation-00000.parquet``, ``held_out-...``.
        recipe_version: of the degradation.
        num_train: frozen training pairs.
        num_validation: validation pairs.
        num_held_out: held-out pairs.
        num_too_small: clean photos that are smaller than a pair and therefore in none.
        pair_px: side of every pair.
        mean_damaged_share: mean share of the area that structured damage touches, over the held-out pairs.
        sha256: over the held-out pairs' pixels; names the test set.
    """

    folder: Path
    recipe_version: str
    num_train: int
    num_validation: int
    num_held_out: int
    num_too_small: int
    pair_px: int
    mean_damaged_share: float
    sha256: str

    def shards(self, split: str) -> tuple[Path, ...]:
        """The shards of ``train``, ``validation`` or ``held_out``, in order."""
        return tuple(sorted(self.folder.glob(f"{split}-*.parquet")))


@dataclass(frozen=True)
class SharedCrops:
    """Training crops that were made once for several methods, see ``ops/pairs/shared_crops.py``.

    Attributes:
        folder: holds the files ``crops-00000.safetensors``, ...
        num_crops: pairs in all files.
        crop_px: side of each.
        facts: what decided the pairs they were drawn from.
    """

    folder: Path
    num_crops: int
    crop_px: int
    facts: Mapping[str, str]

"""The record of a frozen set of pairs: where its shards lie and what they hold. No pixels here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class PairSet:
    """Pairs for training and, from other photos, held out.

    Attributes:
        folder: holds the Parquet shards ``train-00000.parquet`` ... and ``held_out-00000.parquet`` ...
        recipe_version: of the degradation.
        num_train: frozen training pairs.
        num_held_out: held-out pairs.
        pair_px: side of every pair.
        mean_damaged_share: mean share of the area that structured damage touches, over the held-out pairs.
        sha256: over the held-out pairs' pixels; names the test set.
    """

    folder: Path
    recipe_version: str
    num_train: int
    num_held_out: int
    pair_px: int
    mean_damaged_share: float
    sha256: str

    def shards(self, split: str) -> tuple[Path, ...]:
        """The shards of ``train`` or ``held_out``, in order."""
        return tuple(sorted(self.folder.glob(f"{split}-*.parquet")))

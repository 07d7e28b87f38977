"""Batches for the detector: photos with what is right about their pixels. A batch depends on its step alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import torch
from torch import Tensor

from ops.corpora.records import TRAIN, VALIDATION, Corpus, CorpusPhoto
from ops.degradation.degrade import degrade
from ops.degradation.recipe import DegradationRecipe
from ops.degradation.texture_scans import TextureScan
from ops.detection.truth import DefectTruth, joined, truth_of_pair
from ops.images import decode_rgb
from ops.pair_building import DatasetRecipe, large_enough, random_crop, scans_for
from ops.pair_sets import PairSet
from ops.pair_shards import read_pairs


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

    def batch(self, step: int, size: int, crop_px: int) -> DefectBatch:
        """``size`` photos of ``crop_px`` for one step."""


class FreshDefects:
    """Crops of clean photos, damaged anew each time, and aged twice: with their defects and without."""

    def __init__(
        self, photos: Sequence[CorpusPhoto], scans: Sequence[TextureScan], recipe: DegradationRecipe, seed: int
    ) -> None:
        self.photos = photos
        self.scans = scans
        self.recipe = recipe
        self.seed = seed
        self._decode = lru_cache(maxsize=256)(_decode_bytes)

    def batch(self, step: int, size: int, crop_px: int) -> DefectBatch:
        """``size`` crops, turned alike; a photo smaller than ``crop_px`` is never drawn."""
        generator = torch.Generator().manual_seed((self.seed << 32) + step)
        photos = [photo for photo in self.photos if min(photo.width, photo.height) >= crop_px]
        if not photos:
            raise ValueError(
                f"none of {len(self.photos)} clean photos has sides of {crop_px} px; bring larger ones with "
                "ALBUMEN_CLEAN_PHOTOS"
            )
        degraded, truths = [], []
        for index in torch.randint(len(photos), (size,), generator=generator):
            source = random_crop(self._decode(photos[index]), crop_px, generator).float() / 255
            pair = degrade(source, self.recipe, generator, self.scans)
            degraded.append(pair.degraded)
            truths.append(truth_of_pair(pair, source))
        return turned(DefectBatch(torch.cat(degraded), joined(truths)), generator)


def validation_defects(pairs: PairSet, count: int = 5) -> DefectBatch:
    """A few validation pairs to show what the detector finds."""
    stored = list(read_pairs(pairs, VALIDATION))
    chosen = stored[:: max(1, len(stored) // count)][:count]
    return DefectBatch(
        torch.cat([one.pair.degraded for one in chosen]),
        joined([truth_of_pair(one.pair, one.source) for one in chosen]),
    )


def fresh_defects(clean: Corpus, textures: Corpus, recipe: DatasetRecipe) -> FreshDefects:
    """Batches from the training photos."""
    return FreshDefects(
        large_enough(clean.train, recipe.pair_px), scans_for(textures, TRAIN), recipe.degradation, recipe.seed
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


def _decode_bytes(photo: CorpusPhoto) -> Tensor:
    """A photo as bytes (1, 3, H, W): a quarter of the memory of float32."""
    return decode_rgb(photo.read()).mul(255).round().byte()

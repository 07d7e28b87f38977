"""Batches that show which kind of damage is where; only what can still be seen after ageing counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ops.corpora.records import TRAIN, Corpus, CorpusPhoto
from ops.degradation.degrade import before_ageing
from ops.degradation.recipe import DegradationRecipe
from ops.degradation.texture_scans import TextureScan
from ops.detection.batches import aged_defects
from ops.detection.kinds import kind_planes
from ops.pairs.building import DatasetRecipe, large_enough, scans_for
from ops.pairs.fresh_crops import FreshCrops, ages_on, step_generator
from ops.parts import WHOLE, Part


@dataclass(frozen=True)
class KindBatch:
    """``photo`` (N, 3, H, W) in [0, 1] and the ``kinds`` of its damage (N, kinds, H, W), see ``kind_planes``.

    0 for all kinds where the photo is intact, where its damage cannot be seen, and where it has no kind.
    """

    photo: Tensor
    kinds: Tensor

    def to(self, device: str) -> KindBatch:
        """The same batch on ``device``."""
        return KindBatch(self.photo.to(device), self.kinds.to(device))


class FreshKinds:
    """Crops of clean photos, damaged anew each time; a batch depends on its step alone. ``ages_on``: ``FreshCrops``."""

    def __init__(
        self,
        photos: Sequence[CorpusPhoto],
        scans: Sequence[TextureScan],
        recipe: DegradationRecipe,
        seed: int,
        ages_on: str | None = None,
    ) -> None:
        self.crops = FreshCrops(photos, scans, recipe, ages_on)
        self.seed = seed

    def batch(self, step: int, size: int, crop_px: int, part: Part = WHOLE) -> KindBatch:
        """``part`` of ``size`` crops of ``crop_px``; a photo smaller than that is never drawn."""
        drawn = self.crops.draw(size, crop_px, step_generator(self.seed, step), part)
        pairs = [before_ageing(crop.source, crop.plan) for crop in drawn]
        seen = aged_defects(pairs, self.crops.aged)
        kinds = torch.cat([kind_planes(pair.class_masks, crop_px, crop_px) for pair in pairs])
        return KindBatch(seen.photo, kinds.to(seen.photo.device) * seen.truth.damaged)


def fresh_kinds(clean: Corpus, textures: Corpus, recipe: DatasetRecipe, device: str) -> FreshKinds:
    """Batches from the training photos for a training on ``device``, which also ages them unless it is the CPU."""
    photos, scans = large_enough(clean.train, recipe.pair_px), scans_for(textures, TRAIN)
    return FreshKinds(photos, scans, recipe.degradation, recipe.seed, ages_on(device))

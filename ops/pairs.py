"""Batches of training pairs and of old photos. A batch depends on its step alone, so a resume sees the same ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import torch
from torch import Tensor

from ops.corpora.records import Corpus, CorpusPhoto
from ops.degradation.degrade import degrade
from ops.degradation.recipe import DegradationRecipe
from ops.degradation.texture_scans import TextureScan, scans_of
from ops.images import decode_rgb
from ops.pair_sets import PairSet
from ops.pair_shards import DatasetRecipe, random_crop, read_pairs


@dataclass(frozen=True)
class PairBatch:
    """``clean`` and ``degraded`` (N, 3, H, W) and ``mask`` (N, 1, H, W), all in [0, 1]."""

    clean: Tensor
    degraded: Tensor
    mask: Tensor

    def to(self, device: str) -> PairBatch:
        """The same batch on ``device``."""
        return PairBatch(self.clean.to(device), self.degraded.to(device), self.mask.to(device))


class PairSource(Protocol):
    """Where a training takes its pairs from."""

    def batch(self, step: int, size: int, crop_px: int) -> PairBatch:
        """``size`` pairs of ``crop_px`` for one step."""


class FrozenPairs:
    """The training pairs of a ``PairSet``, in memory as bytes; crops and mirror images are drawn anew each step."""

    def __init__(self, pairs: PairSet, split: str, seed: int) -> None:
        stored = [
            torch.cat([one.pair.clean, one.pair.degraded, one.pair.mask], dim=1).mul(255).round().byte()
            for one in read_pairs(pairs.shards(split))
        ]
        if not stored:
            raise ValueError(
                f"{pairs.folder} holds no {split} pairs; materialize degraded_pairs with a recipe that does"
            )
        self.pairs = torch.cat(stored)  # (M, 7, P, P)
        self.seed = seed

    def batch(self, step: int, size: int, crop_px: int) -> PairBatch:
        """``size`` random crops of random pairs, half of them mirrored."""
        generator = _generator(self.seed, step)
        chosen = torch.randint(len(self.pairs), (size,), generator=generator)
        crops = [random_crop(self.pairs[index][None], crop_px, generator) for index in chosen]
        return _split(_mirrored(torch.cat(crops).float() / 255, generator))


class FreshPairs:
    """Pairs made on the fly from clean photos: endless, and never the same twice."""

    def __init__(
        self, photos: Sequence[CorpusPhoto], scans: Sequence[TextureScan], recipe: DegradationRecipe, seed: int
    ) -> None:
        self.photos = photos
        self.scans = scans
        self.recipe = recipe
        self.seed = seed
        self._decode = lru_cache(maxsize=256)(_decode_bytes)

    def batch(self, step: int, size: int, crop_px: int) -> PairBatch:
        """``size`` freshly damaged crops."""
        generator = _generator(self.seed, step)
        made = []
        for index in torch.randint(len(self.photos), (size,), generator=generator):
            photo = self._decode(self.photos[index])
            pair = degrade(random_crop(photo, crop_px, generator).float() / 255, self.recipe, generator, self.scans)
            made.append(torch.cat([pair.clean, pair.degraded, pair.mask], dim=1))
        return _split(_mirrored(torch.cat(made), generator))


class OldCrops:
    """Crops of real old photos, for which there is no truth."""

    def __init__(self, photos: Sequence[CorpusPhoto], crop_px: int, seed: int) -> None:
        self.photos = [photo for photo in photos if min(photo.width, photo.height) >= crop_px]
        if not self.photos:
            raise ValueError(f"none of {len(photos)} old photos has sides of {crop_px} px; bring larger scans")
        self.seed = seed
        self._decode = lru_cache(maxsize=256)(_decode_bytes)

    def batch(self, step: int, size: int, crop_px: int) -> Tensor:
        """``size`` crops (N, 3, crop_px, crop_px)."""
        generator = _generator(self.seed, step)
        chosen = torch.randint(len(self.photos), (size,), generator=generator)
        crops = [random_crop(self._decode(self.photos[index]), crop_px, generator) for index in chosen]
        return _mirrored(torch.cat(crops).float() / 255, generator)


def training_pairs(pairs: PairSet, clean: Corpus, textures: Corpus, recipe: DatasetRecipe) -> PairSource:
    """The pairs that ``recipe`` trains with: freshly damaged crops of ``clean``, or the frozen ones."""
    if recipe.trains_fresh:
        return FreshPairs(clean.train, scans_of(textures), recipe.degradation, recipe.seed)
    return FrozenPairs(pairs, "train", recipe.seed)


def old_crops(old: Corpus, crop_px: int, seed: int) -> OldCrops | None:
    """Crops of the real old photos; None if there are none."""
    return OldCrops(old.photos, crop_px, seed) if old.photos else None


def held_out_sample(pairs: PairSet, count: int = 5) -> PairBatch:
    """A few held-out pairs to show what a network does; every kind of damage has its chance."""
    stored = [one.pair for one in read_pairs(pairs.shards("held_out"))]
    chosen = stored[:: max(1, len(stored) // count)][:count]
    return PairBatch(
        torch.cat([pair.clean for pair in chosen]),
        torch.cat([pair.degraded for pair in chosen]),
        torch.cat([pair.mask for pair in chosen]),
    )


def held_out_clean(pairs: PairSet) -> Tensor:
    """The clean photos of all held-out pairs, (N, 3, pair_px, pair_px)."""
    return torch.cat([one.pair.clean for one in read_pairs(pairs.shards("held_out"))])


def _decode_bytes(photo: CorpusPhoto) -> Tensor:
    """A photo as bytes (1, 3, H, W): a quarter of the memory of float32."""
    return decode_rgb(photo.path.read_bytes()).mul(255).round().byte()


def _generator(seed: int, step: int) -> torch.Generator:
    return torch.Generator().manual_seed((seed << 32) + step)


def _mirrored(photos: Tensor, generator: torch.Generator) -> Tensor:
    is_mirrored = torch.rand(len(photos), 1, 1, 1, generator=generator) < 0.5
    return torch.where(is_mirrored, photos.flip(-1), photos)


def _split(stacked: Tensor) -> PairBatch:
    """(N, 7, H, W) of clean, degraded and mask as a batch."""
    return PairBatch(*stacked.split([3, 3, 1], dim=1))

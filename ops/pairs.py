"""Batches of training pairs and of old photos. A batch depends on its step alone, so a resume sees the same ones."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import Any, Protocol

import torch
from torch import Tensor

from ops.corpora.records import HELD_OUT, TRAIN, VALIDATION, Corpus, CorpusPhoto
from ops.degradation.degrade import apply_plan, before_ageing, draw_plan
from ops.degradation.on_device.ageing import aged_on_device
from ops.degradation.recipe import DegradationRecipe
from ops.degradation.texture_scans import TextureScan
from ops.images import decode_mask, decode_rgb
from ops.pair_building import DatasetRecipe, large_enough, random_crop, scans_for
from ops.pair_sets import PairSet
from ops.pair_shards import RowGroup, read_pairs, read_row_group, row_groups


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
    """The pairs of one split of a ``PairSet``, streamed from its shards; crops and mirror images are drawn anew.

    Only the row groups that a batch needs are read, so the set may be larger than memory, and any step can come next.
    """

    def __init__(self, pairs: PairSet, split: str, seed: int) -> None:
        self._groups = row_groups(pairs, split)
        if not self._groups:
            raise ValueError(
                f"{pairs.folder} holds no {split} pairs; materialize degraded_pairs with a recipe that does"
            )
        self._ends = list(accumulate(group.num_rows for group in self._groups))
        self._rows = lru_cache(maxsize=64)(_picture_rows)
        self.seed = seed

    def batch(self, step: int, size: int, crop_px: int) -> PairBatch:
        """``size`` random crops of random pairs, half of them mirrored."""
        generator = _generator(self.seed, step)
        chosen = torch.randint(self._ends[-1], (size,), generator=generator).tolist()
        crops = [random_crop(self._pictures(index), crop_px, generator) for index in chosen]
        return _split(_mirrored(torch.cat(crops), generator))

    def _pictures(self, index: int) -> Tensor:
        """Clean, degraded and mask of pair ``index`` as (1, 7, P, P)."""
        number = bisect_right(self._ends, index)
        group = self._groups[number]
        row = self._rows(group)[index - self._ends[number] + group.num_rows]
        return torch.cat([decode_rgb(row["clean"]), decode_rgb(row["degraded"]), decode_mask(row["mask"])], dim=1)


class FreshPairs:
    """Pairs made on the fly from clean photos: endless, and never the same twice.

    ``ages_on`` names the device on which whole batches are aged as tensors; None ages photo by photo in numpy, as the
    frozen pairs are. Clean photos and masks are the same either way, degraded ones only alike (docs/decisions/0010).
    """

    def __init__(
        self,
        photos: Sequence[CorpusPhoto],
        scans: Sequence[TextureScan],
        recipe: DegradationRecipe,
        seed: int,
        ages_on: str | None = None,
    ) -> None:
        self.photos = photos
        self.scans = scans
        self.recipe = recipe
        self.seed = seed
        self.ages_on = ages_on
        self._decode = lru_cache(maxsize=256)(_decode_bytes)

    def batch(self, step: int, size: int, crop_px: int) -> PairBatch:
        """``size`` freshly damaged crops, on the device that aged them."""
        generator = _generator(self.seed, step)
        damage = apply_plan if self.ages_on is None else before_ageing
        made, plans = [], []
        for index in torch.randint(len(self.photos), (size,), generator=generator):
            photo = self._decode(self.photos[index])
            crop = random_crop(photo, crop_px, generator).float() / 255
            pair = damage(crop, draw_plan(self.recipe, crop_px, crop_px, generator, self.scans))
            made.append(torch.cat([pair.clean, pair.degraded, pair.mask], dim=1))
            plans.append(pair.plan)
        stacked = torch.cat(made)
        if self.ages_on is not None:
            stacked = stacked.to(self.ages_on)
            stacked[:, 3:6] = aged_on_device(stacked[:, 3:6], plans).mul(255).round() / 255
        return _split(_mirrored(stacked, generator))


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


def training_pairs(pairs: PairSet, clean: Corpus, textures: Corpus, recipe: DatasetRecipe, device: str) -> PairSource:
    """The pairs that ``recipe`` trains with on ``device``: freshly damaged crops of ``clean``, or the frozen ones.

    Fresh pairs are aged on ``device`` unless it is the CPU.

    Raises:
        ValueError: ``pairs`` were made by another degradation recipe, or no photo is large enough.
    """
    if pairs.recipe_version != recipe.degradation.version:
        raise ValueError(
            f"the pairs in {pairs.folder} were made by degradation recipe {pairs.recipe_version}, this run trains by "
            f"{recipe.degradation.version}; materialize degraded_pairs again at this scale"
        )
    if not recipe.trains_fresh:
        return FrozenPairs(pairs, TRAIN, recipe.seed)
    photos = large_enough(clean.train, recipe.pair_px)
    if not photos:
        raise ValueError(
            f"none of {len(clean.train)} training photos has sides of {recipe.pair_px} px; bring larger ones with "
            "ALBUMEN_CLEAN_PHOTOS"
        )
    return FreshPairs(photos, scans_for(textures, TRAIN), recipe.degradation, recipe.seed, _ages_on(device))


def ageing_facts(recipe: DatasetRecipe, device: str) -> dict[str, str]:
    """What a training on ``device`` must record beside ``recipe``: nothing, or that its pairs are aged as tensors."""
    return {"ageing": "as tensors, form 1"} if recipe.trains_fresh and _ages_on(device) is not None else {}


def old_crops(old: Corpus, crop_px: int, seed: int) -> OldCrops | None:
    """Crops of the real old photos; None if there are none."""
    return OldCrops(old.photos, crop_px, seed) if old.photos else None


def validation_sample(pairs: PairSet, count: int = 5) -> PairBatch:
    """A few validation pairs to show what a network does; every kind of damage has its chance."""
    stored = [one.pair for one in read_pairs(pairs, VALIDATION)]
    chosen = stored[:: max(1, len(stored) // count)][:count]
    return PairBatch(
        torch.cat([pair.clean for pair in chosen]),
        torch.cat([pair.degraded for pair in chosen]),
        torch.cat([pair.mask for pair in chosen]),
    )


def held_out_clean(pairs: PairSet) -> Tensor:
    """The clean photos of all held-out pairs, (N, 3, pair_px, pair_px)."""
    return torch.cat([one.pair.clean for one in read_pairs(pairs, HELD_OUT)])


def _ages_on(device: str) -> str | None:
    """The switch between the two forms of ageing."""
    return None if torch.device(device).type == "cpu" else device


def _decode_bytes(photo: CorpusPhoto) -> Tensor:
    """A photo as bytes (1, 3, H, W): a quarter of the memory of float32."""
    return decode_rgb(photo.read()).mul(255).round().byte()


def _picture_rows(group: RowGroup) -> list[dict[str, Any]]:
    return read_row_group(group, ["clean", "degraded", "mask"])


def _generator(seed: int, step: int) -> torch.Generator:
    return torch.Generator().manual_seed((seed << 32) + step)


def _mirrored(photos: Tensor, generator: torch.Generator) -> Tensor:
    is_mirrored = torch.rand(len(photos), 1, 1, 1, generator=generator) < 0.5
    return torch.where(is_mirrored.to(photos.device), photos.flip(-1), photos)


def _split(stacked: Tensor) -> PairBatch:
    """(N, 7, H, W) of clean, degraded and mask as a batch."""
    return PairBatch(*stacked.split([3, 3, 1], dim=1))

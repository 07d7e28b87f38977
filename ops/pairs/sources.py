"""Batches of training pairs and of old photos. A batch depends on its step alone, so a resume sees the same ones."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.nn import functional as F

from ops.corpora.records import HELD_OUT, TRAIN, VALIDATION, Corpus, CorpusPhoto
from ops.degradation.degrade import Pair, before_ageing
from ops.degradation.recipe import DegradationRecipe
from ops.degradation.texture_scans import TextureScan
from ops.images import decode_mask, decode_rgb
from ops.pairs.building import DatasetRecipe, cut, draw_corner, large_enough, scans_for
from ops.pairs.fresh_crops import FreshCrops, ages_on, decode_bytes, step_generator
from ops.pairs.sets import PairSet
from ops.pairs.shards import RowGroup, read_pairs, read_row_group, row_groups
from ops.parts import WHOLE, Part
from ops.remembered import Remembered


@dataclass(frozen=True)
class PairBatch:
    """``clean`` and ``degraded`` (N, 3, H, W) and ``mask`` (N, 1, H, W), all in [0, 1]."""

    clean: Tensor
    degraded: Tensor
    mask: Tensor

    def to(self, device: str) -> PairBatch:
        """The same batch on ``device``."""
        return PairBatch(self.clean.to(device), self.degraded.to(device), self.mask.to(device))

    def shrunk_to(self, side_px: int) -> PairBatch:
        """The same pairs, averaged to squares of ``side_px``, which divides theirs."""
        if self.clean.shape[-1] == side_px:
            return self
        return PairBatch(
            *(F.interpolate(one, size=(side_px,) * 2, mode="area") for one in (self.clean, self.degraded, self.mask))
        )


def batch_of(pairs: Sequence[Pair], degraded: Tensor) -> PairBatch:
    """The ``pairs`` and what ageing made of them all, ``degraded`` (N, 3, H, W), on whose device the batch lies."""
    clean, mask = (torch.cat([getattr(pair, name) for pair in pairs]) for name in ("clean", "mask"))
    return PairBatch(clean.to(degraded.device), degraded, mask.to(degraded.device))


class PairSource(Protocol):
    """Where a training takes its pairs from."""

    def batch(self, step: int, size: int, crop_px: int, part: Part = WHOLE) -> PairBatch:
        """``part`` of the ``size`` pairs of ``crop_px`` of one step."""


class FrozenPairs:
    """The pairs of one split of a ``PairSet``, streamed from its shards; crops and mirror images are drawn anew.

    Only the row groups that a batch needs are read, so the set may be larger than memory, and any step can come next.
    """

    def __init__(self, pairs: PairSet, split: str, seed: int) -> None:
        self._pair_px = pairs.pair_px
        self._groups = row_groups(pairs, split)
        if not self._groups:
            raise ValueError(
                f"{pairs.folder} holds no {split} pairs; materialize degraded_pairs with a recipe that does"
            )
        self._ends = list(accumulate(group.num_rows for group in self._groups))
        self._rows = Remembered(_picture_rows, capacity=64)
        self.seed = seed

    def batch(self, step: int, size: int, crop_px: int, part: Part = WHOLE) -> PairBatch:
        """``part`` of ``size`` random crops of random pairs, half of them mirrored."""
        part.even_size(size)
        generator = step_generator(self.seed, step)
        chosen = torch.randint(self._ends[-1], (size,), generator=generator).tolist()
        drawn = [(index, draw_corner(self._pair_px, self._pair_px, crop_px, generator)) for index in chosen]
        crops = [cut(self._pictures(index), corner, crop_px) for index, corner in part.of(drawn)]
        return _split(_mirrored(torch.cat(crops), size, generator, part))

    def _pictures(self, index: int) -> Tensor:
        """Clean, degraded and mask of pair ``index`` as (1, 7, P, P)."""
        number = bisect_right(self._ends, index)
        group = self._groups[number]
        row = self._rows(group)[index - self._ends[number] + group.num_rows]
        return torch.cat([decode_rgb(row["clean"]), decode_rgb(row["degraded"]), decode_mask(row["mask"])], dim=1)


class FreshPairs:
    """Pairs made on the fly from clean photos: endless, and never the same twice. ``ages_on`` as in ``FreshCrops``."""

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

    def batch(self, step: int, size: int, crop_px: int, part: Part = WHOLE) -> PairBatch:
        """``part`` of ``size`` freshly damaged crops, on the device that aged them."""
        generator = step_generator(self.seed, step)
        pairs = [before_ageing(crop.source, crop.plan) for crop in self.crops.draw(size, crop_px, generator, part)]
        degraded = self.crops.aged(torch.cat([pair.degraded for pair in pairs]), [pair.plan for pair in pairs])
        known = torch.cat([torch.cat([pair.clean, pair.mask], dim=1) for pair in pairs]).to(degraded.device)
        stacked = torch.cat([known[:, :3], degraded, known[:, 3:]], dim=1)
        return _split(_mirrored(stacked, size, generator, part))


class OldCrops:
    """Crops of real old photos, for which there is no truth."""

    def __init__(self, photos: Sequence[CorpusPhoto], crop_px: int, seed: int) -> None:
        self.photos = [photo for photo in photos if min(photo.width, photo.height) >= crop_px]
        if not self.photos:
            raise ValueError(f"none of {len(photos)} old photos has sides of {crop_px} px; bring larger scans")
        self.seed = seed
        self._decoded = Remembered(decode_bytes, capacity=256)

    def batch(self, step: int, size: int, crop_px: int, part: Part = WHOLE) -> Tensor:
        """``part`` of ``size`` crops, (N, 3, crop_px, crop_px)."""
        part.even_size(size)
        generator = step_generator(self.seed, step)
        chosen = [self.photos[index] for index in torch.randint(len(self.photos), (size,), generator=generator)]
        drawn = [(photo, draw_corner(photo.height, photo.width, crop_px, generator)) for photo in chosen]
        crops = [cut(self._decoded(photo), corner, crop_px) for photo, corner in part.of(drawn)]
        return _mirrored(torch.cat(crops).float() / 255, size, generator, part)


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
    return FreshPairs(photos, scans_for(textures, TRAIN), recipe.degradation, recipe.seed, ages_on(device))


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


def _picture_rows(group: RowGroup) -> list[dict[str, Any]]:
    return read_row_group(group, ["clean", "degraded", "mask"])


def _mirrored(photos: Tensor, size: int, generator: torch.Generator, part: Part) -> Tensor:
    """``photos``, which are ``part`` of ``size``, each with a chance of one half turned round."""
    is_mirrored = part.of(torch.rand(size, 1, 1, 1, generator=generator)) < 0.5
    return torch.where(is_mirrored.to(photos.device), photos.flip(-1), photos)


def _split(stacked: Tensor) -> PairBatch:
    """(N, 7, H, W) of clean, degraded and mask as a batch."""
    return PairBatch(*stacked.split([3, 3, 1], dim=1))

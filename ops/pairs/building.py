"""Which pairs there are, and how their shards are made: side by side, piece by piece, the same on any machine."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path

import torch
from torch import Tensor

from ops.checkpoints import fingerprint
from ops.corpora.records import HELD_OUT, SPLITS, TRAIN, VALIDATION, Corpus, CorpusPhoto
from ops.degradation.degrade import degrade
from ops.degradation.recipe import DegradationRecipe
from ops.degradation.texture_scans import TextureScan, scans_of
from ops.images import decode_rgb
from ops.pairs.sets import PairSet
from ops.pairs.shards import FORMAT, StoredPair, read_row_group, row_groups, write_shard
from ops.parts import WHOLE, Part


@dataclass(frozen=True)
class DatasetRecipe:
    """The pairs: how damaged, how many are frozen in each split, how large.

    ``trains_fresh`` lets training damage crops on the fly by the same functions, so that it never sees a pair twice;
    else it sees the frozen training pairs again and again.
    """

    degradation: DegradationRecipe
    trains_fresh: bool
    train_pairs: int
    validation_pairs: int
    held_out_pairs: int
    pair_px: int
    pairs_per_shard: int
    seed: int

    def num_pairs(self, split: str) -> int:
        """How many frozen pairs ``split`` has."""
        return {TRAIN: self.train_pairs, VALIDATION: self.validation_pairs, HELD_OUT: self.held_out_pairs}[split]

    def redrawn(self) -> DatasetRecipe:
        """Held-out pairs alone, four times as many, drawn anew: what the test set says by chance, these do not."""
        return replace(
            self, seed=self.seed + 1, train_pairs=0, validation_pairs=0, held_out_pairs=4 * self.held_out_pairs
        )


def build_pair_set(
    corpus: Corpus,
    textures: Corpus,
    recipe: DatasetRecipe,
    root: Path,
    report: Callable[[str], None],
    num_workers: int = 1,
) -> PairSet:
    """Make the pairs of ``recipe`` from ``corpus`` and describe them; shards that are there stay as they are.

    Args:
        corpus: clean photos.
        textures: scans to damage with, beside the procedural ones; may be empty.
        recipe: what to make.
        root: of all sets of pairs.
        report: receives a line a shard.
        num_workers: processes that make shards side by side; the pairs do not depend on it.

    Raises:
        ValueError: a split has no photo as large as a pair, or a photo is no longer the one the corpus recorded.
        ShardRefusedError: a shard that is there is damaged or not of this recipe.
    """
    make_shards(corpus, textures, recipe, root, report, num_workers)
    return _describe(_folder(corpus, textures, recipe, root), corpus, recipe)


def make_shards(
    corpus: Corpus,
    textures: Corpus,
    recipe: DatasetRecipe,
    root: Path,
    report: Callable[[str], None],
    num_workers: int = 1,
    part: Part = WHOLE,
) -> tuple[Path, ...]:
    """Make the shards of ``part`` that are missing; the other arguments and errors are those of ``build_pair_set``.

    Returns:
        All shards of ``part``, those that were there included.
    """
    folder = _folder(corpus, textures, recipe, root)
    folder.mkdir(parents=True, exist_ok=True)
    orders = [order for split in SPLITS for order in _orders(folder, split, corpus, textures, recipe)]
    ours = part.of(orders)
    missing = [order for order in ours if not order.path.is_file()]
    for done, order in enumerate(_make(missing, num_workers), start=1):
        report(f"{order.path.name}: {len(order.numbers)} pairs, shard {done} of {len(missing)}")
    return tuple(order.path for order in ours)


def large_enough(photos: Sequence[CorpusPhoto], side_px: int) -> list[CorpusPhoto]:
    """The photos that a square of ``side_px`` can be cut from."""
    return [photo for photo in photos if min(photo.width, photo.height) >= side_px]


def scans_for(textures: Corpus, split: str) -> tuple[TextureScan, ...]:
    """The scans to damage photos of ``split`` with: training never sees those of the other splits."""
    return scans_of(
        replace(textures, photos=tuple(t for t in textures.photos if (t.split == TRAIN) == (split == TRAIN)))
    )


def random_crop(photo: Tensor, side_px: int, generator: torch.Generator) -> Tensor:
    """A square of ``side_px`` out of ``photo`` (1, C, H, W), anywhere."""
    height, width = photo.shape[-2:]
    return cut(photo, draw_corner(height, width, side_px, generator), side_px)


def draw_corner(height: int, width: int, side_px: int, generator: torch.Generator) -> tuple[int, int]:
    """Top and left of a square of ``side_px``, anywhere in a photo of ``height`` x ``width``."""
    top, left = (int(torch.randint(length - side_px + 1, (1,), generator=generator)) for length in (height, width))
    return top, left


def cut(photo: Tensor, corner: tuple[int, int], side_px: int) -> Tensor:
    """The square of ``side_px`` whose top and left are ``corner``, out of ``photo`` (1, C, H, W)."""
    top, left = corner
    return photo[..., top : top + side_px, left : left + side_px]


def photos_in_two_splits(pairs: PairSet) -> int:
    """How many photos gave pairs to more than one split, counted from the rows themselves; 0 unless something leaks."""
    splits = [_photos_of(pairs, split) for split in SPLITS]
    return len({photo for one in range(3) for other in range(one) for photo in splits[one] & splits[other]})


@dataclass(frozen=True)
class _Order:
    """One shard to be made."""

    path: Path
    split: str
    photos: Sequence[CorpusPhoto]
    numbers: range
    recipe: DatasetRecipe
    scans: Sequence[TextureScan]


def _folder(corpus: Corpus, textures: Corpus, recipe: DatasetRecipe, root: Path) -> Path:
    """Where the pairs of this recipe and these photos lie; other photos, names or numbers, another folder.

    Names decide too: photos and textures are drawn in their order, and a texture below ``paper`` is a paper.
    """
    decisive = fingerprint(FORMAT, recipe, *([_drawn_as(photo) for photo in one.photos] for one in (corpus, textures)))
    return root / f"{recipe.degradation.version}-{decisive}"


def _drawn_as(photo: CorpusPhoto) -> str:
    return f"{photo.sha256} {photo.split} {photo.name}"


def _orders(folder: Path, split: str, corpus: Corpus, textures: Corpus, recipe: DatasetRecipe) -> Iterator[_Order]:
    count = recipe.num_pairs(split)
    photos = large_enough(corpus.of_split(split), recipe.pair_px)
    if count and not photos:
        raise ValueError(
            f"the {split} photos are all smaller than {recipe.pair_px} px ({len(corpus.of_split(split))} photos); "
            "bring larger or more ones with ALBUMEN_CLEAN_PHOTOS"
        )
    scans = scans_for(textures, split)
    for number, first in enumerate(range(0, count, recipe.pairs_per_shard)):
        numbers = range(first, min(first + recipe.pairs_per_shard, count))
        yield _Order(folder / f"{split}-{number:05d}.parquet", split, photos, numbers, recipe, scans)


def _make(orders: Sequence[_Order], num_workers: int) -> Iterator[_Order]:
    """Write the shards of ``orders``, each in one process, and yield them as they are done."""
    if num_workers == 1 or len(orders) < 2:
        yield from map(_make_one, orders)
        return
    with ProcessPoolExecutor(min(num_workers, len(orders)), mp_context=get_context("spawn")) as pool:
        for written in as_completed([pool.submit(_make_one, order) for order in orders]):
            yield written.result()


def _make_one(order: _Order) -> _Order:
    write_shard(order.path, _pairs_of(order), order.recipe.degradation.version)
    return order


def _pairs_of(order: _Order) -> Iterator[StoredPair]:
    decode = lru_cache(maxsize=16)(_decode)
    degradation = order.recipe.degradation
    if order.split != TRAIN:  # an undamaged photo says nothing about restoration, and its PSNR is infinite
        degradation = replace(degradation, undamaged_share=0.0)
    for number in order.numbers:
        photo = order.photos[number % len(order.photos)]
        seed = int(fingerprint(order.recipe.seed, order.split, number), 16) % 2**62
        generator = torch.Generator().manual_seed(seed)
        source = random_crop(decode(photo), order.recipe.pair_px, generator)
        pair = degrade(source, degradation, generator, order.scans)
        yield StoredPair(f"{order.split}-{number:05d}", photo.name, photo.sha256, seed, source, pair)


def _decode(photo: CorpusPhoto) -> Tensor:
    return decode_rgb(photo.read())


def _photos_of(pairs: PairSet, split: str) -> set[str]:
    groups = row_groups(pairs, split)
    return {row["photo_sha256"] for group in groups for row in read_row_group(group, ["photo_sha256"])}


def _describe(folder: Path, corpus: Corpus, recipe: DatasetRecipe) -> PairSet:
    """The record of the shards in ``folder``; the test set is read whole, so a changed byte of it is found here."""
    pairs = PairSet(
        folder=folder,
        recipe_version=recipe.degradation.version,
        num_train=recipe.train_pairs,
        num_validation=recipe.validation_pairs,
        num_held_out=recipe.held_out_pairs,
        num_too_small=len(corpus.photos) - len(large_enough(corpus.photos, recipe.pair_px)),
        pair_px=recipe.pair_px,
        mean_damaged_share=0.0,
        sha256="",
    )
    digest, shares = hashlib.sha256(), []
    for group in row_groups(pairs, HELD_OUT):
        for row in read_row_group(group, ["degraded", "clean", "damaged_share"]):
            digest.update(row["degraded"])
            digest.update(row["clean"])
            shares.append(row["damaged_share"])
    return replace(pairs, mean_damaged_share=sum(shares) / max(1, len(shares)), sha256=digest.hexdigest())

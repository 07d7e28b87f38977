"""Frozen pairs as Parquet shards: pictures, mask, every number drawn, and enough to make each pair again."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path
from typing import Final

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from torch import Tensor

from ops.checkpoints import fingerprint
from ops.corpora.records import Corpus, CorpusPhoto
from ops.degradation.degrade import Pair, apply_plan, degrade
from ops.degradation.plan import plan_from_json, plan_to_json
from ops.degradation.recipe import DegradationRecipe
from ops.degradation.texture_scans import TextureScan, scans_of
from ops.images import decode_mask, decode_rgb, encode_png
from ops.pair_sets import PairSet

_SCHEMA = pa.schema(
    [
        ("name", pa.string()),
        ("photo", pa.string()),
        ("photo_sha256", pa.string()),
        ("seed", pa.int64()),
        ("recipe_version", pa.string()),
        ("damaged_share", pa.float64()),
        ("plan", pa.string()),
        ("source", pa.binary()),  # the crop before anything, PNG
        ("clean", pa.binary()),  # the truth: the crop, in one tone if the plan prints it so
        ("degraded", pa.binary()),
        ("mask", pa.binary()),
        ("classes", pa.list_(pa.string())),
        ("class_masks", pa.binary()),  # one PNG, the masks of ``classes`` one below the other; empty without any
    ]
)

_SHARE_BINS: Final = [0.0, 1e-9, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.01]  # the first bin holds exactly 0


@dataclass(frozen=True)
class DatasetRecipe:
    """The pairs: how damaged, how many are frozen for training and held out, how large.

    ``trains_fresh`` lets training damage crops on the fly by the same functions, so that it never sees a pair twice;
    else it sees the frozen training pairs again and again.
    """

    degradation: DegradationRecipe
    trains_fresh: bool
    train_pairs: int
    held_out_pairs: int
    pair_px: int
    pairs_per_shard: int
    seed: int


@dataclass(frozen=True)
class StoredPair:
    """One row of a shard: its name, the pair, and the crop it was made from."""

    name: str
    source: Tensor
    pair: Pair


def build_pair_set(
    corpus: Corpus,
    textures: Corpus,
    recipe: DatasetRecipe,
    root: Path,
    report: Callable[[str], None],
    num_workers: int = 1,
) -> PairSet:
    """Make the pairs of ``recipe`` from ``corpus`` and write their shards; shards that are there stay as they are.

    Args:
        corpus: clean photos.
        textures: scans to damage with, beside the procedural ones; may be empty.
        recipe: what to make.
        root: of all sets of pairs.
        report: receives a line a shard.
        num_workers: processes that make shards side by side; the pairs do not depend on it.

    Raises:
        ValueError: a split has no photo as large as a pair, or a photo is no longer the one the corpus recorded.
    """
    folder = root / f"{recipe.degradation.version}-{fingerprint(recipe, corpus.sha256, textures.sha256)}"
    scans = scans_of(textures)
    folder.mkdir(parents=True, exist_ok=True)
    orders = [
        order
        for split, photos, count in (
            ("train", corpus.train, recipe.train_pairs),
            ("held_out", corpus.held_out, recipe.held_out_pairs),
        )
        for order in _orders(folder, split, _large_enough(photos, count, split, recipe), count, recipe, scans)
    ]
    missing = [order for order in orders if not order.path.is_file()]
    for done, order in enumerate(_make(missing, num_workers), start=1):
        report(f"{order.path.name}: {len(order.numbers)} pairs, shard {done} of {len(missing)}")
    return _describe(folder, recipe)


def read_pairs(shards: Sequence[Path]) -> Iterator[StoredPair]:
    """Stream the pairs of ``shards``, one row group in memory at a time."""
    for shard in shards:
        with pq.ParquetFile(shard) as file:
            for batch in file.iter_batches(batch_size=32):
                for row in batch.to_pylist():
                    pair = Pair(
                        clean=decode_rgb(row["clean"]),
                        degraded=decode_rgb(row["degraded"]),
                        mask=decode_mask(row["mask"]),
                        class_masks=_decode_class_masks(row["classes"], row["class_masks"]),
                        plan=plan_from_json(row["plan"]),
                    )
                    yield StoredPair(row["name"], decode_rgb(row["source"]), pair)


def remake_pair(stored: StoredPair) -> Pair:
    """Make the pair of a row again from its source crop and its plan alone; equal bit for bit."""
    return apply_plan(stored.source, stored.pair.plan)


def describe_shards(shards: Sequence[Path]) -> pd.DataFrame:
    """What ``shards`` hold, counted without decoding a picture.

    Returns:
        One row a count, with the columns ``about`` ("damage", "damages in a pair" or "damaged share"), ``value`` (the
        name, the number, or the lower bound of a bin of the area that structured damage touches) and ``pairs``.
    """
    names: list[str] = []
    numbers: list[int] = []
    shares: list[float] = []
    for shard in shards:
        table = pq.read_table(shard, columns=["plan", "damaged_share"])
        shares += table["damaged_share"].to_pylist()
        for text in table["plan"].to_pylist():
            drawn = plan_from_json(text).names
            names += sorted(set(drawn))
            numbers.append(len(drawn))
    bounds = pd.cut(pd.Series(shares, dtype=float), _SHARE_BINS, right=False, labels=_SHARE_BINS[:-1])
    columns = {
        "damage": pd.Series(names, dtype=str).value_counts(),
        "damages in a pair": pd.Series(numbers, dtype=int).value_counts().sort_index(),
        "damaged share": bounds.value_counts().sort_index(),
    }
    rows = [(about, str(value), int(n)) for about, counts in columns.items() for value, n in counts.items()]
    return pd.DataFrame(rows, columns=["about", "value", "pairs"])


@dataclass(frozen=True)
class _Order:
    """One shard to be made."""

    path: Path
    split: str
    photos: Sequence[CorpusPhoto]
    numbers: range
    recipe: DatasetRecipe
    scans: Sequence[TextureScan]


def _large_enough(
    photos: Sequence[CorpusPhoto], count: int, split: str, recipe: DatasetRecipe
) -> Sequence[CorpusPhoto]:
    usable = [photo for photo in photos if min(photo.width, photo.height) >= recipe.pair_px]
    if count and not usable:
        raise ValueError(
            f"the {split} photos are all smaller than {recipe.pair_px} px ({len(photos)} photos); "
            "bring larger ones with ALBUMEN_CLEAN_PHOTOS"
        )
    return usable


def _orders(
    folder: Path,
    split: str,
    photos: Sequence[CorpusPhoto],
    count: int,
    recipe: DatasetRecipe,
    scans: Sequence[TextureScan],
) -> Iterator[_Order]:
    for number, first in enumerate(range(0, count, recipe.pairs_per_shard)):
        numbers = range(first, min(first + recipe.pairs_per_shard, count))
        yield _Order(folder / f"{split}-{number:05d}.parquet", split, photos, numbers, recipe, scans)


def _make(orders: Sequence[_Order], num_workers: int) -> Iterator[_Order]:
    """Write the shards of ``orders``, each in one process, and yield them as they are done."""
    if num_workers == 1 or len(orders) < 2:
        yield from map(_write_shard, orders)
        return
    with ProcessPoolExecutor(min(num_workers, len(orders)), mp_context=get_context("spawn")) as pool:
        for written in as_completed([pool.submit(_write_shard, order) for order in orders]):
            yield written.result()


def _decode(photo: CorpusPhoto) -> Tensor:
    data = photo.path.read_bytes()
    found = hashlib.sha256(data).hexdigest()
    if found != photo.sha256:
        raise ValueError(
            f"{photo.path} has sha256 {found[:12]}..., the corpus recorded {photo.sha256[:12]}...; it was changed: "
            "materialize clean_photos again"
        )
    return decode_rgb(data)


def _write_shard(order: _Order) -> _Order:
    decode = lru_cache(maxsize=16)(_decode)
    split, photos, recipe = order.split, order.photos, order.recipe
    degradation = recipe.degradation
    if split == "held_out":  # an undamaged photo says nothing about restoration, and its PSNR is infinite
        degradation = replace(degradation, undamaged_share=0.0)
    rows = []
    for number in order.numbers:
        photo = photos[number % len(photos)]
        seed = int(fingerprint(recipe.seed, split, number), 16) % 2**62
        generator = torch.Generator().manual_seed(seed)
        source = random_crop(decode(photo), recipe.pair_px, generator)
        pair = degrade(source, degradation, generator, order.scans)
        rows.append(
            {
                "name": f"{split}-{number:05d}",
                "photo": photo.name,
                "photo_sha256": photo.sha256,
                "seed": seed,
                "recipe_version": recipe.degradation.version,
                "damaged_share": float((pair.mask > 0).float().mean()),
                "plan": plan_to_json(pair.plan),
                "source": encode_png(source),
                "clean": encode_png(pair.clean),
                "degraded": encode_png(pair.degraded),
                "mask": encode_png(pair.mask),
                "classes": list(pair.class_masks),
                "class_masks": _encode_class_masks(pair.class_masks),
            }
        )
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows, schema=_SCHEMA), buffer, compression="none", row_group_size=32)
    temporary = order.path.with_suffix(".partial")
    temporary.write_bytes(buffer.getvalue())
    temporary.replace(order.path)
    return order


def _encode_class_masks(masks: dict[str, Tensor]) -> bytes:
    return encode_png(torch.cat(list(masks.values()), dim=2)) if masks else b""


def _decode_class_masks(classes: Sequence[str], png: bytes) -> dict[str, Tensor]:
    return dict(zip(classes, decode_mask(png).chunk(len(classes), dim=2), strict=True)) if classes else {}


def random_crop(photo: Tensor, side_px: int, generator: torch.Generator) -> Tensor:
    """A square of ``side_px`` out of ``photo`` (1, C, H, W), anywhere."""
    top, left = (int(torch.randint(length - side_px + 1, (1,), generator=generator)) for length in photo.shape[-2:])
    return photo[..., top : top + side_px, left : left + side_px]


def _describe(folder: Path, recipe: DatasetRecipe) -> PairSet:
    digest, shares = hashlib.sha256(), []
    for shard in sorted(folder.glob("held_out-*.parquet")):
        table = pq.read_table(shard, columns=["degraded", "clean", "damaged_share"])
        for column in ("degraded", "clean"):
            for picture in table[column].to_pylist():
                digest.update(picture)
        shares += table["damaged_share"].to_pylist()
    return PairSet(
        folder=folder,
        recipe_version=recipe.degradation.version,
        num_train=recipe.train_pairs,
        num_held_out=recipe.held_out_pairs,
        pair_px=recipe.pair_px,
        mean_damaged_share=sum(shares) / max(1, len(shares)),
        sha256=digest.hexdigest(),
    )

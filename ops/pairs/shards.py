"""One shard of pairs: a Parquet file of pictures, masks and every number drawn, enough to make each pair again.

Which pairs there are is decided in `ops.pairs.building`. Pages carry checksums, so a flipped bit is found.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Final, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq
import torch
from torch import Tensor

from ops.degradation.degrade import Pair, apply_plan
from ops.degradation.plan import Plan, plan_from_json, plan_to_json
from ops.degradation.recipe import DegradationRecipe
from ops.images import decode_mask, decode_rgb, encode_png
from ops.pairs.sets import PairSet

T = TypeVar("T")

FORMAT: Final = 2
"""Of the file; raised when a column or its meaning changes."""

_PAIRS_IN_A_ROW_GROUP: Final = 8  # what is in memory at a time, and what a random access reads
_SCHEMA: Final = pa.schema(
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


class ShardRefusedError(ValueError):
    """A shard is damaged or not of this release; the message names it and ends with the cure."""


@dataclass(frozen=True)
class StoredPair:
    """One row of a shard.

    Attributes:
        name: split and number.
        photo: the name of the photo in its corpus.
        photo_sha256: of the photo's file.
        seed: of everything drawn for this pair.
        source: the crop that was damaged, (1, 3, P, P) in [0, 1].
        pair: what it became.
    """

    name: str
    photo: str
    photo_sha256: str
    seed: int
    source: Tensor
    pair: Pair

    @property
    def recipe_version(self) -> str:
        """Of the degradation."""
        return self.pair.plan.recipe_version


@dataclass(frozen=True)
class RowGroup:
    """A few rows that lie together: the least that is read at a time."""

    path: Path
    number: int
    num_rows: int
    recipe_version: str


def write_shard(path: Path, pairs: Iterable[StoredPair], recipe_version: str) -> None:
    """Write ``pairs`` to ``path``, which appears whole or not at all; several writers of one shard do no harm."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}-{uuid.uuid4().hex[:8]}.partial")
    schema = _SCHEMA.with_metadata({"format": str(FORMAT), "recipe_version": recipe_version})
    stream = iter(pairs)
    try:
        with pq.ParquetWriter(
            unfinished,
            schema,
            compression="none",
            use_dictionary=False,
            write_statistics=False,
            write_page_checksum=True,
        ) as writer:
            while rows := [_to_row(pair) for pair in islice(stream, _PAIRS_IN_A_ROW_GROUP)]:
                writer.write_table(pa.Table.from_pylist(rows, schema=schema))
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def read_pairs(pairs: PairSet, split: str) -> Iterator[StoredPair]:
    """Stream the pairs of ``split`` in order, one row group in memory at a time.

    Raises:
        ShardRefusedError: a shard is damaged, or made by another recipe or release than ``pairs`` says.
    """
    for group in row_groups(pairs, split):
        for row in read_row_group(group, _SCHEMA.names):
            yield _from_row(row, group)


def row_groups(pairs: PairSet, split: str) -> tuple[RowGroup, ...]:
    """Where the pairs of ``split`` lie, in order, without reading them.

    Raises:
        ShardRefusedError: a shard is damaged, or made by another recipe or release than ``pairs`` says.
    """
    return tuple(group for path in pairs.shards(split) for group in _answered(path, partial(_groups_of, pairs)))


def read_row_group(group: RowGroup, columns: Sequence[str]) -> list[dict[str, Any]]:
    """The rows of ``group`` with ``columns``, the name and the recipe; what is read is held against its checksums.

    Raises:
        ShardRefusedError: bytes were changed, or a row was made by another recipe than its shard says.
    """
    wanted = sorted({*columns, "name", "recipe_version"})
    rows = _answered(group.path, partial(_rows_of, group, wanted))
    for row in rows:
        if row["recipe_version"] != group.recipe_version:
            raise ShardRefusedError(_other_recipe(group.path, row["recipe_version"], group.recipe_version))
    return rows


def read_plan(row: dict[str, Any], group: RowGroup) -> Plan:
    """The plan of a row that was read with its column ``plan``.

    Raises:
        ShardRefusedError: this release does not know what the plan says.
    """
    try:
        return plan_from_json(row["plan"])
    except ValueError as error:
        raise ShardRefusedError(
            f"{group.path}, pair {row['name']}: this release cannot read the plan of recipe {row['recipe_version']} "
            f"({str(error).splitlines()[0]}); materialize degraded_pairs again, or use the release that made it"
        ) from error


def remake_pair(stored: StoredPair, recipe: DegradationRecipe) -> Pair:
    """Make the pair of a row again from its source crop and its plan alone; equal bit for bit.

    Args:
        stored: the row.
        recipe: of this release; its version stands for the code that damages.

    Raises:
        ShardRefusedError: the row was made by another version, so the same plan could give other pixels.
    """
    if stored.recipe_version != recipe.version:
        raise ShardRefusedError(
            f"pair {stored.name} was made by recipe {stored.recipe_version}, this release has {recipe.version} and "
            "could make other pixels of its plan; use the release that made it, or materialize degraded_pairs again"
        )
    return apply_plan(stored.source, stored.pair.plan)


def damaged_share(mask: Tensor) -> float:
    """The share of the area that structured damage touches, in [0, 1]."""
    return float((mask > 0).float().mean())


def _groups_of(pairs: PairSet, path: Path) -> list[RowGroup]:
    with pq.ParquetFile(path) as file:
        _check_kind(path, file.schema_arrow, pairs.recipe_version)
        sizes = [file.metadata.row_group(number).num_rows for number in range(file.num_row_groups)]
    return [RowGroup(path, number, size, pairs.recipe_version) for number, size in enumerate(sizes)]


def _rows_of(group: RowGroup, columns: list[str], path: Path) -> list[dict[str, Any]]:
    with pq.ParquetFile(path, page_checksum_verification=True) as file:
        return file.read_row_group(group.number, columns=columns).to_pylist()


def _answered(path: Path, read: Callable[[Path], T]) -> T:
    try:
        return read(path)
    except (OSError, pa.ArrowException) as error:
        raise ShardRefusedError(
            f"{path} is not as it was written ({' '.join(str(error).split())}); delete it and materialize "
            "degraded_pairs again: only this shard is made anew"
        ) from error


def _check_kind(path: Path, schema: pa.Schema, recipe_version: str) -> None:
    """Refuse a shard of another format or another recipe."""
    facts = {key.decode(): value.decode() for key, value in (schema.metadata or {}).items()}
    if facts.get("format") != str(FORMAT) or schema.names != _SCHEMA.names:
        raise ShardRefusedError(
            f"{path} is a shard of format {facts.get('format', 'unknown')}, this release reads format {FORMAT}; "
            "materialize degraded_pairs again"
        )
    if facts.get("recipe_version") != recipe_version:
        raise ShardRefusedError(_other_recipe(path, facts.get("recipe_version", "unknown"), recipe_version))


def _other_recipe(path: Path, found: str, expected: str) -> str:
    return (
        f"{path} was made by recipe {found}, its set of pairs by {expected}; delete it and materialize degraded_pairs "
        "again: only this shard is made anew"
    )


def _to_row(stored: StoredPair) -> dict[str, object]:
    pair = stored.pair
    return {
        "name": stored.name,
        "photo": stored.photo,
        "photo_sha256": stored.photo_sha256,
        "seed": stored.seed,
        "recipe_version": stored.recipe_version,
        "damaged_share": damaged_share(pair.mask),
        "plan": plan_to_json(pair.plan),
        "source": encode_png(stored.source),
        "clean": encode_png(pair.clean),
        "degraded": encode_png(pair.degraded),
        "mask": encode_png(pair.mask),
        "classes": list(pair.class_masks),
        "class_masks": encode_png(torch.cat(list(pair.class_masks.values()), dim=2)) if pair.class_masks else b"",
    }


def _from_row(row: dict[str, Any], group: RowGroup) -> StoredPair:
    classes = row["classes"]
    masks = decode_mask(row["class_masks"]).chunk(len(classes), dim=2) if classes else ()
    pair = Pair(
        clean=decode_rgb(row["clean"]),
        degraded=decode_rgb(row["degraded"]),
        mask=decode_mask(row["mask"]),
        class_masks=dict(zip(classes, masks, strict=True)),
        plan=read_plan(row, group),
    )
    return StoredPair(row["name"], row["photo"], row["photo_sha256"], row["seed"], decode_rgb(row["source"]), pair)

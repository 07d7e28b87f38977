"""The manifest: which photos a collection holds, and in which shard each one lies.

It grows by snapshots. A snapshot lists the source, keeps what is new or changed since the last one, cuts that into
new shards, and is written once as a Parquet file. A shard therefore never changes, and can be a partition.
"""

from __future__ import annotations

import hashlib
import io
import itertools
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import astuple, dataclass

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ops.archive.guesses import format_by_name, guess_pixels
from ops.parquet_bytes import read_parquet
from ops.storage.protocol import ObjectMissingError, Storage, StorageError, StoredObject, WriteOutcome

_COLUMNS = {
    "snapshot": "int64",
    "shard": "str",
    "key": "str",
    "size": "int64",
    "etag": "str",
    "version_id": "str",
    "format_by_name": "str",
}
_COLLECTION_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


@dataclass(frozen=True)
class ShardLimits:
    """How large a shard may be: so many photos; so many bytes and guessed pixels unless one photo alone has more."""

    num_photos: int
    num_bytes: int
    num_pixels: int

    def fits(self, limits: ShardLimits) -> bool:
        """Whether none of the three is above its limit."""
        return all(mine <= most for mine, most in zip(astuple(self), astuple(limits), strict=True))


# One ledger, one run, hours on a CPU. Hundreds of photos also where each is a master of 20 MB, so that ten million are
# 20,000 partitions and not 770,000. A large shard costs nothing after a kill: every photo has a record of its own.
ARCHIVE_SHARD = ShardLimits(num_photos=500, num_bytes=16 * 2**30, num_pixels=10_000_000_000)


@dataclass(frozen=True)
class Shard:
    """The photos that are restored, retried and booked together."""

    id: str
    photos: tuple[StoredObject, ...]


@dataclass(frozen=True)
class Manifest:
    """All snapshots of a collection.

    Attributes:
        collection: its name, the first part of its shards' ids.
        source: the location that was listed.
        table: one row per photo and state, with the columns snapshot, shard, key, size (bytes), etag, version_id and
            format_by_name (both may be missing); sorted by shard, then key. A photo that changed has a later row too.
    """

    collection: str
    source: str
    table: pd.DataFrame

    @property
    def shard_ids(self) -> tuple[str, ...]:
        """The ids of all shards, oldest first; valid as partition keys."""
        return tuple(self.table["shard"].unique())

    @property
    def num_snapshots(self) -> int:
        """How many snapshots were taken."""
        return int(self.table["snapshot"].max())

    def shard(self, shard_id: str) -> Shard:
        """The photos of one shard.

        Raises:
            ValueError: there is no such shard.
        """
        rows = self.table[self.table["shard"] == shard_id]
        if rows.empty:
            raise ValueError(f"collection {self.collection!r} has no shard {shard_id!r}: it has {self.shard_ids}")
        versions = rows["version_id"].astype(object).where(rows["version_id"].notna(), None)
        photos = zip(rows["key"], rows["size"], rows["etag"], versions, strict=True)
        return Shard(shard_id, tuple(StoredObject(key, int(size), *state) for key, size, *state in photos))


def collection_name(location: str) -> str:
    """A name for the collection at ``location``: its last folder and a short checksum, so that no two are alike."""
    folder = re.sub(r"[^a-z0-9]+", "-", location.rstrip("/").rsplit("/", 1)[-1].lower()).strip("-")
    return f"{folder[:40] or 'collection'}-{hashlib.sha256(location.encode()).hexdigest()[:6]}"


def find_shard(target: Storage, shard_id: str) -> Shard:
    """The photos of a shard, by its id alone.

    Raises:
        ValueError: no manifest at the target has it.
    """
    collection = shard_id.rsplit("-", 1)[0]
    manifest = read_manifest(target, collection)
    if manifest is None:
        raise ValueError(f"{target.location} has no manifest of {collection!r}: materialize archive_manifest first")
    return manifest.shard(shard_id)


def take_snapshot(
    source: Storage,
    target: Storage,
    collection: str,
    limits: ShardLimits,
    again: frozenset[str] = frozenset(),
    listing: Callable[[], Iterator[StoredObject]] | None = None,
) -> Manifest:
    """List the source, and write down at the target what is new.

    Args:
        source: the collection.
        target: where manifests lie.
        collection: its name.
        limits: of the new shards.
        again: keys that get a new row, and so another try, though nothing about them changed.
        listing: what to take the objects from instead of the source's own listing; see `ops.archive.inventory`.

    Raises:
        ValueError: the source is empty, or the collection was taken from another source.
        StorageError: another snapshot was taken at the same time.
    """
    target.probe_conditional_writes()
    known = read_manifest(target, collection)
    manifest = scan(source, collection, limits, known, again, listing)
    if known is not None and manifest.num_snapshots == known.num_snapshots:
        return known
    key = _snapshot_key(collection, manifest.num_snapshots)
    if target.write_once(key, _to_parquet(manifest)) is WriteOutcome.CONFLICT:
        raise StorageError(f"{target.location}: {key} was written by another snapshot at the same time: run again.")
    return manifest


def scan(
    source: Storage,
    collection: str,
    limits: ShardLimits,
    known: Manifest | None = None,
    again: frozenset[str] = frozenset(),
    listing: Callable[[], Iterator[StoredObject]] | None = None,
) -> Manifest:
    """Add what is new or changed in the source, or to be tried ``again``, to the manifest, in new shards.

    Raises:
        ValueError: the source is empty, the name is unfit for a partition, or `known` is of another source.
    """
    if not _COLLECTION_NAME.fullmatch(collection):
        raise ValueError(f"a collection is named in a-z, 0-9 and -, at most 63 of them, got {collection!r}")
    if known is not None and known.source != source.location:
        raise ValueError(
            f"collection {collection!r} was taken from {known.source}, not from {source.location}: "
            "choose another collection name for another source"
        )
    objects = sorted({each.key: each for each in (listing or source.list)()}.values(), key=lambda each: each.key)
    if not objects and known is None:
        raise ValueError(f"{source.location} holds no photo: put photos there, or correct the setting")
    table = _empty_table() if known is None else known.table
    latest = dict(zip(table["key"], table["etag"], strict=True))  # of several rows of a key the last one stays
    fresh = [each for each in objects if each.key in again or latest.get(each.key) != each.etag]
    if not fresh:
        return Manifest(collection, source.location, table)
    snapshot = 1 if known is None else known.num_snapshots + 1
    num_shards = table["shard"].nunique()
    rows = [
        (snapshot, f"{collection}-{num_shards + number:05d}", *astuple(each), format_by_name(each.key))
        for number, each in zip(_cut(fresh, limits), fresh, strict=True)
    ]
    added = pd.DataFrame(rows, columns=list(_COLUMNS)).astype(_COLUMNS)
    return Manifest(collection, source.location, pd.concat([table, added], ignore_index=True))


def read_manifest(target: Storage, collection: str) -> Manifest | None:
    """Put the snapshots of a collection together; None where none was taken."""
    tables = list(_read_snapshots(target, collection))
    if not tables:
        return None
    source = tables[0].schema.metadata[b"source"].decode()
    frames = [table.to_pandas().reindex(columns=list(_COLUMNS)).astype(_COLUMNS) for table in tables]  # older: fewer
    return Manifest(collection, source, pd.concat(frames, ignore_index=True))


def _cut(photos: Iterable[StoredObject], limits: ShardLimits) -> Iterator[int]:
    """Number the shards: a photo that would make the current one too large opens the next."""
    number, held = 0, ShardLimits(0, 0, 0)
    for photo in photos:
        grown = ShardLimits(
            held.num_photos + 1, held.num_bytes + photo.size, held.num_pixels + guess_pixels(photo.key, photo.size)
        )
        if held.num_photos and not grown.fits(limits):
            number, grown = number + 1, ShardLimits(1, photo.size, guess_pixels(photo.key, photo.size))
        held = grown
        yield number


def _empty_table() -> pd.DataFrame:
    return pd.DataFrame(columns=list(_COLUMNS)).astype(_COLUMNS)


def _snapshot_key(collection: str, number: int) -> str:
    return f"manifests/{collection}/{number:06d}.parquet"


def _to_parquet(manifest: Manifest) -> bytes:
    """The rows of the last snapshot; no time in it, so that twins write the same bytes."""
    rows = manifest.table[manifest.table["snapshot"] == manifest.num_snapshots]
    table = pa.Table.from_pandas(rows, preserve_index=False).replace_schema_metadata({"source": manifest.source})
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd")
    return buffer.getvalue()


def _read_snapshots(target: Storage, collection: str) -> Iterator[pa.Table]:
    for number in itertools.count(1):
        try:
            yield read_parquet(target.read(_snapshot_key(collection, number)))
        except ObjectMissingError:
            return

"""One look at one file that is offered as a photo, and the memory of earlier looks.

A local photo is used where it lies. A photo in a bucket or in a Parquet file is copied once, to a file named by its
checksum. What was read is remembered by key and etag, so a second look at a large collection is a listing.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ops.images import PhotoError, decode_mask, decode_photo
from ops.storage.protocol import KeyRefusedError, ObjectMissingError, SourceChangedError, Storage, StoredObject


@dataclass(frozen=True)
class Look:
    """What a look found; ``reason`` is set where it is no usable photo.

    Attributes:
        key: of the file, or of the Parquet file and the row in it.
        etag: of the file.
        sha256: of the photo's bytes.
        width: upright, in pixels.
        height: upright, in pixels.
        reason: the slug of a refusal.
        message: its sentence.
        suffix: of the copy's name, empty where there is no copy.
        mask_sha256: of the copied damage mask, empty without one.
        split: as a column of a Parquet file prescribes it, else empty.
        licence: as a column of a Parquet file says it, else empty.
    """

    key: str
    etag: str
    sha256: str = ""
    width: int = 0
    height: int = 0
    reason: str = ""
    message: str = ""
    suffix: str = ""
    mask_sha256: str = ""
    split: str = ""
    licence: str = ""

    def copy(self, place: Path) -> Path:
        """Where the copy of the photo lies."""
        return place / (self.sha256 + self.suffix)

    def mask(self, place: Path) -> Path | None:
        """Where the copy of its mask lies; None without one."""
        return place / f"{self.mask_sha256}.mask.png" if self.mask_sha256 else None

    def is_still_good(self, place: Path) -> bool:
        """Whether it need not be taken again: it was no refusal, and its copies are where they were."""
        copies = [self.copy(place)] if self.suffix else []
        return not self.reason and all(path.is_file() for path in (*copies, *filter(None, [self.mask(place)])))


def look_at_file(storage: Storage, stored: StoredObject, known: Look | None, place: Path, is_copied: bool) -> Look:
    """Read and decode one photo, unless it was read before and is the same still."""
    if known is not None and known.etag == stored.etag and known.is_still_good(place):
        return known
    try:
        data = storage.read(stored.key, stored.etag)
    except (KeyRefusedError, ObjectMissingError, SourceChangedError) as error:
        return Look(stored.key, "", reason="unreadable", message=str(error))
    return look_at_bytes(stored.key, stored.etag, data, place if is_copied else None)


def look_at_bytes(
    key: str, etag: str, data: bytes, place: Path | None, mask: bytes | None = None, split: str = "", licence: str = ""
) -> Look:
    """Decode a photo and its mask, and copy both to ``place`` if there is one."""
    try:
        photo = decode_photo(data)
        size = photo.pixels.shape[2:]
        marked = size if mask is None else decode_mask(mask).shape[2:]
    except PhotoError as error:
        return Look(key, etag, reason=error.reason, message=str(error))
    if marked != size:
        sentence = (
            f"its mask is {marked[1]} x {marked[0]}, the photo {size[1]} x {size[0]}; a mask has its photo's size"
        )
        return Look(key, etag, reason="mask-of-another-size", message=sentence)
    sha256 = hashlib.sha256(data).hexdigest()
    mask_sha256 = hashlib.sha256(mask).hexdigest() if mask is not None else ""
    suffix = f".{photo.container.lower()}" if place is not None else ""
    look = Look(key, etag, sha256, size[1], size[0], "", "", suffix, mask_sha256, split, licence)
    if place is not None:
        _write(look.copy(place), data)
        mask_copy = look.mask(place)
        if mask is not None and mask_copy is not None:
            _write(mask_copy, mask)
    return look


def read_looks(index: Path) -> dict[str, Look]:
    """Earlier looks by key; none where there is no index or another release wrote it."""
    if not index.is_file():
        return {}
    table = pq.read_table(index)
    if table.column_names != [field.name for field in fields(Look)]:
        return {}
    return {row["key"]: Look(**row) for row in table.to_pylist()}


def write_looks(looks: Iterable[Look], index: Path) -> None:
    """Remember ``looks``."""
    index.parent.mkdir(parents=True, exist_ok=True)
    unfinished = index.with_name(f"{index.name}.{os.getpid()}.part")
    pq.write_table(pa.Table.from_pylist([asdict(look) for look in looks]), unfinished)
    unfinished.replace(index)


def _write(path: Path, data: bytes) -> None:
    """Write a file named by its content; two threads that write the same one do no harm."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.{os.getpid()}-{id(data):x}.part")
    unfinished.write_bytes(data)
    unfinished.replace(path)

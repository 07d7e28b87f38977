"""Photos inside Parquet files: a column of encoded images, and beside it what is known of each.

``image`` holds the bytes of an image file, or the struct {bytes, path} that data set hubs write. Optional columns:
``name``, ``mask`` (of the photo's size, white where damaged), ``split`` (train, validation, held_out or test),
``licence``, and ``sha256`` of the image bytes, which is compared.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from ops.corpora.looks import Look, look_at_bytes
from ops.corpora.records import HELD_OUT, TRAIN, VALIDATION
from ops.parquet_bytes import batches_of, open_parquet
from ops.storage.protocol import KeyRefusedError, ObjectMissingError, SourceChangedError, Storage, StoredObject

_OPTIONAL: Final = ("name", "mask", "split", "licence", "license", "sha256")
_SPLITS: Final = {
    "": "",
    "train": TRAIN,
    "validation": VALIDATION,
    "val": VALIDATION,
    "held_out": HELD_OUT,
    "test": HELD_OUT,
}
_ROWS_AT_A_TIME: Final = 16


def look_at_table(storage: Storage, stored: StoredObject, known: Mapping[str, Look], place: Path) -> Iterator[Look]:
    """Look at every row of a Parquet file; a row that cannot be used, or a file, is refused by name."""
    before = [look for look in known.values() if look.key.startswith(f"{stored.key}/") and look.etag == stored.etag]
    if before and all(look.is_still_good(place) for look in before):
        yield from before
        return
    number = 0
    try:
        with open_parquet(storage.read(stored.key, stored.etag)) as file:
            columns = [name for name in ("image", *_OPTIONAL) if name in file.schema_arrow.names]
            if "image" not in columns:
                yield _refused(stored, "no-image-column", f"has the columns {', '.join(file.schema_arrow.names)}")
                return
            for batch in batches_of(file, columns, _ROWS_AT_A_TIME):
                for row in batch.to_pylist():
                    yield _look_at_row(row, number, stored, place)
                    number += 1
    except (KeyRefusedError, ObjectMissingError, SourceChangedError) as error:
        yield Look(stored.key, "", reason="unreadable", message=str(error))
    except (OSError, pa.ArrowException) as error:
        yield _refused(stored, "unreadable", f"breaks off after {number} photos ({' '.join(str(error).split())})")


def _refused(stored: StoredObject, reason: str, finding: str) -> Look:
    cure = "expected a Parquet file with encoded photos in a column image"
    return Look(stored.key, stored.etag, reason=reason, message=f"{stored.key} {finding}; {cure}")


def _look_at_row(row: Mapping[str, Any], number: int, stored: StoredObject, place: Path) -> Look:
    image, mask = _bytes(row["image"]), _bytes(row.get("mask"))
    inner = row["image"].get("path") if isinstance(row["image"], Mapping) else None
    name = row.get("name") or inner or ""
    key = f"{stored.key}/{number:06d}{f'-{name}' if name else ''}"
    if image is None:
        return Look(key, stored.etag, reason="empty", message="the row holds no image; expected the bytes of one")
    found = hashlib.sha256(image).hexdigest()
    if row.get("sha256") not in (None, "", found):
        sentence = f"its bytes have sha256 {found[:12]}..., the row says {str(row['sha256'])[:12]}...; export it again"
        return Look(key, stored.etag, reason="checksum-mismatch", message=sentence)
    split = _SPLITS.get(row.get("split") or "")
    if split is None:
        sentence = f"its split is {row['split']!r}; expected one of {', '.join(filter(None, _SPLITS))}, or none"
        return Look(key, stored.etag, reason="unknown-split", message=sentence)
    licence = row.get("licence") or row.get("license") or ""
    return look_at_bytes(key, stored.etag, image, place, mask, split, licence)


def _bytes(value: object) -> bytes | None:
    """The bytes of an image column: as they are, or inside the struct of a data set hub."""
    inner = value.get("bytes") if isinstance(value, Mapping) else value
    return inner if isinstance(inner, bytes) and inner else None

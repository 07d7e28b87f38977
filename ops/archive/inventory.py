"""S3 Inventory as a listing: the report that S3 writes daily or weekly, instead of a thousand keys a request.

AWS delivers a `manifest.json` that names Parquet files and their MD5. What an inventory knows may be days old; every
photo is read under the condition of its ETag, so a stale line ends as a row `source-changed` or `source-gone`.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator
from typing import Any

import pyarrow.parquet as pq

from ops.storage.protocol import RESERVED, Storage, StoredObject

_NEEDED = ("key", "size", "e_tag")


def read_inventory(reports: Storage, manifest_key: str, prefix: str) -> Iterator[StoredObject]:
    """Stream what an inventory lists below ``prefix``, with keys relative to it.

    Args:
        reports: the bucket that the inventory is delivered to.
        manifest_key: of its ``manifest.json`` there.
        prefix: of the collection in the inventoried bucket; "" for all of it.

    Raises:
        ValueError: it is no Parquet inventory with size and ETag, or a file of it is damaged.
    """
    try:
        manifest: dict[str, Any] = json.loads(reports.read(manifest_key))
        files = [(file["key"], file["MD5checksum"]) for file in manifest["files"]]
        kind = manifest["fileFormat"]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"{reports.location}/{manifest_key} is no manifest.json of an S3 inventory: {error}"
        ) from error
    if kind != "Parquet":
        raise ValueError(f"the inventory {manifest_key} is written as {kind}: choose Parquet in its configuration")
    start = prefix.strip("/") + "/" if prefix.strip("/") else ""
    for key, md5 in files:
        data = reports.read(key)
        if hashlib.md5(data, usedforsecurity=False).hexdigest() != md5:
            raise ValueError(
                f"{reports.location}/{key} is not the file that {manifest_key} names: wait for the next one"
            )
        yield from _rows(data, key, start)


def _rows(data: bytes, name: str, start: str) -> Iterator[StoredObject]:
    file = pq.ParquetFile(io.BytesIO(data))
    present = set(file.schema_arrow.names)
    if not present.issuperset(_NEEDED):
        raise ValueError(f"{name} has the columns {sorted(present)}: add size and ETag to the inventory's fields")
    flags = [flag for flag in ("is_latest", "is_delete_marker") if flag in present]
    for batch in file.iter_batches(columns=[*_NEEDED, *flags]):
        for row in batch.to_pylist():
            is_there = row.get("is_latest") is not False and not row.get("is_delete_marker")
            key = row["key"].removeprefix(start)
            is_photo = row["key"].startswith(start) and not key.endswith("/") and f"/{RESERVED}" not in f"/{key}"
            if is_there and is_photo and key:
                yield StoredObject(key, int(row["size"]), row["e_tag"].strip('"'))

"""S3 Inventory as a listing: the report that S3 writes daily or weekly, instead of a thousand keys a request.

AWS delivers a `manifest.json` that names CSV (gzip) or Parquet files and their MD5, and beside it, last, a
`manifest.checksum`. What an inventory knows may be days old; every photo is read under the condition of its ETag, so a
stale line ends as a row `source-changed` or `source-gone`.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote_plus

from ops.parquet_bytes import batches_of, open_parquet
from ops.storage.locations import open_storage
from ops.storage.protocol import RESERVED, ObjectMissingError, Storage, StoredObject

_NEEDED = ("key", "size", "e_tag")
_FURTHER = ("version_id", "is_latest", "is_delete_marker")
_CSV_NAMES = {
    "Key": "key",
    "Size": "size",
    "ETag": "e_tag",
    "VersionId": "version_id",
    "IsLatest": "is_latest",
    "IsDeleteMarker": "is_delete_marker",
}
_MANIFEST = "manifest.json"


def inventory_listing(location: str, source: str) -> Callable[[], Iterator[StoredObject]]:
    """Take the listing of ``source`` from an inventory.

    Args:
        location: of a ``manifest.json``, or of the place below which S3 delivers a new one every time: then the newest
            is taken, whose folder's name is its date.
        source: the collection, a folder or ``s3://bucket/prefix``.

    Returns:
        What lists the collection when it is called; see `read_inventory` for what it raises.
    """
    scheme, separator, rest = location.partition("://")
    place, _, key = rest.partition("/") if separator else ("", "", "")
    bucket, _, prefix = source.removeprefix("s3://").partition("/") if source.startswith("s3://") else ("", "", "")

    def listing() -> Iterator[StoredObject]:
        """Open the reports and go through the right one."""
        if separator:  # files are named relative to the bucket
            reports, wanted = open_storage(f"{scheme}://{place}"), key
        else:
            folder = location.removesuffix(_MANIFEST)
            reports, wanted = open_storage(folder), location[len(folder) :]
        if not wanted.endswith(_MANIFEST):
            wanted = _newest(reports, wanted)
        return read_inventory(reports, wanted, prefix, bucket)

    return listing


def read_inventory(reports: Storage, manifest_key: str, prefix: str, bucket: str = "") -> Iterator[StoredObject]:
    """Stream what an inventory lists below ``prefix``, with keys relative to it.

    Args:
        reports: the bucket that the inventory is delivered to.
        manifest_key: of its ``manifest.json`` there.
        prefix: of the collection in the inventoried bucket; "" for all of it.
        bucket: that must be the inventoried one; "" for any.

    Raises:
        ValueError: it is no CSV or Parquet inventory with size and ETag, is of another bucket, is not all delivered, or
            a file of it is damaged.
    """
    manifest = _read_manifest(reports, manifest_key)
    if bucket and manifest["sourceBucket"] != bucket:
        raise ValueError(
            f"the inventory {manifest_key} is of {manifest['sourceBucket']!r}, the collection in {bucket!r}"
        )
    start = prefix.strip("/") + "/" if prefix.strip("/") else ""
    kind = manifest["fileFormat"]
    rows = {"Parquet": _parquet_rows, "CSV": _csv_rows}.get(kind)
    if rows is None:
        raise ValueError(
            f"the inventory {manifest_key} is written as {kind}: choose CSV or Parquet in its configuration"
        )
    for file in manifest["files"]:
        key, data = file["key"], reports.read(file["key"])
        if hashlib.md5(data, usedforsecurity=False).hexdigest() != file["MD5checksum"]:
            raise ValueError(
                f"{reports.location}/{key} is not the file that {manifest_key} names: wait for the next one"
            )
        for row in rows(data, key, manifest):
            found = _photo(row, start)
            if found is not None:
                yield found


def _newest(reports: Storage, below: str) -> str:
    keys = [each.key for each in reports.list(below) if PurePosixPath(each.key).name == _MANIFEST]
    if not keys:
        raise ValueError(
            f"{reports.location}/{below} holds no manifest.json: wait for the first inventory, or correct it"
        )
    return max(keys, key=lambda key: PurePosixPath(key).parent.name)


def _read_manifest(reports: Storage, key: str) -> dict[str, Any]:
    """The manifest, once its checksum proves it whole; S3 writes that when all files are there."""
    data = reports.read(key)
    try:
        checksum = reports.read(key.removesuffix(_MANIFEST) + "manifest.checksum")
    except ObjectMissingError as error:
        raise ValueError(
            f"{reports.location}/{key} has no manifest.checksum beside it: wait until S3 delivered it"
        ) from error
    if checksum.decode(errors="replace").strip() != hashlib.md5(data, usedforsecurity=False).hexdigest():
        raise ValueError(f"{reports.location}/{key} is not what its manifest.checksum says: wait for the next one")
    try:
        manifest: dict[str, Any] = json.loads(data)
        _ = [(file["key"], file["MD5checksum"]) for file in manifest["files"]]
        _ = manifest["fileFormat"], manifest["fileSchema"], manifest["sourceBucket"]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{reports.location}/{key} is no manifest.json of an S3 inventory: {error!r}") from error
    return manifest


def _parquet_rows(data: bytes, name: str, manifest: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    file = open_parquet(data)
    present = set(file.schema_arrow.names)
    _check_columns(present, name)
    for batch in batches_of(file, [*_NEEDED, *(each for each in _FURTHER if each in present)]):
        yield from batch.to_pylist()


def _csv_rows(data: bytes, name: str, manifest: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Rows of a CSV inventory, which has no header line and its keys percent-encoded."""
    columns = [_CSV_NAMES.get(each.strip(), each) for each in manifest["fileSchema"].split(",")]
    _check_columns(set(columns), name)
    with gzip.open(io.BytesIO(data), "rt", encoding="utf-8", newline="") as text:
        for cells in csv.reader(text):
            row: dict[str, Any] = dict(zip(columns, cells, strict=True))
            flags = {flag: row[flag] == "true" for flag in ("is_latest", "is_delete_marker") if row.get(flag)}
            yield row | flags | {"key": unquote_plus(row["key"])}


def _check_columns(present: set[str], name: str) -> None:
    if not present.issuperset(_NEEDED):
        raise ValueError(f"{name} has the columns {sorted(present)}: add size and ETag to the inventory's fields")


def _photo(row: Mapping[str, Any], start: str) -> StoredObject | None:
    """The photo of a row; None for old versions, deleted objects, folders' markers and what is ours."""
    key = row["key"].removeprefix(start)
    is_there = row.get("is_latest") is not False and not row.get("is_delete_marker")
    is_photo = row["key"].startswith(start) and key and not key.endswith("/") and f"/{RESERVED}" not in f"/{key}"
    if not (is_there and is_photo):
        return None
    return StoredObject(key, int(row["size"]), row["e_tag"].strip('"'), row.get("version_id") or None)

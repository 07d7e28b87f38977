"""S3 Inventory in both of its written forms takes the place of the listing, or is refused by name."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
from pathlib import Path
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from archive_samples import GOOD, PACE, Negative, craft, fill

from ops.archive.inventory import inventory_listing, read_inventory
from ops.archive.manifest import ShardLimits, take_snapshot
from ops.archive.shard import restore_shard
from ops.storage.folder import FolderStorage
from ops.storage.locations import open_storage
from ops.storage.protocol import Storage, StoredObject

LIMITS = ShardLimits(num_photos=9, num_bytes=10**6, num_pixels=10**9)
LISTED: dict[str, object] = {
    "bucket": "photos",
    "key": "scans/box 1/a+b.tif",
    "version_id": "v7",
    "is_latest": True,
    "is_delete_marker": False,
    "size": 5,
    "e_tag": "9f",
}
NAMES = ("Bucket", "Key", "VersionId", "IsLatest", "IsDeleteMarker", "Size", "ETag")
WANTED = StoredObject("box 1/a+b.tif", 5, "9f", "v7")


def parquet_of(rows: list[dict[str, object]]) -> bytes:
    table = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), table)
    return table.getvalue()


def csv_of(rows: list[dict[str, object]]) -> bytes:
    """As AWS writes it: no header, everything quoted, keys percent-encoded, true and false in small letters."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    for row in rows:
        encoded = row | {"key": quote(str(row["key"]))}
        writer.writerow([str(cell).lower() if isinstance(cell, bool) else cell for cell in encoded.values()])
    return gzip.compress(text.getvalue().encode())


def deliver(
    reports: Storage, kind: str, rows: list[dict[str, object]], place: str = "", root: str = "", **changes: object
) -> None:
    """Lay an inventory down as AWS delivers it, the checksum last; ``root`` is where ``reports`` lies in its bucket."""
    data = parquet_of(rows) if kind == "Parquet" else csv_of(rows)
    name = f"data/{hashlib.sha256(data).hexdigest()[:8]}"
    reports.write_once(name, data)
    file = {"key": root + name, "MD5checksum": hashlib.md5(data, usedforsecurity=False).hexdigest()}
    manifest = {"sourceBucket": "photos", "fileFormat": kind, "fileSchema": ", ".join(NAMES), "files": [file]} | changes
    written = json.dumps(manifest).encode()
    reports.write_once(f"{place}manifest.json", written)
    reports.write_once(f"{place}manifest.checksum", hashlib.md5(written, usedforsecurity=False).hexdigest().encode())


@pytest.fixture
def reports(tmp_path: Path) -> FolderStorage:
    return FolderStorage(tmp_path / "reports")


@pytest.mark.parametrize("kind", ["CSV", "Parquet"])
def test_an_inventory_lists_the_latest_photos_below_the_prefix(reports: FolderStorage, kind: str) -> None:
    others = [{"key": "other/b.tif"}, {"key": "scans/"}, {"key": "scans/old", "is_latest": False}]
    gone = {"key": "scans/gone", "is_delete_marker": True}
    deliver(reports, kind, [LISTED, *(LISTED | each for each in (*others, gone))])
    assert list(read_inventory(reports, "manifest.json", "scans", "photos")) == [WANTED]


@pytest.mark.parametrize("kind", ["CSV", "Parquet"])
def test_versions_stand_in_the_manifest(reports: FolderStorage, tmp_path: Path, kind: str) -> None:
    deliver(reports, kind, [LISTED])
    source, target = FolderStorage(tmp_path / "photos"), FolderStorage(tmp_path / "results")
    listing = inventory_listing(f"{reports.location}/manifest.json", source.location)
    manifest = take_snapshot(source, target, "attic", LIMITS, listing=listing)
    assert list(manifest.table["version_id"]) == ["v7"]
    assert manifest.shard("attic-00000").photos[0].version_id == "v7"


def test_the_newest_delivery_is_taken(reports: FolderStorage) -> None:
    for day, size in (("2026-11-21", 1), ("2026-11-22", 2), ("2026-11-20", 3)):
        deliver(reports, "CSV", [LISTED | {"size": size}], f"inv/daily/{day}T01-00Z/")
    (found,) = inventory_listing(reports.location, "/nowhere")()
    assert found.size == 2


def test_a_place_without_an_inventory_is_named(reports: FolderStorage) -> None:
    reports.write_once("something", b"")
    with pytest.raises(ValueError, match=r"holds no manifest\.json: wait for the first"):
        list(inventory_listing(reports.location, "/nowhere")())


@pytest.mark.parametrize("kind", ["CSV", "Parquet"])
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"fileFormat": "ORC"}, "choose CSV or Parquet"),
        ({"files": [{"key": "manifest.checksum", "MD5checksum": "0"}]}, "wait for the next"),
        ({"files": None}, "no manifest"),
        ({"sourceBucket": "others"}, "is of 'others', the collection in 'photos'"),
    ],
)
def test_an_inventory_that_cannot_be_used_is_named(
    reports: FolderStorage, kind: str, changes: dict[str, object], message: str
) -> None:
    deliver(reports, kind, [LISTED], **changes)
    with pytest.raises(ValueError, match=message):
        list(read_inventory(reports, "manifest.json", "", "photos"))


@pytest.mark.parametrize("kind", ["CSV", "Parquet"])
def test_an_inventory_without_etags_is_named(reports: FolderStorage, kind: str) -> None:
    deliver(reports, kind, [{"key": "a"}], fileSchema="Key")
    with pytest.raises(ValueError, match="add size and ETag"):
        list(read_inventory(reports, "manifest.json", ""))


def test_an_inventory_that_is_not_all_there_or_changed_is_named(reports: FolderStorage) -> None:
    deliver(reports, "CSV", [LISTED])
    reports.write_replace("manifest.json", reports.read("manifest.json") + b" ")
    with pytest.raises(ValueError, match=r"not what its manifest\.checksum says"):
        list(read_inventory(reports, "manifest.json", ""))
    (Path(reports.location) / "manifest.checksum").unlink()
    with pytest.raises(ValueError, match="wait until S3 delivered it"):
        list(read_inventory(reports, "manifest.json", ""))


@pytest.mark.s3
def test_a_collection_in_a_bucket_is_restored_from_its_inventory(s3_location: str) -> None:
    bucket, _, prefix = s3_location.removeprefix("s3://").partition("/")
    source, target = open_storage(f"{s3_location}/originals"), open_storage(f"{s3_location}/results")
    fill(source)
    listed = [
        LISTED | {"key": f"{prefix}/originals/{each.key}", "size": each.size, "e_tag": each.etag}
        for each in source.list()
    ]
    reports = open_storage(f"{s3_location}/reports")
    deliver(reports, "CSV", listed, "2026/", root=f"{prefix}/reports/", sourceBucket=bucket)
    listing = inventory_listing(reports.location, source.location)
    shard = take_snapshot(source, target, "attic", LIMITS, listing=listing).shard("attic-00000")
    report = restore_shard(shard, source, target, craft(Negative()), PACE)
    assert report.num_restored == len(GOOD)

from __future__ import annotations

import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ops.archive.manifest import ShardLimits, read_manifest, scan, take_snapshot
from ops.storage.folder import FolderStorage
from ops.storage.protocol import StorageError

LIMITS = ShardLimits(num_photos=2, num_bytes=1000, num_pixels=100_000)


@pytest.fixture
def photos(tmp_path: Path) -> FolderStorage:
    storage = FolderStorage(tmp_path / "photos")
    for name in ("c", "a", "e", "b"):
        storage.write_once(name, name.encode())
    return storage


@pytest.fixture
def results(tmp_path: Path) -> FolderStorage:
    return FolderStorage(tmp_path / "results")


def keys(manifest: object, shard_id: str) -> list[str]:
    return [photo.key for photo in manifest.shard(shard_id).photos]  # type: ignore[attr-defined]


def test_shards_hold_the_photos_in_order_up_to_the_limit(photos: FolderStorage) -> None:
    manifest = scan(photos, "attic", LIMITS)
    assert manifest.shard_ids == ("attic-00000", "attic-00001")
    assert [keys(manifest, each) for each in manifest.shard_ids] == [["a", "b"], ["c", "e"]]
    assert manifest.shard("attic-00001").photos == tuple(photos.find(key) for key in ("c", "e"))


def test_a_shard_ends_before_its_bytes_are_too_many(photos: FolderStorage) -> None:
    photos.write_once("d", b"x" * 5000)
    manifest = scan(photos, "attic", ShardLimits(num_photos=100, num_bytes=1000, num_pixels=100_000))
    assert [keys(manifest, each) for each in manifest.shard_ids] == [["a", "b", "c"], ["d"], ["e"]]


def test_new_and_changed_photos_go_to_new_shards_and_old_shards_stay(
    photos: FolderStorage, results: FolderStorage
) -> None:
    before = take_snapshot(photos, results, "attic", LIMITS)
    photos.write_once("aa", b"new")
    photos.write_replace("c", b"changed")
    after = take_snapshot(photos, results, "attic", LIMITS)
    assert [after.shard(each) for each in before.shard_ids] == [before.shard(each) for each in before.shard_ids]
    assert keys(after, "attic-00002") == ["aa", "c"]
    assert len(after.shard_ids) == 3


def test_a_snapshot_of_nothing_new_writes_nothing(photos: FolderStorage, results: FolderStorage) -> None:
    first = take_snapshot(photos, results, "attic", LIMITS)
    stored = list(results.list())
    second = take_snapshot(photos, results, "attic", LIMITS)
    assert second.table.equals(first.table)
    assert list(results.list()) == stored


def test_what_was_written_is_read_back(photos: FolderStorage, results: FolderStorage) -> None:
    take_snapshot(photos, results, "attic", LIMITS)
    photos.write_once("Großmutter \U0001f4f7", b"new")
    taken = take_snapshot(photos, results, "attic", LIMITS)
    read = read_manifest(results, "attic")
    assert read is not None
    assert (read.collection, read.source, read.num_snapshots) == ("attic", photos.location, 2)
    assert read.table.equals(taken.table)


def test_a_collection_without_a_snapshot_has_no_manifest(results: FolderStorage) -> None:
    assert read_manifest(results, "attic") is None


def test_of_two_snapshots_at_once_the_second_is_told(
    photos: FolderStorage, results: FolderStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_snapshot(photos, results, "attic", LIMITS)
    photos.write_once("new", b"")
    monkeypatch.setattr("ops.archive.manifest.read_manifest", lambda *_: None)  # it looked before the first one wrote
    with pytest.raises(StorageError, match="same time: run again"):
        take_snapshot(photos, results, "attic", LIMITS)


def test_an_empty_source_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="holds no photo: put photos there"):
        scan(FolderStorage(tmp_path), "attic", LIMITS)


def test_one_collection_has_one_source(photos: FolderStorage, tmp_path: Path) -> None:
    known = scan(photos, "attic", LIMITS)
    with pytest.raises(ValueError, match="choose another collection name"):
        scan(FolderStorage(tmp_path), "attic", LIMITS, known)


@pytest.mark.parametrize("name", ["", "a,b", "../a", "Attic", "a" * 64])
def test_a_name_that_is_no_partition_key_is_refused(photos: FolderStorage, name: str) -> None:
    with pytest.raises(ValueError, match="a-z"):
        scan(photos, name, LIMITS)


def test_a_shard_that_does_not_exist_is_named(photos: FolderStorage) -> None:
    with pytest.raises(ValueError, match="no shard 'attic-00009'"):
        scan(photos, "attic", LIMITS).shard("attic-00009")


def test_what_is_to_be_tried_again_becomes_a_new_shard_though_nothing_changed(
    photos: FolderStorage, results: FolderStorage
) -> None:
    before = take_snapshot(photos, results, "attic", LIMITS)
    after = take_snapshot(photos, results, "attic", LIMITS, again=frozenset({"c", "gone"}))
    assert keys(after, "attic-00002") == ["c"]
    assert after.shard_ids[:2] == before.shard_ids


def test_a_shard_ends_before_its_guessed_pixels_are_too_many(tmp_path: Path) -> None:
    storage = FolderStorage(tmp_path)
    for name in ("a.jpg", "b.jpg", "c.tif", "d.tif"):
        storage.write_once(name, bytes(100))
    manifest = scan(storage, "attic", ShardLimits(num_photos=100, num_bytes=10_000, num_pixels=500))
    assert [keys(manifest, each) for each in manifest.shard_ids] == [["a.jpg"], ["b.jpg", "c.tif", "d.tif"]]


def test_what_a_listing_cannot_know_is_missing_and_not_invented(photos: FolderStorage) -> None:
    photos.write_once("box/f.TIFF", b"")
    table = scan(photos, "attic", LIMITS).table.set_index("key")
    assert table["version_id"].isna().all()
    assert table["format_by_name"].dropna().to_dict() == {"box/f.TIFF": "TIFF"}


def test_a_manifest_from_before_there_were_versions_is_read(photos: FolderStorage, results: FolderStorage) -> None:
    taken = take_snapshot(photos, results, "attic", LIMITS)
    old = pa.Table.from_pandas(taken.table[["snapshot", "shard", "key", "size", "etag"]], preserve_index=False)
    buffer = io.BytesIO()
    pq.write_table(old.replace_schema_metadata({"source": photos.location}), buffer)
    results.write_replace("manifests/attic/000001.parquet", buffer.getvalue())
    read = read_manifest(results, "attic")
    assert read is not None
    assert read.shard("attic-00000") == taken.shard("attic-00000")
    assert take_snapshot(photos, results, "attic", LIMITS).num_snapshots == 1

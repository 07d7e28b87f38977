"""The details of a shard's run, in a folder."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import torch
from archive_samples import GOOD, PACE, RELEASE, Negative, craft, only_shard, photo_bytes, run
from torch.testing import assert_close

from ops.archive.ledger import LedgerRow, ledger_key, read_ledger
from ops.archive.provenance import from_json, provenance_key
from ops.archive.shard import restore_shard
from ops.images import decode_mask, decode_photo, decode_rgb
from ops.storage.folder import FolderStorage
from ops.storage.protocol import PromiseBrokenError, Storage, StorageUnreachableError, StoredObject, WriteOutcome


@pytest.fixture
def new_location(tmp_path: Path) -> Callable[[str], str]:
    return lambda name: str(tmp_path / name)


@dataclass
class FailingStorage:
    """Does `num_writes` writes, then is gone."""

    inner: Storage
    num_writes: int
    lock: threading.Lock = field(default_factory=threading.Lock)

    def write_once(self, key: str, data: bytes) -> WriteOutcome:
        with self.lock:
            if self.num_writes == 0:
                raise StorageUnreachableError("the cable was pulled")
            self.num_writes -= 1
        return self.inner.write_once(key, data)

    def __getattr__(self, name: str) -> object:
        return getattr(self.inner, name)


def rows_by_key(rows: tuple[LedgerRow, ...]) -> dict[str, LedgerRow]:
    return {row.key: row for row in rows}


def test_a_restored_photo_keeps_container_and_size_and_lies_under_its_checksum(
    source: Storage, target: Storage
) -> None:
    for key, row in rows_by_key(run(source, target, Negative()).rows).items():
        if row.status == "restored":
            original, restored = source.read(key), target.read(row.output_key or "")
            assert row.output_key == f"restored/abababababab/{hashlib.sha256(original).hexdigest()}.{key[-3:]}"
            assert row.output_sha256 == hashlib.sha256(restored).hexdigest()
            assert decode_photo(restored).container == row.container == decode_photo(original).container
            assert_close(decode_rgb(restored), 1 - decode_rgb(original), atol=2 / 255, rtol=0)


def test_the_mask_is_kept_as_a_picture(source: Storage, target: Storage) -> None:
    row = rows_by_key(run(source, target, Negative()).rows)[GOOD[0]]
    mask = decode_mask(target.read(row.mask_key or ""))
    assert_close(mask, torch.cat([torch.ones(1, 1, 12, 32), torch.zeros(1, 1, 12, 32)], dim=2))


def test_the_record_of_a_photo_says_the_same_as_its_row(source: Storage, target: Storage) -> None:
    report = run(source, target, Negative())
    row = rows_by_key(report.rows)[GOOD[0]]
    key = provenance_key(RELEASE, "attic-00000", GOOD[0])
    record = from_json(target.read(key), key)
    assert record.release == RELEASE
    assert record.original.sha256 == row.source_sha256 == hashlib.sha256(source.read(GOOD[0])).hexdigest()
    assert (record.picture and record.picture.width, row.height) == (32, 24)
    assert record.facts["damaged_fraction"] == row.damaged_fraction == 0.5
    assert record.started_at <= record.finished_at
    assert read_ledger(target, report.ledger_key) == report.rows


def test_a_storage_that_fails_at_any_write_leaves_the_shard_open_and_a_rerun_closes_it(source: Storage) -> None:
    num_writes = 5 * 3 + 2 + 1  # photo, mask and record; the record of a refusal; the ledger
    for failing_at in range(num_writes):
        target = FolderStorage(Path(source.location).with_name(f"results-{failing_at}"))
        shard, restore = only_shard(source, target), Negative()
        with pytest.raises(StorageUnreachableError, match="cable"):
            restore_shard(shard, source, FailingStorage(target, failing_at), craft(restore), PACE)  # type: ignore[arg-type]
        assert read_ledger(target, ledger_key(RELEASE, shard.id)) is None
        report = restore_shard(shard, source, target, craft(restore), PACE)
        assert (report.num_restored, len(report.rows)) == (5, 7)
        assert len(restore.seen) <= len(GOOD) + PACE.num_in_flight


def test_equal_photos_share_a_result_but_have_their_own_rows(source: Storage, target: Storage) -> None:
    source.write_once("copy.png", source.read(GOOD[0]))
    rows = rows_by_key(run(source, target, Negative()).rows)
    assert rows["copy.png"].output_key == rows[GOOD[0]].output_key
    assert len(list(target.list("restored/"))) == 5
    assert len(list(target.list("provenance/"))) == len(rows) == 8


def test_a_new_release_overwrites_nothing(source: Storage, target: Storage) -> None:
    first = run(source, target, Negative())
    other = replace(RELEASE, version="4", sha256="cd" * 32)
    second = restore_shard(only_shard(source, target), source, target, craft(Negative(), release=other), PACE)
    assert {row.output_key for row in first.rows}.isdisjoint(row.output_key for row in second.rows if row.output_key)
    assert len(list(target.list("restored/"))) == 10


def test_a_photo_deleted_since_the_listing_is_refused_as_gone(source: Storage, target: Storage) -> None:
    shard = only_shard(source, target)
    (Path(source.location) / GOOD[1]).unlink()
    rows = restore_shard(shard, source, target, craft(Negative()), PACE).rows
    assert rows_by_key(rows)[GOOD[1]].reason == "source-gone"


def test_a_link_in_the_collection_is_refused_by_name(source: Storage, target: Storage, tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(photo_bytes(5))
    (Path(source.location) / "link.png").symlink_to(tmp_path / "secret.png")
    assert rows_by_key(run(source, target, Negative()).rows)["link.png"].reason == "unsafe-key"


def test_a_hostile_key_in_the_manifest_is_refused_and_stays_inside(source: Storage, target: Storage) -> None:
    shard = replace(only_shard(source, target), photos=(StoredObject("../results/x", 1, "e"),))
    report = restore_shard(shard, source, target, craft(Negative()), PACE)
    assert report.refusals == {"unsafe-key": 1}


def test_progress_is_told_after_every_photo(source: Storage, target: Storage) -> None:
    told: list[tuple[int, int, str]] = []
    shard = only_shard(source, target)
    restore_shard(
        shard,
        source,
        target,
        craft(Negative()),
        PACE,
        progress=lambda done, total, row: told.append((done, total, row.key)),
    )
    assert [each[:2] for each in told] == [(number, 7) for number in range(1, 8)]
    assert sorted(key for *_, key in told) == [photo.key for photo in shard.photos]


@pytest.mark.parametrize("place", ["", "restored"])
def test_results_never_go_into_the_source(source: Storage, place: str) -> None:
    target = FolderStorage(Path(source.location) / place)
    shard = only_shard(source, FolderStorage(Path(source.location).with_name("elsewhere")))
    with pytest.raises(ValueError, match="choose one outside"):
        restore_shard(shard, source, target, craft(Negative()), PACE)


def test_another_recipe_under_the_same_release_is_refused(source: Storage, target: Storage) -> None:
    run(source, target, Negative())
    with pytest.raises(ValueError, match="recipe 'standard', not 'gentle'"):
        restore_shard(only_shard(source, target), source, target, craft(Negative(), "gentle"), PACE)


def test_a_store_without_the_promise_gets_nothing(
    source: Storage, target: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    shard = only_shard(source, target)
    before = list(target.list())
    monkeypatch.setattr(os, "link", lambda old, new: Path(new).write_bytes(Path(old).read_bytes()))
    with pytest.raises(PromiseBrokenError):
        restore_shard(shard, source, target, craft(Negative()), PACE)
    assert list(target.list()) == before


def test_a_mistake_of_the_model_stops_the_run(source: Storage, target: Storage) -> None:
    def fail(old: torch.Tensor) -> None:
        raise RuntimeError("out of memory")

    with pytest.raises(RuntimeError, match="out of memory"):
        run(source, target, fail)  # type: ignore[arg-type]
    assert list(target.list("ledger/")) == []

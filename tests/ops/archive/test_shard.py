"""The details of a shard's run, in a folder."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import torch
from archive_samples import GOOD, PACE, RELEASE, Negative, craft, only_shard, photo_bytes, run
from torch.testing import assert_close

from ops.archive.ledger import LedgerRow, ledger_key, read_ledger
from ops.archive.manifest import Shard
from ops.archive.provenance import from_json, provenance_key
from ops.archive.shard import restore_shard
from ops.decoding import DecodeBudget, child_decoders
from ops.image_formats.raster import DecodeLimits
from ops.images import decode_mask, decode_photo, decode_rgb
from ops.restoration import Restoration
from ops.storage.folder import FolderStorage
from ops.storage.protocol import PromiseBrokenError, Storage, StorageUnreachableError, StoredObject, WriteOutcome

ODD_IMAGES = Path(__file__).parents[4] / "shared" / "data" / "odd_images"


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


def script(name: str, *arguments: str) -> list[str]:
    return [sys.executable, "-W", "ignore", str(Path(__file__).with_name(name)), *arguments]


def test_killed_before_and_after_every_write_nothing_is_lost_torn_or_done_twice(
    source: Storage, tmp_path: Path
) -> None:
    before = {each.key: source.read(each.key) for each in source.list()}
    done = subprocess.run(
        script("killed_at_every_step.py", source.location, str(tmp_path)),
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=600,
    )
    *kills, last = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(kills) == 2 * (5 * 3 + 2 + 1)  # photo, mask and record; the record of a refusal; the ledger
    assert not last["killed"]
    assert all(kill["killed"] and kill["whole"] for kill in kills)
    assert all(kill["open"] for kill in kills[:-1])  # the last one comes right after the ledger
    for kill in kills:
        assert (kill["rows"], kill["restored"], kill["objects"]) == (7, 5, 5)
    assert [kill["restored_again"] for kill in kills[-3:]] == [0, 0, 0]
    assert {each.key: source.read(each.key) for each in source.list()} == before


def test_a_full_disk_stops_the_run_with_the_cure_and_leaves_the_shard_open(source: Storage, target: Storage) -> None:
    count_file = str(Path(source.location).with_name("count"))
    command = script("stopping_restoration.py", source.location, target.location, count_file, "0")
    only_shard(source, target)
    done = subprocess.run(
        ["/bin/bash", "-c", 'ulimit -f 1; exec "$@"', "limited", *command],  # no file above 1 KiB
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])},
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 1
    assert "Check that the disk is mounted, has space" in done.stderr
    assert list(target.list("ledger/")) == list(target.list("restored/")) == []
    assert run(source, target, Negative()).num_restored == len(GOOD)


@pytest.mark.shared
@pytest.mark.skipif(not ODD_IMAGES.is_dir(), reason="the odd images of ../shared/data are not here")
def test_every_odd_file_is_restored_or_refused_by_name(target: Storage) -> None:
    source = FolderStorage(ODD_IMAGES)
    shard = Shard("odd-00000", tuple(source.list()))

    def leave_as_it_is(old: torch.Tensor) -> Restoration:
        return Restoration(old, torch.zeros_like(old[:, :1]), {})

    with child_decoders(2, DecodeBudget(seconds=30, limits=DecodeLimits(max_pixels=30_000_000))) as decode:
        report = restore_shard(shard, source, target, replace(craft(leave_as_it_is), decode=decode), PACE)
    with (ODD_IMAGES / "MANIFEST.csv").open() as manifest:
        expected = {row["file"]: row["expectation"] for row in csv.DictReader(manifest)}
    rows = rows_by_key(report.rows)
    assert len(rows) == len(report.rows) == len(list(source.list()))
    assert report.num_restored + sum(report.refusals.values()) == len(rows)
    assert not {key for key, row in rows.items() if row.status == "restored" and expected.get(key) == "reject"}
    assert not {"decoder-died", "too-slow"} & set(report.refusals)

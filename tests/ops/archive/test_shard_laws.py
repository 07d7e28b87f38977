"""What the archive run promises, in a folder and in a bucket alike."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import torch
from archive_samples import BAD, GOOD, PACE, RELEASE, Negative, craft, only_shard, photo_bytes, run
from torch import Tensor

from ops.archive.ledger import ledger_key, write_ledger
from ops.archive.manifest import Shard
from ops.archive.provenance import provenance_key
from ops.archive.shard import restore_shard
from ops.images import PhotoError, decode_photo
from ops.restoration import Restoration
from ops.storage.protocol import AccessDeniedError, Storage, StorageUnreachableError, StoredObject


def contents(storage: Storage) -> dict[str, bytes]:
    return {each.key: storage.read(each.key) for each in storage.list()}


def test_every_photo_is_accounted_for_and_no_original_is_touched(source: Storage, target: Storage) -> None:
    before = contents(source)
    report = run(source, target, Negative())
    assert [row.key for row in report.rows] == sorted([*GOOD, *BAD])
    assert {row.key for row in report.rows if row.status == "restored"} == set(GOOD)
    for row in report.rows:
        if row.status == "refused":
            with pytest.raises(PhotoError) as caught:
                decode_photo(before[row.key])
            assert (row.reason, row.message) == (caught.value.reason, str(caught.value))
    assert contents(source) == before


def test_a_rerun_after_success_restores_nothing_and_writes_nothing(source: Storage, target: Storage) -> None:
    first = run(source, target, Negative())
    before = contents(target)
    restore = Negative()
    again = run(source, target, restore)
    assert restore.seen == []
    assert (again.rows, again.num_done_before) == (first.rows, 7)
    assert contents(target) == before


def test_a_run_killed_by_force_loses_nothing_and_the_rerun_does_only_what_is_missing(
    source: Storage, target: Storage, tmp_path: Path
) -> None:
    shard = only_shard(source, target)
    count_file = tmp_path / "count"
    command = [sys.executable, str(Path(__file__).with_name("stopping_restoration.py"))]
    process = subprocess.Popen(
        [*command, source.location, target.location, str(count_file), "3"],
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])},
    )
    deadline = time.monotonic() + 60
    while (not count_file.exists() or len(count_file.read_text().splitlines()) < 3) and time.monotonic() < deadline:
        assert process.poll() is None
        time.sleep(0.02)
    process.kill()
    process.wait()

    recorded = [photo for photo in shard.photos if target.find(provenance_key(RELEASE, shard.id, photo.key))]
    restored_before = [photo for photo in recorded if photo.key in GOOD]
    assert len(restored_before) <= 2  # the third was killed in the middle
    restore = Negative()
    report = run(source, target, restore)
    assert len(restore.seen) == len(GOOD) - len(restored_before)
    assert report.num_done_before == len(recorded)
    assert (report.num_restored, sum(report.refusals.values())) == (5, 2)


def test_a_photo_changed_since_the_listing_is_refused_as_such(source: Storage, target: Storage) -> None:
    shard = only_shard(source, target)
    source.write_replace(GOOD[0], photo_bytes(77))
    report = restore_shard(shard, source, target, craft(Negative()), PACE)
    assert {row.key: row.reason for row in report.rows}[GOOD[0]] == "source-changed"
    assert report.num_restored == 4


def test_two_runs_on_one_shard_agree(source: Storage, target: Storage) -> None:
    shard, meeting, arrivals = only_shard(source, target), threading.Barrier(2), []

    def restore_by_chance(old: Tensor) -> Restoration:
        arrivals.append(old)
        if len(arrivals) <= 2:  # both are at the first good photo, and both will write it
            meeting.wait(timeout=30)
        mask = torch.rand(old[:, :1].shape, generator=torch.Generator().manual_seed(time.perf_counter_ns()))
        return Restoration(mask.expand_as(old), mask, {"damaged_fraction": 1.0})

    def work(_: int) -> object:
        return restore_shard(shard, source, target, craft(restore_by_chance), PACE).rows

    with ThreadPoolExecutor(2) as threads:
        one, other = threads.map(work, range(2))
    assert one == other
    assert len([key for key in contents(target) if key.startswith("restored/")]) == len(GOOD)


@dataclass
class Denying:
    """A source that may be listed, but of which some objects may not be read."""

    inner: Storage
    keys: frozenset[str]

    def read(self, key: str, etag: str | None = None) -> bytes:
        if key in self.keys:
            raise AccessDeniedError(f"{key} may not be read")
        return self.inner.read(key, etag)

    def __getattr__(self, name: str) -> object:
        return getattr(self.inner, name)


def test_one_photo_that_may_not_be_read_is_a_row(source: Storage, target: Storage) -> None:
    denying = Denying(source, frozenset({GOOD[0]}))
    report = restore_shard(only_shard(source, target), denying, target, craft(Negative()), PACE)  # type: ignore[arg-type]
    assert report.refusals["denied"] == 1
    assert report.num_restored == len(GOOD) - 1
    assert target.find(provenance_key(RELEASE, "attic-00000", GOOD[0])) is not None


def test_a_source_of_which_nothing_may_be_read_stops_the_run_and_leaves_the_shard_open(
    source: Storage, target: Storage
) -> None:
    shard = only_shard(source, target)
    with pytest.raises(StorageUnreachableError, match="not one of the 7 photos"):
        restore_shard(shard, Denying(source, frozenset([*GOOD, *BAD])), target, craft(Negative()), PACE)  # type: ignore[arg-type]
    assert not list(target.list("provenance/"))
    assert run(source, target, Negative()).num_restored == len(GOOD)


def test_a_closed_shard_of_a_thousand_photos_is_read_in_under_a_second(source: Storage, target: Storage) -> None:
    row = run(source, target, Negative()).rows[0]
    photos = tuple(StoredObject(f"box/{number:04d}", 1, "e") for number in range(1000))
    rows = [replace(row, shard="wide-00000", key=photo.key) for photo in photos]
    write_ledger(target, ledger_key(RELEASE, "wide-00000"), rows)
    restore, started = Negative(), time.process_time()
    report = restore_shard(Shard("wide-00000", photos), source, target, craft(restore), PACE)
    assert time.process_time() - started < 1  # of this process, whoever else is busy
    assert (len(report.rows), restore.seen) == (1000, [])

"""What networks, servers and people do to a run, against a real S3 server behind a proxy that fails."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from archive_samples import GOOD, PACE, RELEASE, Negative, craft, fill, only_shard, photo_bytes, run

from benchmarks.fault_proxy import FaultProxy, Plan, fault_proxy
from ops.archive.ledger import LedgerRow, ledger_key, read_ledger
from ops.archive.shard import restore_shard
from ops.images import decode_rgb
from ops.storage import s3
from ops.storage.local_s3_server import ServerAddress
from ops.storage.locations import open_storage
from ops.storage.protocol import Storage, StorageUnreachableError

pytestmark = pytest.mark.s3


@pytest.fixture
def location(s3_location: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A prefix with the sample collection in it."""
    monkeypatch.setattr(s3, "_LONGEST_PAUSE_S", 0.5)
    fill(open_storage(f"{s3_location}/originals"))
    return s3_location


@contextmanager
def behind(server: ServerAddress, plan: Plan) -> Iterator[tuple[FaultProxy, pytest.MonkeyPatch]]:
    with fault_proxy(server.endpoint_url, plan) as proxy, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL_S3", proxy.url)
        yield proxy, patch


def places(location: str) -> tuple[Storage, Storage]:
    return open_storage(f"{location}/originals"), open_storage(f"{location}/results")


def contents(storage: Storage) -> dict[str, bytes]:
    return {each.key: storage.read(each.key) for each in storage.list()}


def check_whole(location: str, rows: tuple[LedgerRow, ...]) -> None:
    """Seven rows, five good ones restored rightly, nothing else published, and a rerun does nothing."""
    source, target = places(location)
    assert len(rows) == 7
    restored = {row.key: row for row in rows if row.status == "restored"}
    assert set(restored) == set(GOOD)
    for key in GOOD[:-1]:
        expected = 1 - decode_rgb(source.read(key))
        assert float((decode_rgb(target.read(restored[key].output_key or "")) - expected).abs().max()) < 0.003
    assert {each.key for each in target.list("restored/")} == {row.output_key for row in restored.values()}
    again = Negative()
    assert run(source, target, again).rows == rows
    assert again.seen == []


@pytest.mark.parametrize("fault", ["503", "reset", "slow", "lost answer", "cut upload", "cut", "flip"])
def test_what_passes_slows_a_run_down_and_fails_nothing(location: str, s3_server: ServerAddress, fault: str) -> None:
    before = contents(open_storage(f"{location}/originals"))
    count = itertools.count()
    method = {"lost answer": "PUT", "cut upload": "PUT", "cut": "GET", "flip": "GET"}.get(fault, "")

    def plan(asked: str, path: str) -> str:
        is_object = ("list-type" not in path and "/originals/" in path) or asked == "PUT"
        return fault if is_object and asked.startswith(method) and next(count) % 3 == 0 else ""

    with behind(s3_server, plan) as (proxy, _):
        rows = run(*places(location), Negative()).rows
    assert proxy.seen[fault] >= 2
    check_whole(location, rows)
    assert contents(open_storage(f"{location}/originals")) == before


def test_a_store_that_is_away_for_a_while_is_waited_for(location: str, s3_server: ServerAddress) -> None:
    with behind(s3_server, lambda *_: "") as (proxy, _):
        source, target = places(location)
        shard = only_shard(source, target)
        proxy.is_down = True
        back = threading.Timer(1.5, lambda: setattr(proxy, "is_down", False))
        back.start()
        rows = restore_shard(shard, source, target, craft(Negative()), PACE).rows
        back.join()
    assert proxy.seen["down"] > 0
    check_whole(location, rows)


def test_a_store_that_stays_away_leaves_the_shard_open_and_a_rerun_does_the_rest(
    location: str, s3_server: ServerAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3, "_PATIENCE_S", 0.5)
    restore = Negative()
    with behind(s3_server, lambda *_: "") as (proxy, _):
        source, target = places(location)
        shard = only_shard(source, target)
        steps = craft(lambda old: (setattr(proxy, "is_down", len(restore.seen) >= 2), restore(old))[1])
        with pytest.raises(StorageUnreachableError, match="does not answer"):
            restore_shard(shard, source, target, steps, PACE)
    source, target = places(location)
    assert read_ledger(target, ledger_key(RELEASE, shard.id)) is None
    rest = Negative()
    rows = run(source, target, rest).rows
    assert len(restore.seen) + len(rest.seen) <= len(GOOD) + PACE.num_in_flight
    check_whole(location, rows)


def test_a_token_that_expires_stops_the_run_with_one_error_and_refuses_nobody(
    location: str, s3_server: ServerAddress
) -> None:
    count = itertools.count()
    with behind(s3_server, lambda *_: "expired" if next(count) > 30 else "") as _:
        source, target = places(location)
        with pytest.raises(StorageUnreachableError, match=r"expired.*log in") as caught:
            run(source, target, Negative())
    assert "canary" not in str(caught.value)
    rows = run(*places(location), Negative()).rows
    check_whole(location, rows)


def test_photos_replaced_or_deleted_during_the_run_are_rows(location: str, s3_server: ServerAddress) -> None:
    source, target = places(location)
    shard = only_shard(source, target)
    source.write_replace(GOOD[0], photo_bytes(77))
    client = s3._client(s3.Session(), s3._HASTY)
    bucket, _, prefix = location.removeprefix("s3://").partition("/")
    client.delete_object(Bucket=bucket, Key=f"{prefix}/originals/{GOOD[1]}")
    report = restore_shard(shard, source, target, craft(Negative()), PACE)
    reasons = {row.key: row.reason for row in report.rows}
    assert (reasons[GOOD[0]], reasons[GOOD[1]]) == ("source-changed", "source-gone")
    assert report.num_restored == len(GOOD) - 2


def test_a_reader_never_sees_half_a_result_while_uploads_are_cut(location: str, s3_server: ServerAddress) -> None:
    count = itertools.count()
    torn, stop = [], threading.Event()
    watcher = open_storage(f"{location}/results")

    def watch() -> None:
        while not stop.is_set():
            for each in watcher.list("restored/"):
                if decode_rgb(watcher.read(each.key)).numel() == 0:
                    torn.append(each.key)
            time.sleep(0.02)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        with behind(s3_server, lambda asked, _: "cut upload" if asked == "PUT" and next(count) % 2 else "") as _:
            rows = run(*places(location), Negative()).rows
    finally:
        stop.set()
        thread.join()
    assert torn == []
    check_whole(location, rows)


def test_no_secret_is_written_anywhere(
    location: str, s3_server: ServerAddress, capfd: pytest.CaptureFixture[str]
) -> None:
    run(*places(location), Negative())
    everything = b"".join(contents(open_storage(location)).values()) + "".join(capfd.readouterr()).encode()
    for secret in (s3_server.secret_key, s3_server.access_key):
        assert secret.encode() not in everything

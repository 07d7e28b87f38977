"""What a folder and a bucket promise alike."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from ops.storage.locations import open_storage
from ops.storage.protocol import (
    KeyRefusedError,
    ObjectMissingError,
    SourceChangedError,
    Storage,
    StorageError,
    WriteOutcome,
)

HOSTILE_KEYS = (
    "",
    "/etc/passwd",
    "../outside",
    "a/../../outside",
    "a//b",
    "./a",
    "a/.",
    "a/",
    "a\\..\\b",
    "a\x00b",
    "a\nb",
    "a\x85b",
    "\ud800",
    "x" * 1025,
    ".albumen-probe",
    "a/.albumen-1.part",
)


@pytest.fixture
def storage(new_location: Callable[[str], str]) -> Storage:
    return open_storage(new_location("place"))


def test_of_racing_writers_exactly_one_wins(storage: Storage) -> None:
    contents = [bytes([number]) * 50_000 for number in range(8)]
    start = threading.Barrier(len(contents))

    def write(content: bytes) -> WriteOutcome:
        start.wait()
        return storage.write_once("box/photo.tif", content)

    with ThreadPoolExecutor(len(contents)) as threads:
        outcomes = list(threads.map(write, contents))
    assert Counter(outcomes) == {WriteOutcome.CREATED: 1, WriteOutcome.CONFLICT: 7}
    assert storage.read("box/photo.tif") == contents[outcomes.index(WriteOutcome.CREATED)]


def test_writing_the_same_again_is_no_conflict(storage: Storage) -> None:
    outcomes = [storage.write_once("photo", b"same") for _ in range(2)]
    assert outcomes == [WriteOutcome.CREATED, WriteOutcome.IDENTICAL]


def test_a_second_writer_never_overwrites(storage: Storage) -> None:
    storage.write_once("photo", b"first")
    assert storage.write_once("photo", b"other") is WriteOutcome.CONFLICT
    assert storage.read("photo") == b"first"


def test_what_was_written_is_found_listed_and_read(storage: Storage) -> None:
    storage.write_once("box 1/Großmutter é+%.jpg", b"")
    storage.write_once("box 1/b", b"12345")
    listed = list(storage.list())
    assert [(each.key, each.size) for each in listed] == [("box 1/Großmutter é+%.jpg", 0), ("box 1/b", 5)]
    assert [storage.find(each.key) for each in listed] == listed
    assert storage.read("box 1/b", listed[1].etag) == b"12345"


def test_listing_is_sorted_and_can_start_in_the_middle(storage: Storage) -> None:
    keys = ["a", "b/1", "b/2", "b/c/1", "c", "d/1"]
    for key in reversed(keys):
        storage.write_once(key, key.encode())
    assert [each.key for each in storage.list()] == keys
    assert [each.key for each in storage.list(prefix="b/")] == ["b/1", "b/2", "b/c/1"]
    assert [each.key for each in storage.list(after="b/2")] == ["b/c/1", "c", "d/1"]
    assert [each.key for each in storage.list(prefix="b/", after="b/1")] == ["b/2", "b/c/1"]


def test_a_missing_object_is_named(storage: Storage) -> None:
    storage.write_once("a", b"")
    assert storage.find("b") is None
    with pytest.raises(ObjectMissingError, match="'b'"):
        storage.read("b")


def test_replacing_is_noticed_by_who_listed_before(storage: Storage) -> None:
    storage.write_once("pointer", b"old")
    listed = next(iter(storage.list()))
    storage.write_replace("pointer", b"new")
    assert storage.read("pointer") == b"new"
    with pytest.raises(SourceChangedError, match="List"):
        storage.read("pointer", listed.etag)


def test_a_reader_never_sees_half_an_object(storage: Storage) -> None:
    states = {bytes([number]) * 400_000 for number in range(4)}
    stop, seen = threading.Event(), set()

    def read() -> None:
        while not stop.is_set():
            seen.add(storage.read("page"))

    storage.write_once("page", min(states))
    with ThreadPoolExecutor(1) as thread:
        reading = thread.submit(read)
        for _ in range(5):
            for state in states:
                storage.write_replace("page", state)
        stop.set()
        reading.result()
    assert seen <= states


def test_no_key_leads_out_of_its_place(storage: Storage) -> None:
    calls: tuple[Callable[[str], object], ...] = (
        storage.read,
        storage.find,
        lambda key: storage.write_once(key, b""),
        lambda key: storage.write_replace(key, b""),
    )
    for key in HOSTILE_KEYS:
        for call in calls:
            with pytest.raises(KeyRefusedError, match="refused"):
                call(key)


def test_a_store_that_keeps_its_promise_passes_the_probe_every_time(storage: Storage) -> None:
    storage.probe_conditional_writes()
    storage.probe_conditional_writes()
    assert list(storage.list()) == []


@pytest.mark.parametrize(("location", "hint"), [("", "empty"), ("gs://bucket/photos", "gs://")])
def test_an_unknown_place_is_named(location: str, hint: str) -> None:
    with pytest.raises(StorageError, match=hint):
        open_storage(location)

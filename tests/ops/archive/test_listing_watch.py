from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.archive.listing_watch import Watch, look
from ops.storage.folder import FolderStorage
from ops.storage.protocol import StoredObject


class OddOrder:
    """A store that lists backwards, as some do not keep the order of bytes."""

    lists_in_order = False

    def __init__(self, inner: FolderStorage) -> None:
        self.inner = inner

    def list(self, prefix: str = "", after: str = "") -> Iterator[StoredObject]:
        return iter(reversed(list(self.inner.list(prefix, after))))


@pytest.fixture
def photos(tmp_path: Path) -> FolderStorage:
    storage = FolderStorage(tmp_path)
    for number in range(10):
        storage.write_once(f"{number}.jpg", b"x")
    return storage


def whole_round(source: object, watch: Watch, num_keys: int) -> tuple[Watch, int]:
    for looks in range(1, 100):
        watch = look(source, watch, num_keys)  # type: ignore[arg-type]
        if watch.is_round_over:
            return watch, looks
    raise AssertionError("the round never ends")


@pytest.mark.parametrize("num_keys", [1, 3, 5, 100])
def test_the_sum_of_a_round_does_not_depend_on_slices_or_order(photos: FolderStorage, num_keys: int) -> None:
    whole, _ = whole_round(photos, Watch(), 100)
    sliced, looks = whole_round(photos, Watch(), num_keys)
    odd, _ = whole_round(OddOrder(photos), Watch(), num_keys)
    assert whole == sliced == odd
    assert looks == 10 // num_keys + 1


def test_a_new_changed_or_deleted_photo_changes_the_sum(photos: FolderStorage) -> None:
    sums = [whole_round(photos, Watch(), 4)[0].known]
    photos.write_once("new.jpg", b"x")
    sums.append(whole_round(photos, Watch(), 4)[0].known)
    photos.write_replace("3.jpg", b"y")
    sums.append(whole_round(photos, Watch(), 4)[0].known)
    (Path(photos.location) / "5.jpg").unlink()
    sums.append(whole_round(photos, Watch(), 4)[0].known)
    assert len(set(sums)) == 4


def test_a_watch_survives_as_text_and_a_strange_cursor_starts_anew(photos: FolderStorage) -> None:
    watch = look(photos, Watch(), 3)
    assert Watch.from_cursor(watch.cursor) == watch
    assert Watch.from_cursor("ab" * 32) == Watch.from_cursor(None) == Watch()

"""A TIFF of several pages on its way through the archive."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch
from archive_samples import PACE, RELEASE, Negative, craft, only_shard, photo_bytes
from torch.testing import assert_close

from ops.archive.bag import seal_bag
from ops.archive.provenance import Provenance, from_json, provenance_key
from ops.archive.review_queue import open_queue
from ops.archive.review_rules import ReviewRules
from ops.archive.shard import ShardReport, restore_shard
from ops.decoding import DecodeBudget, child_decoders, decode_here
from ops.images import decode_mask, decode_pages, decode_rgb
from ops.restoration import Restoration
from ops.storage.folder import FolderStorage

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:bagit")


def album() -> bytes:
    """A grey page of 8 bits and one in colour of 16, four times as large."""
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as writer:
        writer.write(np.full((10, 12), 200, np.uint8), description="recto")
        writer.write(np.full((20, 24, 3), 9_000, np.uint16), photometric="rgb")
    return file.getvalue()


@pytest.fixture
def source(tmp_path: Path) -> FolderStorage:
    storage = FolderStorage(tmp_path / "originals")
    storage.write_once("album.tif", album())
    storage.write_once("single.png", photo_bytes(1))
    return storage


@pytest.fixture
def target(tmp_path: Path) -> FolderStorage:
    return FolderStorage(tmp_path / "results")


def marked(old: torch.Tensor) -> Restoration:
    """The second page is found wholly damaged, the others not at all."""
    share = float(old.shape[-1] == 24)
    return Restoration(1 - old, torch.full_like(old[:, :1], share), {"damaged_fraction": share, "mean_change": 0.1})


def restore(
    source: FolderStorage,
    target: FolderStorage,
    way: Callable[[torch.Tensor], Restoration],
    rules: ReviewRules | None = None,
) -> ShardReport:
    ways = craft(way) if rules is None else replace(craft(way), rules=rules)
    return restore_shard(only_shard(source, target), source, target, ways, PACE)


def record_of(target: FolderStorage, key: str) -> Provenance:
    where = provenance_key(RELEASE, "attic-00000", key)
    return from_json(target.read(where), where)


def test_every_page_is_restored_into_one_file_and_has_its_mask_and_record(
    source: FolderStorage, target: FolderStorage
) -> None:
    row, single = restore(source, target, marked).rows
    assert (row.num_pages, single.num_pages) == (2, 1)
    originals, restored = decode_pages(album()), decode_pages(target.read(row.output_key or ""))
    for old, new in zip(originals, restored, strict=True):
        assert (new.bits, new.is_grey) == (old.bits, old.is_grey)
        assert_close(new.pixels, 1 - old.pixels, atol=1e-5, rtol=0)
        assert b"AISystemUsed" in (new.xmp or b"")
    pages = record_of(target, "album.tif").pages
    assert [page.picture.width for page in pages] == [12, 24]
    assert [page.facts["damaged_fraction"] for page in pages] == [0.0, 1.0]
    assert [float(decode_mask(target.read(page.mask_key)).mean()) for page in pages] == [0.0, 1.0]
    assert record_of(target, "single.png").pages == ()


def test_the_row_tells_the_mean_over_all_pixels(source: FolderStorage, target: FolderStorage) -> None:
    row = restore(source, target, marked).rows[0]
    assert row.damaged_fraction == pytest.approx(0.8)  # 480 of 600 pixels
    assert row.mean_change == pytest.approx(0.1)


def test_one_suspicious_page_holds_the_file_and_a_person_sees_every_page(
    source: FolderStorage, target: FolderStorage
) -> None:
    row = restore(source, target, marked, ReviewRules(1, 0.5, 0, 1)).rows[0]
    assert (row.flags, (row.output_key or "").partition("/")[0]) == ("huge-mask", "held")
    assert [page.flags for page in record_of(target, "album.tif").pages] == [(), ("huge-mask",)]
    queue = open_queue(source, target, "attic", RELEASE, decode_here)
    (photo,) = (name for name, waits in queue.waiting.items() if waits.key == "album.tif")
    shown = [queue.picture(photo, "after", page) for page in (1, 2, 3)]
    assert [None if each is None else decode_rgb(each).shape[-1] for each in shown] == [12, 24, None]


def test_a_file_with_a_page_that_cannot_be_restored_is_refused_as_a_whole(
    source: FolderStorage, target: FolderStorage
) -> None:
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as writer:
        writer.write(np.zeros((4, 5), np.uint8))
        writer.write(np.zeros((4, 5), np.bool_), subfiletype=4)
    source.write_once("with a mask.tif", file.getvalue())
    row = restore(source, target, marked).rows[-1]
    assert (row.reason, row.output_key) == ("unsupported-feature", None)
    assert "page 2 of 2" in (row.message or "")


def test_a_child_sends_every_page(source: FolderStorage) -> None:
    told: list[int] = []
    with child_decoders(1, DecodeBudget()) as decode:
        theirs = decode(album(), told.append)
    for page, ours in zip(theirs, decode_pages(album()), strict=True):
        assert torch.equal(page.pixels, ours.pixels)
        assert page.exif == ours.exif
    assert told == [600]


def test_the_bag_holds_the_mask_of_every_page(source: FolderStorage, target: FolderStorage, tmp_path: Path) -> None:
    restore(source, target, Negative())
    bag = seal_bag(target, "attic", RELEASE, tmp_path)
    names = sorted(path.name[64:] for path in (bag.folder / "data/masks").iterdir())
    assert names == ["-page-2.png", ".png", ".png"]

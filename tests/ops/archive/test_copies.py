"""Access copies and review sheets: made on request, counted, and never published before their result."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import imagecodecs
import pytest
import torch
from archive_samples import GOOD, PACE, RELEASE, Negative, craft, only_shard
from PIL import Image
from torch.testing import assert_close

from ops.archive.bag import seal_bag
from ops.archive.copies import Copies
from ops.archive.decisions import decide
from ops.archive.labels import read_label
from ops.archive.ledger import LedgerRow
from ops.archive.provenance import from_json, provenance_key
from ops.archive.report import summarise
from ops.archive.review_rules import ReviewRules
from ops.archive.shard import restore_shard
from ops.decoding import DecodeBudget, child_decoders, decode_here
from ops.image_formats.exif import slim_exif
from ops.images import Photo, PhotoError, decode_photo, encode_photo, encode_png
from ops.storage.folder import FolderStorage

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:bagit")
STRICT = ReviewRules(mean_change=0.15, damaged_fraction=1, confidence=0, face_change=1)


@pytest.fixture
def new_location(tmp_path: Path) -> Callable[[str], str]:
    return lambda name: str(tmp_path / name)


def rows_of(
    source: FolderStorage, target: FolderStorage, copies: Copies | None, rules: ReviewRules | None = None
) -> dict[str, LedgerRow]:
    ways = replace(craft(Negative()), copies=copies)
    ways = ways if rules is None else replace(ways, rules=rules)
    return {row.key: row for row in restore_shard(only_shard(source, target), source, target, ways, PACE).rows}


def test_without_a_wish_nothing_is_written(source: FolderStorage, target: FolderStorage) -> None:
    row = rows_of(source, target, Copies(0, False, decode_here))[GOOD[0]]
    assert (row.access_key, row.sheet_key) == (None, None)
    assert [each for prefix in ("access/", "sheets/") for each in target.list(prefix)] == []


def test_every_restored_photo_has_its_copies_and_the_books_count_them(
    source: FolderStorage, target: FolderStorage
) -> None:
    rows = rows_of(source, target, Copies(16, True, decode_here))
    for key in GOOD:
        row = rows[key]
        assert row.access_key == f"access/{RELEASE.digest}/16/{row.source_sha256}.jpg"
        assert row.sheet_key == f"sheets/{RELEASE.digest}/{row.source_sha256}.jpg"
        copy = decode_photo(target.read(row.access_key))
        assert (copy.container, max(copy.pixels.shape[-2:])) == ("JPEG", 16)
        label = read_label(copy.xmp or b"")
        assert label is not None
        assert label.source_sha256 == row.source_sha256
        assert row.access_bytes == len(target.read(row.access_key))
        assert min(decode_photo(target.read(row.sheet_key)).pixels.shape[-2:]) > 500
    assert "5 photos have access copies" in summarise(rows.values())
    where = provenance_key(RELEASE, "attic-00000", GOOD[0])
    assert [copy.kind for copy in from_json(target.read(where), where).copies] == ["access", "sheet"]


def test_the_same_run_without_copies_writes_the_same_results(
    source: FolderStorage, target: FolderStorage, tmp_path: Path
) -> None:
    with_copies = rows_of(source, target, Copies(16, True, decode_here))
    without = rows_of(source, FolderStorage(tmp_path / "others"), None)
    assert [with_copies[key].output_sha256 for key in GOOD] == [without[key].output_sha256 for key in GOOD]


def test_a_held_result_shows_its_access_copy_only_when_accepted(source: FolderStorage, target: FolderStorage) -> None:
    rows = rows_of(source, target, Copies(16, False, decode_here), STRICT)
    assert list(target.list("access/")) == []
    decide(target, RELEASE, rows[GOOD[0]], "accepted", "ann")
    decide(target, RELEASE, rows[GOOD[1]], "rejected", "ann")
    (published,) = target.list("access/")
    assert published.key == (rows[GOOD[0]].access_key or "").removeprefix("held-")


def test_copies_are_in_no_bag(source: FolderStorage, target: FolderStorage, tmp_path: Path) -> None:
    rows_of(source, target, Copies(16, True, decode_here))
    bag = seal_bag(target, "attic", RELEASE, tmp_path)
    assert (bag.num_photos, bag.num_files) == (5, 16)  # photo, mask and record each, and the table


@pytest.mark.parametrize("is_grey", [False, True])
def test_an_access_copy_is_in_srgb(tmp_path: Path, is_grey: bool) -> None:
    profile = imagecodecs.cms_profile("gray", gamma=1.0) if is_grey else imagecodecs.cms_profile("adobergb")
    plain = decode_photo(encode_png(torch.full((1, 3, 8, 8), 0.75)))
    source, target = FolderStorage(tmp_path / "originals"), FolderStorage(tmp_path / "results")
    source.write_once(
        "a.tif", encode_photo(plain.pixels, replace(plain, icc=profile, bits=16, is_grey=is_grey), "TIFF")
    )
    with child_decoders(1, DecodeBudget()) as convert:
        row = rows_of(source, target, Copies(100, False, convert))["a.tif"]
    original, copy = (decode_photo(target.read(key or "")) for key in (row.output_key, row.access_key))
    assert original.icc == profile  # the result keeps its own
    assert (copy.icc, copy.is_grey, copy.bits) == (None, is_grey, 8)
    light = 0.25  # the negative: linear light in the grey file, sRGB's own curve comes out
    expected = 1.055 * light ** (1 / 2.4) - 0.055 if is_grey else 0.25
    assert_close(copy.pixels.mean(), torch.tensor(expected), atol=0.02, rtol=0)


def test_a_profile_that_cannot_be_used_travels_along(tmp_path: Path) -> None:
    broken = bytes(16) + b"RGB " + bytes(16) + b"acsp" + bytes(200)
    plain = decode_photo(encode_png(torch.full((1, 3, 8, 8), 0.75)))
    source, target = FolderStorage(tmp_path / "originals"), FolderStorage(tmp_path / "results")
    source.write_once("a.tif", encode_photo(plain.pixels, replace(plain, icc=broken), "TIFF"))
    row = rows_of(source, target, Copies(100, False, decode_here))["a.tif"]
    assert decode_photo(target.read(row.access_key or "")).icc == broken


def test_a_profile_that_kills_its_reader_costs_neither_result_nor_copy(tmp_path: Path) -> None:
    def die(data: bytes, reserve: Callable[[int], None], *, in_srgb: bool = False) -> tuple[Photo, ...]:
        raise PhotoError("decoder-died", "lcms fell over")

    profile = imagecodecs.cms_profile("adobergb")
    plain = decode_photo(encode_png(torch.full((1, 3, 8, 8), 0.75)))
    source, target = FolderStorage(tmp_path / "originals"), FolderStorage(tmp_path / "results")
    source.write_once("a.tif", encode_photo(plain.pixels, replace(plain, icc=profile), "TIFF"))
    row = rows_of(source, target, Copies(100, False, die))["a.tif"]
    assert row.status == "restored"
    assert decode_photo(target.read(row.access_key or "")).icc == profile


def test_the_exif_of_a_copy_says_who_and_when_and_nothing_untrue() -> None:
    exif = Image.Exif()
    exif[315], exif[282], exif[256] = "Anna", 600.0, 4000
    exif.get_ifd(0x8769).update({36867: "1931:05:01 10:00:00", 37500: b"maker", 40962: 4000, 40961: 65535})
    file = io.BytesIO()
    Image.new("RGB", (4, 4)).save(file, "JPEG", exif=exif)
    slim = Image.Exif()
    slim.load(b"Exif\0\0" + (slim_exif(decode_photo(file.getvalue()).exif or b"") or b""))
    assert dict(slim) == {315: "Anna", 34665: slim[34665]}
    assert slim.get_ifd(0x8769) == {36867: "1931:05:01 10:00:00", 40961: 1}
    assert slim_exif(b"no exif") is None


def test_a_side_below_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="0 \\(none\\) or more"):
        Copies(-1, False, decode_here)

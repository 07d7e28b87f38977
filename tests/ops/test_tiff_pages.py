"""TIFF files of several pages: all of them come back, or the file is refused by name."""

from __future__ import annotations

import io
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import torch
from torch import Tensor

from ops.image_formats import tiff
from ops.image_formats.raster import DecodeLimits
from ops.images import PhotoError, decode_mask, decode_pages, decode_photo, decode_rgb, encode_pages, encode_photo
from ops.photo_files import restore_file
from ops.restoration import Restoration

GREY = np.arange(20, dtype=np.uint8).reshape(4, 5)
COLOUR = np.arange(9 * 7 * 3, dtype=np.uint16).reshape(9, 7, 3) * 300


def tiff_of(*pages: tuple[Any, dict[str, Any]], **layout: Any) -> bytes:
    file = io.BytesIO()
    with tifffile.TiffWriter(file, **layout) as writer:
        for samples, options in pages:
            writer.write(samples, contiguous=False, metadata=None, **options)
    return file.getvalue()


ALBUM = ((GREY, {"description": "Anna"}), (COLOUR, {"photometric": "rgb", "resolution": (300, 300)}))


def refusal(data: bytes, limits: DecodeLimits = DecodeLimits()) -> PhotoError:  # noqa: B008 (frozen)
    with pytest.raises(PhotoError) as caught:
        decode_pages(data, limits)
    return caught.value


@pytest.mark.parametrize("layout", [{}, {"bigtiff": True}, {"byteorder": ">"}])
def test_every_page_comes_back_exactly_with_what_it_said(layout: dict[str, Any]) -> None:
    pages = decode_pages(tiff_of(*ALBUM, **layout))
    again = decode_pages(encode_pages([page.pixels for page in pages], pages))
    for page, kept in zip(pages, again, strict=True):
        assert torch.equal(page.pixels, kept.pixels)
        assert (page.bits, page.is_grey, page.exif, page.dpi) == (kept.bits, kept.is_grey, kept.exif, kept.dpi)
        assert kept.notes == ()
    assert [(page.bits, page.is_grey) for page in again] == [(8, True), (16, False)]
    assert b"Anna" in (again[0].exif or b"")
    assert b"Anna" not in (again[1].exif or b"")


def test_another_reader_finds_all_the_pages_we_write() -> None:
    pages = decode_pages(tiff_of(*ALBUM, *ALBUM))
    with tifffile.TiffFile(io.BytesIO(encode_pages([page.pixels for page in pages], pages))) as file:
        assert [page.shape for page in file.pages] == [(4, 5), (9, 7, 3)] * 2
        assert all(page.is_multipage for page in file.pages)
        assert np.array_equal(file.pages[3].asarray(), COLOUR)


def test_names_and_numbers_of_pages_stay() -> None:
    named = [(GREY, {"extratags": [(285, "s", 0, name, True), (297, "H", 2, (at, 2), True)]}) for at, name in
             enumerate(("recto", "verso"))]  # fmt: skip
    pages = decode_pages(tiff_of(*named))
    with tifffile.TiffFile(io.BytesIO(encode_pages([page.pixels for page in pages], pages))) as file:
        assert [page.tags.valueof(285) for page in file.pages] == ["recto", "verso"]
        assert [page.tags.valueof(297) for page in file.pages] == [(0, 2), (1, 2)]


def test_who_asks_for_one_photo_gets_the_first_page_and_is_told() -> None:
    photo = decode_photo(tiff_of(*ALBUM))
    assert photo.pixels.shape == (1, 3, 4, 5)
    assert photo.notes == ("first-page-only",)


def test_a_reduced_copy_is_left_behind_by_name() -> None:
    (photo,) = decode_pages(tiff_of(ALBUM[0], (GREY[:2, :2], {"subfiletype": 1})))
    assert photo.notes == ("reduced-copies-dropped",)


@pytest.mark.parametrize("kind", [4, 8])
def test_a_mask_or_a_layer_among_the_pages_refuses_the_file(kind: int) -> None:
    error = refusal(tiff_of(*ALBUM, (GREY > 9, {"subfiletype": kind})))
    assert error.reason == "unsupported-feature"
    assert "page 3 of 3: " in error.message


def test_a_page_that_cannot_be_restored_refuses_the_file_and_is_named() -> None:
    error = refusal(tiff_of(ALBUM[0], (GREY.astype(np.int32), {})))
    assert (error.reason, error.message.partition(":")[0]) == ("unsupported-feature", "page 2 of 2")


def test_pages_in_a_circle_are_refused() -> None:
    data = bytearray(tiff_of(ALBUM[0], byteorder="<"))
    (first,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, first)
    struct.pack_into("<I", data, first + 2 + 12 * count, first)
    assert refusal(bytes(data)).reason == "corrupt"
    struct.pack_into("<I", data, first + 2 + 12 * count, len(data) + 50)
    assert refusal(bytes(data)).reason == "truncated"


def test_pages_count_together_against_the_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    data = tiff_of(*ALBUM)  # 20 and 63 pixels
    assert len(decode_pages(data, DecodeLimits(max_pixels=83))) == 2
    assert refusal(data, DecodeLimits(max_pixels=82)).reason == "too-large"
    monkeypatch.setattr(tiff, "MAX_PAGES", 1)
    monkeypatch.setattr("ops.image_formats.raster.MAX_PAGES", 1)
    assert refusal(data).message == "the file has more than 1 pages: split it"


def test_pages_are_written_only_where_they_fit() -> None:
    pages = decode_pages(tiff_of(*ALBUM))
    with pytest.raises(ValueError, match="2 restored pages for a file of 1"):
        encode_pages([page.pixels for page in pages], pages[:1])
    with pytest.raises(ValueError, match="only a TIFF holds more than one"):
        encode_pages([page.pixels for page in pages], [pages[0], replace(pages[1], container="PNG")])


def negative(old: Tensor, mask: Tensor | None) -> Restoration:
    found = torch.zeros_like(old[:, :1]) if mask is None else mask
    return Restoration(1 - old, found, {})


def test_a_file_is_restored_page_by_page_with_a_mask_for_each(tmp_path: Path) -> None:
    photo, target, mask = tmp_path / "album.tif", tmp_path / "out.tif", tmp_path / "out.mask.png"
    photo.write_bytes(tiff_of(*ALBUM))
    assert len(restore_file(photo, target, negative, tmp_path / "out.jpg", None, mask)) == 2
    for old, restored in zip(decode_pages(photo.read_bytes()), decode_pages(target.read_bytes()), strict=True):
        torch.testing.assert_close(restored.pixels, 1 - old.pixels, atol=1e-6, rtol=0)
    assert decode_mask(mask.read_bytes()).shape[-2:] == (4, 5)
    assert decode_mask((tmp_path / "out.mask-page-2.png").read_bytes()).shape[-2:] == (9, 7)
    assert decode_rgb((tmp_path / "out.jpg").read_bytes()).shape[1] == 3


def test_a_mask_of_other_pages_is_refused(tmp_path: Path) -> None:
    photo, mask = tmp_path / "album.tif", tmp_path / "mask.tif"
    photo.write_bytes(tiff_of(*ALBUM))
    mask.write_bytes(encode_photo(torch.zeros(1, 3, 4, 5), decode_photo(tiff_of(ALBUM[0]))))
    with pytest.raises(ValueError, match=r"1 pages, .* has 2"):
        restore_file(photo, tmp_path / "out.tif", negative, None, mask)

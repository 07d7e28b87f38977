"""Copies on request: an access copy for reading rooms and web pages, and a review sheet (before, defects, after).

Both are made from what the run has at hand anyway, under names that follow from the original and the release, and carry
the same label as the result. They can be made again at any time, so they are in no bag; the ledger counts them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch.nn.functional as F
from torch import Tensor

from ops.archive.provenance import ACCESS, SHEET
from ops.decoding import Decode
from ops.image_formats.exif import slim_exif
from ops.images import Photo, PhotoError, encode_jpeg, encode_photo, page_key
from ops.pictures import contact_sheet, mask_overlay
from ops.restoration import Restoration

_SHEET_CELL_PX = 512
_MAX_BLOCK_BYTES = 65_000  # what one segment of a JPEG holds


@dataclass(frozen=True)
class Copies:
    """Which copies a run writes.

    Attributes:
        access_px: longest side of an access copy; smaller photos keep their size. 0 writes none.
        has_sheets: whether review sheets are written.
        decode: converts to sRGB in a child process, since the profile is a stranger's. Must not share its children with
            the run's own `decode`: those may wait for memory that is free only when a copy is finished.
    """

    access_px: int
    has_sheets: bool
    decode: Decode

    def __post_init__(self) -> None:
        if self.access_px < 0:
            raise ValueError(f"the longest side of an access copy is 0 (none) or more pixels, got {self.access_px}")


class Copy(NamedTuple):
    """A copy that is ready to be written."""

    kind: str
    key: str
    data: bytes


def make_copies(
    copies: Copies,
    pages: Sequence[Photo],
    restorations: Sequence[Restoration],
    name: str,
    is_held: bool,
    label: Callable[[Photo], Photo],
) -> Iterator[Copy]:
    """Make what is wanted of one restored file, page by page.

    Args:
        copies: what is wanted.
        pages: of the original.
        restorations: of each page.
        name: ``<release>/<sha256 of the original>``.
        is_held: the result waits for a person; its access copy then waits too, under ``held-access/``.
        label: puts the run's label into a photo's XMP.
    """
    place = "held-access" if is_held else "access"
    release, _, sha256 = name.partition("/")
    for number, (page, each) in enumerate(zip(pages, restorations, strict=True), 1):
        if copies.access_px:
            key = page_key(f"{place}/{release}/{copies.access_px}/{sha256}.jpg", number)
            yield Copy(ACCESS, key, _access_copy(each.restored, page, copies, label))
        if copies.has_sheets:
            cells = [[page.pixels, mask_overlay(page.pixels, each.mask), each.restored]]
            title = sha256[:12] if len(pages) == 1 else f"{sha256[:12]}, page {number} of {len(pages)}"
            sheet = contact_sheet(cells, ["before", "defects found", "after"], [title], _SHEET_CELL_PX)
            yield Copy(SHEET, page_key(f"sheets/{name}.jpg", number), encode_jpeg(sheet, 88))


def _access_copy(restored: Tensor, page: Photo, copies: Copies, label: Callable[[Photo], Photo]) -> bytes:
    """The restored page as a labelled JPEG in sRGB with what its EXIF says of the photograph."""
    scale = min(1.0, copies.access_px / max(restored.shape[-2:]))
    height, width = (max(1, round(scale * side)) for side in restored.shape[-2:])
    pixels = restored if scale == 1 else F.interpolate(restored, (height, width), mode="area")
    copy = replace(page, pixels=pixels, alpha=None, exif=page.exif and slim_exif(page.exif))
    if page.icc is not None:
        bare = replace(copy, exif=None, xmp=None, iptc=None)
        try:
            (converted,) = copies.decode(encode_photo(pixels, bare, "TIFF"), lambda _: None, in_srgb=True)
        except PhotoError:  # the profile killed its reader: it travels along, as the result's does
            converted = bare
        copy = replace(copy, pixels=converted.pixels, icc=converted.icc)
    copy = replace(
        copy,
        container="JPEG",
        exif=_if_it_fits(copy.exif),
        iptc=_if_it_fits(copy.iptc),
        dpi=copy.dpi and (copy.dpi[0] * scale, copy.dpi[1] * scale),
    )
    return encode_photo(copy.pixels, label(copy))


def _if_it_fits(block: bytes | None) -> bytes | None:
    return block if block is None or len(block) <= _MAX_BLOCK_BYTES else None

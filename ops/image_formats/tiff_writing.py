"""Writing TIFF through tifffile: one page or several, each with its own size, depth, profile and descriptive tags."""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence

import tifffile

from ops.image_formats.exif import Entry, exif_start, next_directory, read_directory, write_directory
from ops.image_formats.raster import Metadata, Samples
from ops.image_formats.tiff import IPTC, KEPT, ORIENTATION, XMP

_BYTE, _SHORT, _UNDEFINED = 1, 3, 7
_PAGE_OF_SEVERAL = 0b10  # of NewSubfileType


def write_tiff(samples: Samples, metadata: Metadata) -> bytes:
    """Encode (H, W, C) uint8 or uint16, deflated, in the byte order of the EXIF block."""
    return write_tiff_pages([(samples, metadata)])


def write_tiff_pages(pages: Sequence[tuple[Samples, Metadata]]) -> bytes:
    """Encode pages in their order, deflated, in the byte order of their EXIF blocks.

    Raises:
        ValueError: there is no page, or the EXIF blocks of two pages differ in byte order.
    """
    orders = {exif_start(metadata.exif)[0] for _, metadata in pages if metadata.exif} or {"<"}
    if not pages or len(orders) > 1:
        raise ValueError(f"{len(pages)} pages with EXIF of {len(orders)} byte orders: give pages of one file")
    (order,) = orders
    file = io.BytesIO()
    with tifffile.TiffWriter(file, byteorder=order) as writer:
        for samples, metadata in pages:
            writer.write(
                samples if samples.shape[2] > 1 else samples[..., 0],
                photometric="rgb" if samples.shape[2] >= 3 else "minisblack",
                planarconfig="contig" if samples.shape[2] > 1 else None,
                extrasamples=["unassalpha"] if samples.shape[2] in (2, 4) else None,
                compression="zlib",
                predictor=True,
                iccprofile=metadata.icc,
                resolution=metadata.dpi,
                resolutionunit="INCH" if metadata.dpi else None,
                subfiletype=_PAGE_OF_SEVERAL if len(pages) > 1 else 0,
                contiguous=False,
                software=False,
                metadata=None,
            )
    return _with_entries(file.getvalue(), [_beside(metadata, order) for _, metadata in pages], order)


def _beside(metadata: Metadata, order: str) -> list[Entry]:
    """What tifffile does not write itself."""
    beside = [Entry(ORIENTATION, _SHORT, 1, struct.pack(order + "H", 1))]
    if metadata.exif:
        _, first = exif_start(metadata.exif)
        beside += [entry for entry in read_directory(metadata.exif, order, first) if entry.tag in KEPT]
    if metadata.xmp:
        beside.append(Entry(XMP, _BYTE, len(metadata.xmp), metadata.xmp))
    if metadata.iptc:
        beside.append(Entry(IPTC, _UNDEFINED, len(metadata.iptc), metadata.iptc))
    return beside


def _with_entries(plain: bytes, beside: Sequence[list[Entry]], order: str) -> bytes:
    """Give every page a new directory, behind all pixels, that holds its entries too."""
    _, found = exif_start(plain)
    start = at = len(plain) + len(plain) % 2
    directories = b""
    for number, added in enumerate(beside, 1):
        entries = [*read_directory(plain, order, found), *added]
        length = len(write_directory(entries, order, at))
        following = at + length + length % 2
        directories += write_directory(entries, order, at, 0 if number == len(beside) else following)
        directories += b"\0" * (length % 2)
        at, found = following, next_directory(plain, order, found)
    return plain[:4] + struct.pack(order + "I", start) + plain[8:] + b"\0" * (start - len(plain)) + directories

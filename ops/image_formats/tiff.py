"""Reading TIFF and BigTIFF through tifffile: every page that is a photograph, at its own depth.

A page that shows another one once more, smaller (a thumbnail, a level of a pyramid), is left behind by name: it would
show the photo before restoration, and whoever needs one makes it anew. A page that is neither a photograph nor such a
copy, for example a transparency mask, refuses the whole file: the others alone would be another document.
"""

from __future__ import annotations

import io
import logging
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from ops.image_formats.colour import cmyk_to_rgb
from ops.image_formats.exif import EXIF_IFD, GPS_IFD, exif_block, next_directory, read_directory
from ops.image_formats.raster import (
    MAX_PAGES,
    DecodeLimits,
    Metadata,
    PhotoError,
    Raster,
    Samples,
    corrupt,
    stretch,
    truncated,
    unsupported,
    usable_icc,
    usable_text,
)

logging.getLogger("tifffile").setLevel(logging.CRITICAL)  # what it finds wrong comes back as a PhotoError

SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
ORIENTATION, XMP, IPTC = 274, 700, 33723
_BITS, _DPI_X, _DPI_Y, _DPI_UNIT, _SUB_DIRECTORIES, _ICC, _DNG_VERSION = 258, 282, 283, 296, 330, 34675, 50706
# Description, maker, model, name and number of the page, software, date, artist, host, copyright.
KEPT = (270, 271, 272, 285, 297, 305, 306, 315, 316, 33432, EXIF_IFD, GPS_IFD)
_MASK_OR_LAYER = 0b1100  # of NewSubfileType: a transparency mask, mixed raster content
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE, _CMYK, _YCBCR = 0, 1, 2, 3, 5, 6
_COLOURS = {_WHITE_IS_ZERO: 1, _BLACK_IS_ZERO: 1, _RGB: 3, _PALETTE: 1, _CMYK: 4, _YCBCR: 3}
_UINT, _FLOAT = 1, 3
_NEW_JPEG = 7  # whose decoder returns RGB for YCbCr
_ASSOCIATED, _UNASSOCIATED = 1, 2
_LONG = 4


def read_tiff(data: bytes, limits: DecodeLimits) -> tuple[Raster, ...]:
    """Decode all pages: bilevel, grey, palette, RGB or CMYK, with or without alpha, 1 to 16 bits or float."""
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        limits.check_size(file.pages.first.imagewidth, file.pages.first.imagelength)
        num_pages = _count_pages(data, file)
        limits.check_pages(num_pages)
        pages, num_pixels, rasters = list(file.pages), 0, []
        if len(pages) < num_pages:
            raise truncated(f"{num_pages - len(pages)} of the TIFF's {num_pages} pages lie behind its end")
        photographs = [(at, page) for at, page in enumerate(pages) if at == 0 or not page.is_reduced]
        for at, page in photographs:
            with _naming_the_page(at, num_pages):
                num_pixels += page.imagewidth * page.imagelength
                limits.check_size(page.imagewidth, page.imagelength)
                limits.check_total(num_pixels)
                _check_layout(page)
                _check_segments(page, len(data))
        for at, page in photographs:
            with _naming_the_page(at, num_pages):
                rasters.append(_read_page(data, file, page))
    if len(photographs) < num_pages:
        rasters[0] = replace(rasters[0], notes=(*rasters[0].notes, "reduced-copies-dropped"))
    return tuple(rasters)


def _count_pages(data: bytes, file: tifffile.TiffFile) -> int:
    """Follow the chain of directories, which tifffile would leave without a word where it is broken."""
    at, seen = file.pages.first.offset, set[int]()
    while at:
        if at in seen:
            raise corrupt(f"the TIFF's pages point in a circle after {len(seen)}")
        seen.add(at)
        if len(seen) > MAX_PAGES:
            break
        try:
            at = next_directory(data, file.byteorder, at, is_big=file.is_bigtiff)
        except ValueError as error:
            raise truncated(f"page {len(seen)} of the TIFF is not all there: {error}") from error
    return len(seen)


@contextmanager
def _naming_the_page(at: int, num_pages: int) -> Iterator[None]:
    """Let an error say which of several pages it is about."""
    try:
        yield
    except PhotoError as error:
        if num_pages == 1:
            raise
        raise PhotoError(error.reason, f"page {at + 1} of {num_pages}: {error.message}") from error


def _read_page(data: bytes, file: tifffile.TiffFile, page: tifffile.TiffPage) -> Raster:
    samples, notes = _to_samples(page)
    icc, icc_note = usable_icc(_tag_bytes(page, _ICC))
    xmp, xmp_note = usable_text(_tag_bytes(page, XMP), "xmp")
    exif, exif_note = _read_exif(data, file.byteorder, page.offset, is_big=file.is_bigtiff)
    if page.photometric == _CMYK:
        samples, icc, notes = cmyk_to_rgb(samples[..., :4], icc), None, (*notes, "cmyk-to-rgb")
    if _SUB_DIRECTORIES in page.tags:
        notes += ("subfiles-dropped",)
    iptc, iptc_note = usable_text(_iptc_records(page, file.byteorder), "iptc")
    orientation = page.tags.valueof(ORIENTATION, 1)
    metadata = Metadata(icc, exif, xmp, _dpi(page), iptc)
    if orientation not in range(1, 9):
        orientation = 1
    return Raster(samples, metadata, orientation, notes + icc_note + xmp_note + exif_note + iptc_note)


def _check_layout(page: tifffile.TiffPage) -> None:
    """Refuse what would come out as another picture than the photographer's."""
    if page.is_reduced or _DNG_VERSION in page.tags:
        raise unsupported("a TIFF whose first page is the preview of a camera raw file or of another page", "the photo")
    if page.subfiletype & _MASK_OR_LAYER:
        raise unsupported("a TIFF page that is a transparency mask or a layer of another page", "photographs alone")
    if page.photometric not in _COLOURS or (page.photometric == _YCBCR and page.compression != _NEW_JPEG):
        raise unsupported(
            f"TIFF colour model {page.photometric!s} in compression {page.compression!s}", "grey, palette, RGB or CMYK"
        )
    depths = page.tags.valueof(_BITS, 1)
    depths = {depths} if isinstance(depths, int) else set(depths)
    is_float = page.sampleformat == _FLOAT and depths <= {16, 32, 64}
    is_uint = page.sampleformat == _UINT and len(depths) == 1 and max(depths) <= 16
    if page.dtype is None or page.imagedepth != 1 or not (is_uint or is_float):
        raise unsupported(
            f"TIFF samples of {sorted(depths)} bits, sample format {page.sampleformat!s}, depth {page.imagedepth}",
            "1 to 16 unsigned bits, or float",
        )
    num_extra = page.samplesperpixel - _COLOURS[page.photometric]
    if not 0 <= num_extra <= 4:
        raise unsupported(
            f"a TIFF of {page.samplesperpixel} channels a pixel", f"{_COLOURS[page.photometric]} and alpha"
        )
    if num_extra and page.extrasamples[:1] and page.extrasamples[0] == _ASSOCIATED:
        raise unsupported("a TIFF with premultiplied alpha", "unassociated alpha")


def _check_segments(page: tifffile.TiffPage, num_bytes: int) -> None:
    """Refuse missing strips and tiles, which tifffile would fill with zeros."""
    expected = int(np.prod(page.chunked))
    segments = list(zip(page.dataoffsets, page.databytecounts, strict=False))
    if len(segments) < expected:
        raise truncated(f"the TIFF lists {len(segments)} of its {expected} strips or tiles")
    for offset, count in segments[:expected]:
        if not (offset > 0 and count > 0 and offset + count <= num_bytes):
            raise truncated(
                f"a TIFF strip of {count:,} bytes at {offset:,} does not lie in the {num_bytes:,} byte file"
            )


def _to_samples(page: tifffile.TiffPage) -> tuple[Samples, tuple[str, ...]]:
    """Decode to (H, W, C), black at 0, over the full range of 8 or 16 bits."""
    stored = page.asarray().reshape(page.shaped)[:, 0]  # (planes, H, W, channels): one of the two is 1
    samples = np.moveaxis(stored, 0, -1)[..., 0, :] if page.shaped[0] > 1 else stored[0]
    notes: tuple[str, ...] = ()
    bits = page.bitspersample
    if page.sampleformat == _FLOAT:
        samples, notes, bits = _float_to_16_bits(samples), ("float-to-16-bit",), 16
    elif page.photometric == _PALETTE:
        samples, bits = _look_up(samples[..., 0], page.colormap)
    else:
        samples = samples.astype(np.uint8 if bits <= 8 else np.uint16, copy=False)
        if bits not in (1, 8, 16):
            notes = (f"{bits}-bit-to-{samples.dtype.itemsize * 8}",)
        samples = stretch(samples, bits)
    num_colours = 3 if page.photometric == _PALETTE else _COLOURS[page.photometric]
    has_alpha = page.extrasamples[:1] == (_UNASSOCIATED,) and page.photometric not in (_PALETTE, _CMYK)
    num_kept = num_colours + has_alpha
    if samples.shape[2] > num_kept:
        notes += ("extra-channels-dropped",)
    samples = samples[..., :num_kept]
    if page.photometric == _WHITE_IS_ZERO:
        samples = samples.copy()
        samples[..., 0] = np.iinfo(samples.dtype).max - samples[..., 0]
    return samples, notes


def _float_to_16_bits(samples: NDArray[Any]) -> Samples:
    if not np.isfinite(samples).all():
        raise PhotoError("not-finite", "the TIFF holds NaN or infinite samples; expected numbers: export it again")
    if samples.min() < 0 or samples.max() > 1:
        raise unsupported(f"float TIFF samples from {samples.min():g} to {samples.max():g}", "the range 0 to 1")
    return np.rint(samples.astype(np.float64) * 65_535).astype(np.uint16)


def _look_up(indices: NDArray[Any], colormap: NDArray[Any]) -> tuple[Samples, int]:
    """Turn palette indices (H, W) into RGB; a palette that only repeats 8 bits gives 8 bits."""
    rgb = np.moveaxis(colormap[:, indices.astype(np.uint16)], 0, -1)  # 1-bit indices come as booleans
    is_8_bit = bool(((colormap % 257 == 0) | (colormap % 256 == 0)).all())
    return ((rgb >> 8).astype(np.uint8), 8) if is_8_bit else (rgb.astype(np.uint16), 16)


def _read_exif(data: bytes, order: str, at: int, *, is_big: bool) -> tuple[bytes | None, tuple[str, ...]]:
    """Lift the descriptive tags and the EXIF and GPS directories of the first page into a block of their own."""
    try:
        entries = read_directory(data, order, at, is_big=is_big)
    except ValueError:
        return None, ("exif-unreadable",)
    kept = [entry for entry in entries if entry.tag in KEPT]
    return usable_text(exif_block(kept, order), "exif") if kept else (None, ())


def _tag_bytes(page: tifffile.TiffPage, code: int) -> bytes | None:
    """The raw bytes of a tag's value, whatever type the writer gave it."""
    tag = page.tags.get(code)
    if tag is None:
        return None
    value = tag.value
    return value.encode("utf-8", "surrogateescape") if isinstance(value, str) else bytes(value)


def _iptc_records(page: tifffile.TiffPage, order: str) -> bytes | None:
    """The IPTC records; some writers store them as 32-bit numbers in the byte order of the file."""
    tag = page.tags.get(IPTC)
    if tag is None:
        return None
    numbers = tag.value if isinstance(tag.value, tuple) else (tag.value,)
    if isinstance(tag.value, bytes):
        return tag.value
    try:
        return struct.pack(f"{order}{len(numbers)}{'I' if tag.dtype == _LONG else 'B'}", *numbers)
    except struct.error:  # text or fractions where numbers belong
        return b""


def _dpi(page: tifffile.TiffPage) -> tuple[float, float] | None:
    unit = {2: 1.0, 3: 2.54}.get(int(page.tags.valueof(_DPI_UNIT, 2)))
    across, down = page.tags.valueof(_DPI_X), page.tags.valueof(_DPI_Y)
    if unit is None or not isinstance(across, tuple) or not isinstance(down, tuple) or 0 in (*across, *down):
        return None
    return across[0] / across[1] * unit, down[0] / down[1] * unit

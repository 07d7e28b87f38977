"""TIFF and BigTIFF through tifffile: the first page, at its own depth. Further pages are noted, not read."""

from __future__ import annotations

import io
import logging
import struct
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from ops.image_formats.colour import cmyk_to_rgb
from ops.image_formats.exif import (
    EXIF_IFD,
    GPS_IFD,
    Entry,
    exif_block,
    exif_start,
    read_directory,
    write_directory,
)
from ops.image_formats.raster import (
    DecodeLimits,
    Metadata,
    PhotoError,
    Raster,
    Samples,
    stretch,
    truncated,
    unsupported,
    usable_icc,
    usable_text,
)

logging.getLogger("tifffile").setLevel(logging.CRITICAL)  # what it finds wrong comes back as a PhotoError

SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_BITS, _ORIENTATION, _DPI_X, _DPI_Y, _DPI_UNIT, _XMP, _IPTC, _ICC = 258, 274, 282, 283, 296, 700, 33723, 34675
_DNG_VERSION = 50706
_KEPT = (270, 271, 272, 305, 306, 315, 316, 33432, EXIF_IFD, GPS_IFD)  # description, maker ... artist, copyright
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE, _CMYK, _YCBCR = 0, 1, 2, 3, 5, 6
_COLOURS = {_WHITE_IS_ZERO: 1, _BLACK_IS_ZERO: 1, _RGB: 3, _PALETTE: 1, _CMYK: 4, _YCBCR: 3}
_UINT, _FLOAT = 1, 3
_NEW_JPEG = 7  # whose decoder returns RGB for YCbCr
_ASSOCIATED, _UNASSOCIATED = 1, 2
_BYTE, _SHORT, _LONG, _UNDEFINED = 1, 3, 4, 7


def read_tiff(data: bytes, limits: DecodeLimits) -> Raster:
    """Decode the first page: bilevel, grey, palette, RGB or CMYK, with or without alpha, 1 to 16 bits or float."""
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        page: tifffile.TiffPage = file.pages.first
        limits.check_size(page.imagewidth, page.imagelength)
        _check_layout(page)
        _check_segments(page, len(data))
        samples, notes = _to_samples(page)
        icc, icc_note = usable_icc(_tag_bytes(page, _ICC))
        xmp, xmp_note = usable_text(_tag_bytes(page, _XMP), "xmp")
        exif, exif_note = _read_exif(data, file.byteorder, page.offset, is_big=file.is_bigtiff)
        if page.photometric == _CMYK:
            samples, icc, notes = cmyk_to_rgb(samples[..., :4], icc), None, (*notes, "cmyk-to-rgb")
        if file.pages.is_multipage:
            notes += ("first-page-only",)
        iptc, iptc_note = usable_text(_iptc_records(page, file.byteorder), "iptc")
        orientation = page.tags.valueof(_ORIENTATION, 1)
        metadata = Metadata(icc, exif, xmp, _dpi(page), iptc)
    if orientation not in range(1, 9):
        orientation = 1
    return Raster(samples, metadata, orientation, notes + icc_note + xmp_note + exif_note + iptc_note)


def write_tiff(samples: Samples, metadata: Metadata) -> bytes:
    """Encode (H, W, C) uint8 or uint16, deflated, in the byte order of the EXIF block."""
    order, beside = "<", []
    if metadata.exif:
        order, first = exif_start(metadata.exif)
        beside = [entry for entry in read_directory(metadata.exif, order, first) if entry.tag in _KEPT]
    if metadata.xmp:
        beside.append(Entry(_XMP, _BYTE, len(metadata.xmp), metadata.xmp))
    if metadata.iptc:
        beside.append(Entry(_IPTC, _UNDEFINED, len(metadata.iptc), metadata.iptc))
    beside.append(Entry(_ORIENTATION, _SHORT, 1, struct.pack(order + "H", 1)))
    file = io.BytesIO()
    tifffile.imwrite(
        file,
        samples if samples.shape[2] > 1 else samples[..., 0],
        byteorder=order,
        photometric="rgb" if samples.shape[2] >= 3 else "minisblack",
        planarconfig="contig" if samples.shape[2] > 1 else None,
        extrasamples=["unassalpha"] if samples.shape[2] in (2, 4) else None,
        compression="zlib",
        predictor=True,
        iccprofile=metadata.icc,
        resolution=metadata.dpi,
        resolutionunit="INCH" if metadata.dpi else None,
        software=False,
        metadata=None,
    )
    return _with_entries(file.getvalue(), beside, order)


def _with_entries(plain: bytes, beside: list[Entry], order: str) -> bytes:
    """Give the page a new directory, behind the pixels, that holds these entries too; tifffile writes no EXIF."""
    _, first = exif_start(plain)
    start = len(plain) + len(plain) % 2
    directory = write_directory([*read_directory(plain, order, first), *beside], order, start)
    return plain[:4] + struct.pack(order + "I", start) + plain[8:] + b"\0" * (start - len(plain)) + directory


def _check_layout(page: tifffile.TiffPage) -> None:
    """Refuse what would come out as another picture than the photographer's."""
    if page.is_reduced or _DNG_VERSION in page.tags:
        raise unsupported("a TIFF whose first page is the preview of a camera raw file or of another page", "the photo")
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
    kept = [entry for entry in entries if entry.tag in _KEPT]
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
    tag = page.tags.get(_IPTC)
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

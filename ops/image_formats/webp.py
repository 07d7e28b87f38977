"""WebP: the chunk walk, and Pillow for the pixels. What is written is written without loss."""

from __future__ import annotations

import io
import struct

import numpy as np
from PIL import Image

from ops.image_formats.raster import (
    DecodeLimits,
    Metadata,
    Raster,
    Samples,
    corrupt,
    truncated,
    usable_icc,
    usable_text,
)


def read_webp(data: bytes, limits: DecodeLimits) -> Raster:
    """Decode a WebP, lossy or lossless, to 8-bit RGB or RGB + alpha."""
    chunks = _walk(data)
    limits.check_size(*_size(chunks))
    icc, icc_note = usable_icc(chunks.get(b"ICCP"))
    exif, exif_note = usable_text(chunks.get(b"EXIF"), "exif")
    xmp, xmp_note = usable_text(chunks.get(b"XMP "), "xmp")
    notes: tuple[str, ...] = ("first-frame-only",) if b"ANIM" in chunks else ()
    with Image.open(io.BytesIO(data), formats=("WEBP",)) as image:
        samples = np.asarray(image if image.mode in ("RGB", "RGBA") else image.convert("RGB"))
    metadata = Metadata(icc, exif and exif.removeprefix(b"Exif\0\0"), xmp)
    return Raster(samples, metadata, notes=notes + icc_note + exif_note + xmp_note)


def write_webp(samples: Samples, metadata: Metadata) -> bytes:
    """Encode (H, W, C) uint8; grey becomes RGB, which is all WebP has."""
    if samples.shape[2] < 3:
        samples = np.concatenate([samples[..., :1]] * 3 + [samples[..., 1:]], axis=2)
    extras = {"icc_profile": metadata.icc, "exif": metadata.exif, "xmp": metadata.xmp}
    file = io.BytesIO()
    Image.fromarray(samples).save(
        file, "WEBP", lossless=True, exact=True, method=1, **{name: extra for name, extra in extras.items() if extra}
    )
    return file.getvalue()


def _walk(data: bytes) -> dict[bytes, bytes]:
    """Return the first chunk of each kind.

    Raises:
        PhotoError: the file is shorter than its header or a chunk says.
    """
    end = 8 + int.from_bytes(data[4:8], "little")
    if end > len(data):
        raise truncated(f"the WebP has {len(data):,} of the {end:,} bytes its header announces")
    chunks: dict[bytes, bytes] = {}
    at = 12
    while at + 8 <= end:
        kind, length = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if at + 8 + length > len(data):
            raise truncated(f"WebP chunk {kind!r} at byte {at} is cut short")
        chunks.setdefault(kind, data[at + 8 : at + 8 + length])
        at += 8 + length + length % 2
    return chunks


def _size(chunks: dict[bytes, bytes]) -> tuple[int, int]:
    """Width and height from whichever header the file has."""
    if len(canvas := chunks.get(b"VP8X", b"")) >= 10:
        return 1 + int.from_bytes(canvas[4:7], "little"), 1 + int.from_bytes(canvas[7:10], "little")
    if len(lossless := chunks.get(b"VP8L", b"")) >= 5:
        sides = int.from_bytes(lossless[1:5], "little")
        return 1 + (sides & 0x3FFF), 1 + (sides >> 14 & 0x3FFF)
    if len(lossy := chunks.get(b"VP8 ", b"")) >= 10:
        width, height = struct.unpack_from("<HH", lossy, 6)
        return width & 0x3FFF, height & 0x3FFF
    raise corrupt("the WebP has no picture header")

"""PNG: the chunk walk with its checksums, and libpng for the pixels.

The decoder sees the five chunks that make the picture. Text and profile chunks that unpack to tens of megabytes, and
the later frames of an animation, never reach it.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

import imagecodecs

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

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PICTURE = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
_XMP_KEY = b"XML:com.adobe.xmp"
_XMP_HEAD = _XMP_KEY + b"\0\0\0\0\0"  # keyword end, not compressed, method, no language, no translation
_UNPACK_LIMIT = 8 << 20
_INCH_M = 0.0254


def read_png(data: bytes, limits: DecodeLimits) -> Raster:
    """Decode a PNG of any colour type; palettes become RGB, transparent colours become alpha, 16 bits stay 16."""
    chunks = [(kind, body) for kind, body in _walk(data, limits)]
    notes: tuple[str, ...] = ("first-frame-only",) if any(kind == b"acTL" for kind, _ in chunks) else ()
    icc = exif = xmp = dpi = None
    for kind, body in chunks:
        if kind == b"iCCP":
            icc = _unpack(body.partition(b"\0")[2][1:])
        elif kind == b"eXIf":
            exif = body
        elif kind == b"iTXt" and body.startswith(_XMP_KEY + b"\0"):
            xmp = _international_text(body)
        elif kind == b"pHYs" and len(body) == 9 and body[8] == 1:
            across, down = struct.unpack(">II", body[:8])
            dpi = (across * _INCH_M, down * _INCH_M) if across and down else None
    icc, icc_note = usable_icc(icc)
    exif, exif_note = usable_text(exif, "exif")
    xmp, xmp_note = usable_text(xmp, "xmp")
    picture = SIGNATURE + b"".join(_chunk(kind, body) for kind, body in chunks if kind in _PICTURE)
    samples: Samples = imagecodecs.png_decode(picture)
    notes += icc_note + exif_note + xmp_note
    return Raster(samples.reshape(*samples.shape[:2], -1), Metadata(icc, exif, xmp, dpi), notes=notes)


def write_png(samples: Samples, metadata: Metadata, level: int = 3) -> bytes:
    """Encode (H, W, C) uint8 or uint16; the metadata chunks stand before the pixels."""
    plain = bytes(imagecodecs.png_encode(samples.squeeze(2) if samples.shape[2] == 1 else samples, level=level))
    extras = []
    if metadata.icc:
        extras.append(_chunk(b"iCCP", b"ICC profile\0\0" + zlib.compress(metadata.icc)))
    if metadata.dpi:
        extras.append(_chunk(b"pHYs", struct.pack(">IIB", *(round(dots / _INCH_M) for dots in metadata.dpi), 1)))
    if metadata.exif:
        extras.append(_chunk(b"eXIf", metadata.exif))
    if metadata.xmp:
        extras.append(_chunk(b"iTXt", _XMP_HEAD + metadata.xmp))
    header_end = len(SIGNATURE) + 25
    return plain[:header_end] + b"".join(extras) + plain[header_end:]


def _walk(data: bytes, limits: DecodeLimits) -> Iterator[tuple[bytes, bytes]]:
    """Yield the kind and body of every chunk up to IEND.

    Raises:
        PhotoError: the end is missing, a checksum of the picture fails, or the size is over the limits.
    """
    at = len(SIGNATURE)
    while True:
        head = data[at : at + 8]
        length, kind = int.from_bytes(head[:4], "big"), head[4:]
        body, checksum = data[at + 8 : at + 8 + length], data[at + 8 + length : at + 12 + length]
        if len(checksum) < 4:
            raise truncated(f"the PNG stops after {len(data):,} bytes, inside chunk {kind!r} at byte {at}")
        if at == len(SIGNATURE):
            if kind != b"IHDR" or length != 13:
                raise corrupt(f"the PNG starts with chunk {kind!r} of {length} bytes instead of its header")
            limits.check_size(*struct.unpack(">II", body[:8]))
        if zlib.crc32(kind + body) == int.from_bytes(checksum, "big"):
            yield kind, body
        elif kind in _PICTURE:
            raise corrupt(f"the checksum of PNG chunk {kind!r} at byte {at} does not fit")
        if kind == b"IEND":
            return
        at += 12 + length


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _international_text(body: bytes) -> bytes:
    """The text of an iTXt chunk: keyword, 0, is it packed, method, language, 0, translated keyword, 0, text."""
    packed, rest = body[len(_XMP_KEY) + 1 : len(_XMP_KEY) + 2], body[len(_XMP_KEY) + 3 :]
    text = rest.partition(b"\0")[2].partition(b"\0")[2]
    return _unpack(text) if packed == b"\1" else text


def _unpack(packed: bytes) -> bytes:
    """Unpack at most `_UNPACK_LIMIT` bytes; empty, hence unusable, when the stream is broken or longer."""
    stream = zlib.decompressobj()
    try:
        text = stream.decompress(packed, _UNPACK_LIMIT)
    except zlib.error:
        return b""
    return text if stream.eof else b""

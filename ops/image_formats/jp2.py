"""JPEG 2000: the box walk, and OpenJPEG for the codestream.

The decoder sees the bare codestream, because OpenJPEG converts the pixels of a file with a colour profile to sRGB
without being asked, and attaching the old profile again would apply it twice.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from fractions import Fraction

import imagecodecs
import numpy as np

from ops.image_formats.raster import (
    DecodeLimits,
    Metadata,
    Raster,
    Samples,
    corrupt,
    stretch,
    truncated,
    unsupported,
    usable_icc,
    usable_text,
)

SIGNATURE = b"\x00\x00\x00\x0cjP  \r\n\x87\n"
CODESTREAM = b"\xff\x4f\xff\x51"
_END_OF_CODESTREAM = b"\xff\xd9"
_XMP_UUID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_EXIF_UUID = b"JpgTiffExif->JP2"
_SRGB, _GREY = 16, 17
_INCH_M = 0.0254


def read_jp2(data: bytes, limits: DecodeLimits) -> Raster:
    """Decode a JP2 file or a bare codestream of 1 to 4 channels of 8 to 16 bits."""
    if data.startswith(CODESTREAM):
        samples, notes = _read_codestream(data, limits)
        return Raster(samples, Metadata(), notes=notes)
    boxes = list(_boxes(data))
    header = [box for kind, body in boxes if kind == b"jp2h" for box in _boxes(body)]
    codestream = next((body for kind, body in boxes if kind == b"jp2c"), None)
    if codestream is None:
        raise truncated(f"the JP2 of {len(data):,} bytes has no codestream")
    icc, dpi = _read_header(header)
    exif = next((body[16:] for kind, body in boxes if kind == b"uuid" and body[:16] == _EXIF_UUID), None)
    xmp = next((body[16:] for kind, body in boxes if kind == b"uuid" and body[:16] == _XMP_UUID), None)
    samples, notes = _read_codestream(codestream, limits)
    icc, icc_note = usable_icc(icc)
    exif, exif_note = usable_text(exif and exif.removeprefix(b"Exif\0\0"), "exif")
    xmp, xmp_note = usable_text(xmp, "xmp")
    return Raster(samples, Metadata(icc, exif, xmp, dpi), notes=notes + icc_note + exif_note + xmp_note)


def write_jp2(samples: Samples, metadata: Metadata) -> bytes:
    """Encode (H, W, C) uint8 or uint16 without loss."""
    num_channels = samples.shape[2]
    codestream = imagecodecs.jpeg2k_encode(
        np.ascontiguousarray(samples.squeeze(2) if num_channels == 1 else samples),
        codecformat="j2k",
        reversible=True,
        mct=num_channels >= 3,
    )
    height, width = samples.shape[:2]
    bits = samples.dtype.itemsize * 8
    is_grey, has_alpha = num_channels < 3, num_channels in (2, 4)
    header = _box(b"ihdr", struct.pack(">IIHBBBB", height, width, num_channels, bits - 1, 7, 0, 0))
    if metadata.icc:
        header += _box(b"colr", b"\2\0\0" + metadata.icc)
    else:
        header += _box(b"colr", struct.pack(">BBBI", 1, 0, 0, _GREY if is_grey else _SRGB))
    if has_alpha:
        colours = [(channel, 0, channel + 1) for channel in range(num_channels - 1)]
        definitions = [*colours, (num_channels - 1, 1, 0)]  # the last channel is the opacity of the whole
        header += _box(
            b"cdef", struct.pack(">H", num_channels) + b"".join(struct.pack(">HHH", *d) for d in definitions)
        )
    if metadata.dpi:
        across, down = (_fraction(dots / _INCH_M) for dots in metadata.dpi)
        header += _box(b"res ", _box(b"resc", struct.pack(">HHHHbb", *down[:2], *across[:2], down[2], across[2])))
    file = SIGNATURE + _box(b"ftyp", b"jp2 \0\0\0\0jp2 ") + _box(b"jp2h", header)
    if metadata.exif:
        file += _box(b"uuid", _EXIF_UUID + metadata.exif)
    if metadata.xmp:
        file += _box(b"uuid", _XMP_UUID + metadata.xmp)
    return file + _box(b"jp2c", bytes(codestream))


def _read_header(header: list[tuple[bytes, bytes]]) -> tuple[bytes | None, tuple[float, float] | None]:
    """Return the colour profile and the resolution; refuse what the bare codestream would show in wrong colours."""
    icc = dpi = None
    for kind, body in header:
        if kind == b"pclr":
            raise unsupported("a JPEG 2000 with a palette", "grey or RGB")
        if kind == b"colr" and body[:1] in (b"\2", b"\3"):
            icc = body[3:]
        elif kind == b"colr" and body[:1] == b"\1" and int.from_bytes(body[3:7], "big") not in (_SRGB, _GREY):
            raise unsupported(f"JPEG 2000 colour space {int.from_bytes(body[3:7], 'big')}", "sRGB (16) or grey (17)")
        elif kind == b"res ":
            for kind_of, numbers in _boxes(body):
                if kind_of in (b"resc", b"resd") and len(numbers) == 10 and dpi is None:
                    down, down_by, across, across_by, down_exp, across_exp = struct.unpack(">HHHHbb", numbers)
                    if down and down_by and across and across_by:
                        dpi = (
                            across / across_by * 10.0**across_exp * _INCH_M,
                            down / down_by * 10.0**down_exp * _INCH_M,
                        )
    return icc, dpi


def _read_codestream(codestream: bytes, limits: DecodeLimits) -> tuple[Samples, tuple[str, ...]]:
    """Check the size marker and the end, then decode to (H, W, C)."""
    if len(codestream) < 42 or not codestream.startswith(CODESTREAM):
        raise corrupt("the JPEG 2000 codestream has no size marker")
    right, bottom, left, top, *_tiles, num_channels = struct.unpack_from(">IIIIIIIIH", codestream, 8)
    limits.check_size(right - left, bottom - top)
    channels = codestream[42 : 42 + 3 * num_channels]
    if num_channels not in (1, 2, 3, 4) or len(set(channels[::3])) != 1 or set(channels[1::3] + channels[2::3]) != {1}:
        raise unsupported(f"a JPEG 2000 of {num_channels} channels, unlike or subsampled", "1 to 4 equal channels")
    bits = channels[0] + 1
    if not 8 <= bits <= 16:
        raise unsupported(f"JPEG 2000 sample type {channels[0]:#04x}", "8 to 16 unsigned bits")
    if not codestream.rstrip(b"\0").endswith(_END_OF_CODESTREAM):
        raise truncated("the JPEG 2000 codestream has no end marker")
    samples = imagecodecs.jpeg2k_decode(codestream)
    if samples.shape[:2] != (bottom - top, right - left):
        raise corrupt(f"the JPEG 2000 decodes to {samples.shape}, its header says {bottom - top} x {right - left}")
    notes = () if bits in (8, 16) else (f"{bits}-bit-to-16",)
    return stretch(samples.reshape(*samples.shape[:2], -1), bits), notes


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the kind and body of every box.

    Raises:
        PhotoError: a box reaches behind the end.
    """
    at = 0
    while at < len(data):
        length, kind, head = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8], 8
        if length == 1:
            length, head = int.from_bytes(data[at + 8 : at + 16], "big"), 16
        elif length == 0:
            length = len(data) - at
        if length < head or at + length > len(data):
            raise truncated(f"JPEG 2000 box {kind!r} at byte {at} claims {length:,} of {len(data) - at:,} bytes")
        yield kind, data[at + head : at + length]
        at += length


def _box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", 8 + len(body)) + kind + body


def _fraction(dots_per_m: float) -> tuple[int, int, int]:
    """Write dots per metre as numerator and denominator (16 bits each) and a power of ten.

    An inch is 127 / 5000 m, so 127 is the denominator that whole dots per inch need.
    """
    exponent = 0
    while dots_per_m > 500:
        dots_per_m, exponent = dots_per_m / 10, exponent + 1
    fraction = Fraction(dots_per_m).limit_denominator(127)
    return fraction.numerator, fraction.denominator, exponent

"""JPEG: the marker walk that proves a file whole, and Pillow for the pixels.

OpenCV and libjpeg paint the missing part of a cut file grey and call it success, so the walk comes first. The decoder
sees the picture's own segments only: no metadata, no thumbnails, no second picture, nothing behind the end.
"""

from __future__ import annotations

import io
import re
import struct
from dataclasses import dataclass, field

import numpy as np
from PIL import Image

from ops.image_formats.colour import cmyk_to_rgb
from ops.image_formats.raster import (
    DecodeLimits,
    Metadata,
    PhotoError,
    Raster,
    Samples,
    corrupt,
    truncated,
    unsupported,
    usable_icc,
    usable_text,
)

_EXIF, _XMP, _ICC, _IPTC = b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0", b"ICC_PROFILE\0", b"Photoshop 3.0\0"
_SOF, _SOI, _EOI, _SOS, _APP0, _APP1, _APP2, _APP13, _APP14 = 0xC0, 0xD8, 0xD9, 0xDA, 0xE0, 0xE1, 0xE2, 0xED, 0xEE
_PROGRESSIVE = 0xC2
_RESOURCE, _IPTC_RESOURCE = b"8BIM", 0x0404
_FRAMES = (0xC0, 0xC1, _PROGRESSIVE)  # baseline, extended, progressive
_OTHER_FRAMES = (0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF)  # lossless, hierarchical, arithmetic
_NEXT_MARKER = re.compile(rb"\xff+[\x01-\xcf\xd8-\xfe]", re.DOTALL)  # not a stuffed zero, not a restart
_MAX_SEGMENT_BYTES = 65_533
# Told that the file ends, libjpeg paints what a scan lacks in grey. Given a few zeros instead, which the look-ahead of
# its decoder wants and a whole scan does not consume, it asks for more, and Pillow reports the cut. A progressive file
# needs its end marker; there a cut that someone closed with a marker goes unseen.
_SCAN_PADDING = b"\0" * 8


@dataclass
class _Walk:
    """What the markers say."""

    kept: list[bytes] = field(default_factory=list)  # the segments a decoder needs
    width: int = 0
    height: int = 0
    exif: bytes | None = None
    xmp: bytes | None = None
    icc: dict[int, bytes] = field(default_factory=dict)  # by sequence number
    dpi: tuple[float, float] | None = None
    photoshop: bytes = b""  # its segments joined; the IPTC records are one of its resources
    is_progressive: bool = False
    num_scans: int = 0


def read_jpeg(data: bytes, limits: DecodeLimits) -> Raster:
    """Decode a JPEG of 8 bits a sample, grey, RGB or CMYK."""
    walk = _walk(data, limits)
    icc, icc_note = usable_icc(b"".join(walk.icc[i] for i in sorted(walk.icc)) or None)
    xmp, xmp_note = usable_text(walk.xmp, "xmp")
    iptc, iptc_note = usable_text(_iptc_records(walk.photoshop), "iptc")
    notes = icc_note + xmp_note + iptc_note
    with Image.open(io.BytesIO(b"".join(walk.kept)), formats=("JPEG",)) as image:
        try:
            samples = np.asarray(image)
        except OSError as error:
            raise truncated(f"the scan of the JPEG is cut short or damaged ({error})") from error
    samples = samples.reshape(*samples.shape[:2], -1)
    if samples.shape[2] == 4:
        samples, icc, notes = cmyk_to_rgb(samples, icc), None, (*notes, "cmyk-to-rgb")
    return Raster(samples, Metadata(icc, walk.exif, xmp, walk.dpi, iptc), notes=notes)


def write_jpeg(samples: Samples, metadata: Metadata, quality: int = 95) -> bytes:
    """Encode (H, W, 1 or 3) uint8 without colour subsampling."""
    for name, block in (("EXIF", metadata.exif), ("XMP", metadata.xmp), ("IPTC", metadata.iptc)):
        if block is not None and len(block) > _MAX_SEGMENT_BYTES - len(_XMP):
            raise PhotoError(
                "metadata-too-large", f"JPEG holds 64 kB of {name}, this photo has {len(block)}: write TIFF or PNG"
            )
    extras: dict[str, object] = {
        "icc_profile": metadata.icc,
        "exif": metadata.exif and _EXIF + metadata.exif,
        "xmp": metadata.xmp,
        "dpi": metadata.dpi and tuple(round(dots) for dots in metadata.dpi),
    }
    file = io.BytesIO()
    Image.fromarray(samples.squeeze(2) if samples.shape[2] == 1 else samples).save(
        file, "JPEG", quality=quality, subsampling=0, **{name: extra for name, extra in extras.items() if extra}
    )
    return file.getvalue() if metadata.iptc is None else _with_iptc(file.getvalue(), metadata.iptc)


def _with_iptc(plain: bytes, records: bytes) -> bytes:
    """Put the records behind the first segment, which in a JFIF file has to stay first."""
    head = 2 + 2 + int.from_bytes(plain[4:6], "big")
    resource = _RESOURCE + struct.pack(">HHI", _IPTC_RESOURCE, 0, len(records)) + records + b"\0" * (len(records) % 2)
    segment = struct.pack(">BBH", 0xFF, _APP13, 2 + len(_IPTC) + len(resource)) + _IPTC + resource
    return plain[:head] + segment + plain[head:]


def _iptc_records(photoshop: bytes) -> bytes | None:
    """The IPTC records among Photoshop's resources: signature, number, padded name, length, padded bytes."""
    at = 0
    while photoshop[at : at + 4] == _RESOURCE and at + 12 <= len(photoshop):
        number, name_length = struct.unpack_from(">HB", photoshop, at + 4)
        at += 6 + (name_length + 2) // 2 * 2
        length = int.from_bytes(photoshop[at : at + 4], "big")
        if number == _IPTC_RESOURCE:
            return photoshop[at + 4 : at + 4 + length]
        at += 4 + length + length % 2
    return None


def _walk(data: bytes, limits: DecodeLimits) -> _Walk:
    """Follow the markers from SOI to EOI.

    Raises:
        PhotoError: a segment or the end is missing, the frame is of an unread kind, or the size is over the limits.
    """
    walk, at = _Walk(kept=[data[:2]]), 2
    while True:
        found = _NEXT_MARKER.search(data, at)
        if found is None:
            raise truncated(f"the JPEG stops after {len(data):,} bytes without its end marker")
        at, marker = found.end(), data[found.end() - 1]
        if marker == _EOI:
            break
        if marker in (0x01, _SOI):
            continue
        length = int.from_bytes(data[at : at + 2], "big")
        body = data[at + 2 : at + length]
        if length < 2 or len(body) < length - 2:
            raise truncated(f"JPEG segment {marker:02x} at byte {at} is cut short")
        _take(walk, marker, body, limits)
        end = at + length
        if marker == _SOS:
            walk.num_scans += 1
            scan_end = _NEXT_MARKER.search(data, end)
            end = scan_end.start() if scan_end else len(data)
        if not (_APP1 <= marker < 0xF0 and marker != _APP14) and marker != 0xFE:
            walk.kept.append(data[at - 2 : end])
        at = end
    if not walk.width:
        raise corrupt("the JPEG has no frame header")
    walk.kept.append(_SCAN_PADDING if walk.num_scans == 1 and not walk.is_progressive else b"\xff\xd9")
    return walk


def _take(walk: _Walk, marker: int, body: bytes, limits: DecodeLimits) -> None:
    """Note what one segment says about the picture."""
    if marker in _OTHER_FRAMES:
        raise unsupported(f"JPEG frame type SOF{marker - _SOF}", "baseline or progressive")
    if marker in _FRAMES and len(body) >= 6:
        bits, walk.height, walk.width, num_channels = struct.unpack_from(">BHHB", body)
        limits.check_size(walk.width, walk.height)
        walk.is_progressive = marker == _PROGRESSIVE
        if bits != 8 or num_channels not in (1, 3, 4):
            raise unsupported(f"a JPEG of {num_channels} channels of {bits} bits", "1, 3 or 4 channels of 8 bits")
    elif marker == _APP0 and body[:5] == b"JFIF\0" and len(body) >= 12:
        unit, across, down = struct.unpack_from(">BHH", body, 7)
        if unit in (1, 2) and across and down:
            scale = 1.0 if unit == 1 else 2.54
            walk.dpi = (across * scale, down * scale)
    elif marker == _APP1 and body.startswith(_EXIF):
        walk.exif = walk.exif or body[len(_EXIF) :]
    elif marker == _APP1 and body.startswith(_XMP):
        walk.xmp = walk.xmp or body[len(_XMP) :]
    elif marker == _APP2 and body.startswith(_ICC) and len(body) > 14:
        walk.icc.setdefault(body[12], body[14:])
    elif marker == _APP13 and body.startswith(_IPTC):
        walk.photoshop += body[len(_IPTC) :]

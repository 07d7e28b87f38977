"""The EXIF block and the XMP packet: which way is up, and how the block moves between files.

An EXIF block is a small TIFF file: a byte order, then directories of tagged values. So the same two functions that
read and write directories also lift the descriptive tags out of a TIFF and put them back into one.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ops.image_formats.raster import Samples

EXIF_IFD, GPS_IFD, _INTEROP_IFD = 0x8769, 0x8825, 0xA005  # tags whose value is another directory
_ORIENTATION, _SHORT, _LONG = 0x0112, 3, 4
_VALUE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_COLOUR_SPACE = 40961
_OF_THE_FILE = (256, 257, 258, 259, 262, 273, 277, 278, 279, 282, 283, 296)  # size, layout, resolution
_OF_THE_PIXELS = (_COLOUR_SPACE, 37500, 40962, 40963, _INTEROP_IFD)  # with maker notes and the size in pixels
_MAX_DEPTH = 3  # picture, EXIF, interoperability
_XMP_ORIENTATION = re.compile(rb"(tiff:Orientation\s*(?:=\s*[\"']|>)\s*)[1-8]")


@dataclass(frozen=True)
class Entry:
    """One tag of a directory: its raw value, in the file's byte order, or the directory it points to."""

    tag: int
    kind: int
    count: int
    value: bytes
    directory: tuple[Entry, ...] = ()


def upright_exif(block: bytes) -> tuple[int, bytes]:
    """Read the orientation and return it with a block that says 1.

    The block is patched in place, so offsets in maker notes stay true. The link to the embedded thumbnail is cut:
    it shows the photo before restoration, and the wrong way up.

    Raises:
        ValueError: the block is not an EXIF block.
    """
    order, first = exif_start(block)
    patched, orientation = bytearray(block), 1
    try:
        (num_entries,) = struct.unpack_from(order + "H", block, first)
        for at in range(first + 2, first + 2 + 12 * num_entries, 12):
            tag, kind, _, value = struct.unpack_from(order + "HHIH", block, at)
            if tag == _ORIENTATION and kind == _SHORT:
                orientation = value if 1 <= value <= 8 else 1
                struct.pack_into(order + "H", patched, at + 8, 1)
        struct.pack_into(order + "I", patched, first + 2 + 12 * num_entries, 0)
    except struct.error as error:
        raise ValueError(f"the EXIF block of {len(block)} bytes points behind its end") from error
    return orientation, bytes(patched)


def exif_start(block: bytes) -> tuple[str, int]:
    """Return the byte order (``<`` or ``>``) and the place of the first directory.

    Raises:
        ValueError: the block is not an EXIF block.
    """
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(block[:4])
    if order is None or len(block) < 8:
        raise ValueError(f"an EXIF block starts with II* or MM*, got {block[:4]!r}")
    return order, struct.unpack_from(order + "I", block, 4)[0]


def read_directory(data: bytes, order: str, at: int, *, is_big: bool = False, depth: int = 1) -> tuple[Entry, ...]:
    """Read the directory at byte ``at`` and those it points to; ``is_big`` for BigTIFF.

    Raises:
        ValueError: it points behind the end of the data, or in circles.
    """
    count_format, entry_format, offset_format = ("Q", "HHQ8s", "Q") if is_big else ("H", "HHI4s", "I")
    entries = []
    try:
        (num_entries,) = struct.unpack_from(order + count_format, data, at)
        at += struct.calcsize(count_format)
        for place in range(
            at, at + num_entries * struct.calcsize("=" + entry_format), struct.calcsize("=" + entry_format)
        ):
            tag, kind, count, value = struct.unpack_from(order + entry_format, data, place)
            (offset,) = struct.unpack(order + offset_format, value)
            num_bytes = count * _VALUE_BYTES.get(kind, 0)
            directory: tuple[Entry, ...] = ()
            if tag in (EXIF_IFD, GPS_IFD, _INTEROP_IFD):
                if depth == _MAX_DEPTH:
                    continue
                directory = read_directory(data, order, offset, is_big=is_big, depth=depth + 1)
            elif num_bytes > len(value):
                value = data[offset : offset + num_bytes]
            if not directory and len(value) < num_bytes:
                raise ValueError(f"EXIF tag {tag} claims {num_bytes} bytes at {offset} of {len(data)}")
            entries.append(Entry(tag, kind, count, value[:num_bytes], directory))
    except struct.error as error:
        raise ValueError(f"an EXIF directory points behind the end of its {len(data)} bytes") from error
    return tuple(entries)


def next_directory(data: bytes, order: str, at: int, *, is_big: bool = False) -> int:
    """Where the directory that follows the one at byte ``at`` lies; 0 behind the last one.

    Raises:
        ValueError: the directory points behind the end of the data.
    """
    count_format, entry_bytes, offset_format = ("Q", 20, "Q") if is_big else ("H", 12, "I")
    try:
        (num_entries,) = struct.unpack_from(order + count_format, data, at)
        behind = at + struct.calcsize(count_format) + num_entries * entry_bytes
        (following,) = struct.unpack_from(order + offset_format, data, behind)
    except struct.error as error:
        raise ValueError(f"the directory at byte {at} does not lie in the {len(data)} bytes") from error
    return int(following)


def write_directory(entries: Sequence[Entry], order: str, at: int, following: int = 0) -> bytes:
    """Write a directory that will stand at byte ``at`` of its file, its long values and directories behind it.

    ``following`` is where the next directory lies, 0 for none.
    """
    behind = at + 2 + 12 * len(entries) + 4
    table, tail = struct.pack(order + "H", len(entries)), b""
    for entry in sorted(entries, key=lambda entry: entry.tag):
        kind, count, value = entry.kind, entry.count, entry.value
        if entry.directory:
            kind, count, value = _LONG, 1, struct.pack(order + "I", behind + len(tail))
            tail += write_directory(entry.directory, order, behind + len(tail))
        elif len(value) > 4:
            value, long_value = struct.pack(order + "I", behind + len(tail)), value
            tail += long_value + b"\0" * (len(long_value) % 2)
        table += struct.pack(order + "HHI4s", entry.tag, kind, count, value)
    return table + struct.pack(order + "I", following) + tail


def exif_block(entries: Sequence[Entry], order: str) -> bytes:
    """Make an EXIF block of these entries."""
    return {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(order + "I", 8) + write_directory(entries, order, 8)


def slim_exif(block: bytes) -> bytes | None:
    """What an EXIF block says of the photograph, without what is no longer true of a smaller copy in sRGB.

    Left out are maker notes, whose offsets no rewriting keeps, the resolution, and the size in pixels; the colour space
    becomes sRGB. Who took the photo, when, where and how stays.

    Returns:
        The block; None if nothing is left of it, or it cannot be read.
    """
    try:
        order, first = exif_start(block)
        entries = [each for each in read_directory(block, order, first) if each.tag not in _OF_THE_FILE]
    except ValueError:
        return None
    for at, each in enumerate(entries):
        if each.tag == EXIF_IFD:
            kept = [entry for entry in each.directory if entry.tag not in _OF_THE_PIXELS]
            says_srgb = Entry(_COLOUR_SPACE, _SHORT, 1, struct.pack(order + "H", 1))
            entries[at] = replace(each, directory=(*kept, says_srgb))
    return exif_block(entries, order) if entries else None


def upright_xmp(packet: bytes) -> bytes:
    """Let an XMP packet that repeats the EXIF orientation say 1 as well."""
    return _XMP_ORIENTATION.sub(rb"\g<1>1", packet)


def turn_upright(samples: Samples, orientation: int) -> Samples:
    """Turn (H, W, C) samples as EXIF orientation 1 to 8 asks; a view, no copy."""
    if orientation >= 5:
        samples = samples.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        samples = np.flip(samples, 0)
    if orientation in (2, 3, 6, 7):
        samples = np.flip(samples, 1)
    return samples

"""What a name and a size say of a photo that nobody has read yet: a guess, good enough to cut shards by.

A listing knows key, size and ETag, an S3 inventory the version too. Format, pixels, depth and profile stand in the
file; asking for its first kilobytes would cost a request a photo, so they are known only when a run has read it
(`ops.archive.photo_table`). A wrong guess makes a shard longer or shorter, nothing else.
"""

from __future__ import annotations

_FORMATS = {
    "jpg": "JPEG",
    "jpeg": "JPEG",
    "png": "PNG",
    "tif": "TIFF",
    "tiff": "TIFF",
    "jp2": "JP2",
    "j2k": "JP2",
    "webp": "WEBP",
}
# Pixels a byte. The 729 JPEGs of our sources hold 2.4 to 3.4; a grey TIFF or PNG holds 1 or a little more, one in
# colour less. Rather too many: a shard that turns out small costs a ledger, one too large a run of many hours.
_PIXELS_A_BYTE = {"JPEG": 3.0, "WEBP": 4.0, "PNG": 1.0, "TIFF": 1.0, "JP2": 1.0}
_PIXELS_A_BYTE_OF_ANY = 3.0


def format_by_name(key: str) -> str | None:
    """The format that a key's extension claims; None where it claims none that is restored."""
    return _FORMATS.get(key.rpartition(".")[2].lower())


def guess_pixels(key: str, num_bytes: int) -> int:
    """About how many pixels a file of this name and size holds."""
    return round(num_bytes * _PIXELS_A_BYTE.get(format_by_name(key) or "", _PIXELS_A_BYTE_OF_ANY))

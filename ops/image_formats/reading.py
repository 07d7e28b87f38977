"""From the bytes of a photo file to upright samples, still integers; knows nothing of tensors.

In order: size of the file, magic bytes, the width and height the header claims, the wholeness of the file, the pixels.
It stands alone so that a child process can do it within limits (`ops.image_formats.decode_child`) and start quickly.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, replace
from typing import Final

from PIL import Image

from ops.image_formats import jp2, png, tiff
from ops.image_formats.colour import to_srgb
from ops.image_formats.exif import turn_upright, upright_exif, upright_xmp
from ops.image_formats.jp2 import read_jp2
from ops.image_formats.jpeg import read_jpeg
from ops.image_formats.png import read_png
from ops.image_formats.raster import DecodeLimits, Metadata, PhotoError, Raster, Samples, corrupt
from ops.image_formats.tiff import read_tiff
from ops.image_formats.webp import read_webp

Image.MAX_IMAGE_PIXELS = None  # Pillow's own bomb limit lies below a large scan; DecodeLimits is checked before it

_READERS: Final = {"JPEG": read_jpeg, "PNG": read_png, "JP2": read_jp2, "WEBP": read_webp}  # of one picture
_STRANGERS: Final = {
    b"GIF8": "a GIF",
    b"BM": "a BMP",
    b"%PDF": "a PDF",
    b"%!PS": "PostScript",
    b"<": "markup such as SVG or HTML",
    b"8BPS": "a Photoshop file",
    b"P5": "a PGM",
    b"P6": "a PPM",
    b"\0\0\1\0": "an icon",
}
# What the decoders below have been seen to raise on damaged files; anything else is our own mistake and stops the run.
_DECODER_ERRORS: Final = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    ImportError,  # imagecodecs: a codec it was built without
    LookupError,
    OSError,
    RuntimeError,
    SyntaxError,  # Pillow: broken PNG
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)


@dataclass(frozen=True)
class UprightRaster:
    """A decoded page, turned upright, which its metadata says too.

    Attributes:
        container: JPEG, PNG, TIFF, JP2 or WEBP.
        samples: (H, W, C) uint8 or uint16 over their full range; C = 1 grey, 2 grey + alpha, 3 RGB, 4 RGB + alpha.
        notes: slugs of what the file holds and this record does not.
    """

    container: str
    samples: Samples
    metadata: Metadata
    notes: tuple[str, ...]


def read_upright(data: bytes, limits: DecodeLimits) -> tuple[UprightRaster, ...]:
    """Decode all pages of a photo file; only a TIFF can have more than one.

    Raises:
        PhotoError: the file is of another kind, too large, cut short, damaged, or holds what is not read.
    """
    limits.check_bytes(len(data))
    container = _sniff(data)
    try:
        pages = read_tiff(data, limits) if container == "TIFF" else (_READERS[container](data, limits),)
    except MemoryError as error:
        raise PhotoError("too-large", f"this {container} does not fit into memory: lower DecodeLimits") from error
    except _DECODER_ERRORS as error:
        raise corrupt(f"the {container} cannot be decoded ({type(error).__name__}: {error})") from error
    if any(page.samples.size == 0 for page in pages):
        raise PhotoError("empty", f"the {container} decodes to no pixels; expected a photo: rescan or re-export it")
    return tuple(_upright(page, container) for page in pages)


def in_srgb(page: UprightRaster) -> UprightRaster:
    """The page with its colours converted to sRGB; a profile that does not fit or is broken stays where it is."""
    icc = page.metadata.icc
    converted = None if icc is None else to_srgb(page.samples, icc)
    if converted is None:
        return page
    return replace(page, samples=converted, metadata=replace(page.metadata, icc=None))


def _sniff(data: bytes) -> str:
    """Name the container by its first bytes; the file name has no say."""
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data.startswith(png.SIGNATURE):
        return "PNG"
    if data.startswith(tiff.SIGNATURES):
        return "TIFF"
    if data.startswith((jp2.SIGNATURE, jp2.CODESTREAM)):
        return "JP2"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    found = next((name for magic, name in _STRANGERS.items() if data.lstrip().startswith(magic)), "an unknown file")
    raise PhotoError(
        "unsupported-format",
        f"this is {found} (first bytes {data[:8].hex(' ')}); expected JPEG, PNG, TIFF, JPEG 2000 or WebP: "
        "convert a copy, or leave it out of the collection",
    )


def _upright(raster: Raster, container: str) -> UprightRaster:
    orientation, exif, xmp, notes = raster.orientation, raster.metadata.exif, raster.metadata.xmp, raster.notes
    if exif is not None:
        try:
            from_exif, exif = upright_exif(exif)
        except ValueError:
            exif, notes = None, (*notes, "exif-unreadable")
        else:
            orientation = from_exif if from_exif != 1 else orientation
    dpi = raster.metadata.dpi
    if orientation != 1 and xmp is not None:
        xmp = upright_xmp(xmp)
    if orientation >= 5 and dpi is not None:
        dpi = (dpi[1], dpi[0])
    samples = turn_upright(raster.samples, orientation)
    return UprightRaster(container, samples, Metadata(raster.metadata.icc, exif, xmp, dpi, raster.metadata.iptc), notes)

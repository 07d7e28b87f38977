"""Photographs: bytes to (1, 3, H, W) float32 RGB in [0, 1] and back, with what travels beside the pixels.

The door to image files, and the only place where [0, 1] meets integers. How bytes become samples, and what is refused
on the way, is in `ops.image_formats.reading`. Colour values are the file's own (its profile travels along); only inks
become light.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import torch
from torch import Tensor

from ops.image_formats import reading
from ops.image_formats.jp2 import write_jp2
from ops.image_formats.jpeg import write_jpeg
from ops.image_formats.png import write_png
from ops.image_formats.raster import DecodeLimits, Metadata, PhotoError, Samples
from ops.image_formats.reading import UprightRaster, read_upright
from ops.image_formats.tiff_writing import write_tiff, write_tiff_pages
from ops.image_formats.webp import write_webp

__all__ = [
    "DecodeLimits",
    "Photo",
    "PhotoError",
    "decode_mask",
    "decode_pages",
    "decode_photo",
    "decode_rgb",
    "encode_jpeg",
    "encode_pages",
    "encode_photo",
    "encode_png",
    "page_key",
    "photo_of",
]

_WRITERS: Final = {"JPEG": write_jpeg, "PNG": write_png, "TIFF": write_tiff, "JP2": write_jp2, "WEBP": write_webp}
_HOLDS_16_BITS: Final = ("PNG", "TIFF", "JP2")


@dataclass(frozen=True)
class Photo:
    """One photograph, upright, with what its file said beside the pixels; of several pages each is one.

    Attributes:
        pixels: (1, 3, H, W) float32 RGB in [0, 1]; a grey photo has three equal channels.
        container: JPEG, PNG, TIFF, JP2 or WEBP.
        bits: 8 or 16 per sample.
        is_grey: the file holds one colour channel.
        icc: colour profile of the pixels.
        exif: EXIF block from its TIFF header on, Orientation 1, thumbnail unlinked.
        xmp: XMP packet.
        dpi: horizontal and vertical resolution, pixels per inch.
        alpha: (1, 1, H, W) in [0, 1], 1 = opaque.
        iptc: IPTC-IIM records; JPEG and TIFF hold them, other containers leave them behind.
        notes: slugs of what the file held and this record does not, such as ``first-page-only`` or ``cmyk-to-rgb``.
    """

    pixels: Tensor
    container: str
    bits: int
    is_grey: bool
    icc: bytes | None = None
    exif: bytes | None = None
    xmp: bytes | None = None
    dpi: tuple[float, float] | None = None
    alpha: Tensor | None = None
    iptc: bytes | None = None
    notes: tuple[str, ...] = ()

    @property
    def num_pixels(self) -> int:
        """Height times width."""
        return self.pixels.shape[-2] * self.pixels.shape[-1]


def decode_photo(data: bytes, limits: DecodeLimits = DecodeLimits()) -> Photo:  # noqa: B008 (frozen)
    """Decode the bytes of a photo file; of a file with several pages the first, noted ``first-page-only``.

    Who writes a file anew takes `decode_pages` instead, so that no page is lost.

    Args:
        data: the whole file.
        limits: what is refused from the header, before a pixel is decoded.

    Raises:
        PhotoError: the file is of another kind, too large, cut short, damaged, or holds what is not read.
    """
    first, *further = read_upright(data, limits)
    photo = photo_of(first)
    return replace(photo, notes=(*photo.notes, "first-page-only")) if further else photo


def decode_pages(
    data: bytes,
    limits: DecodeLimits = DecodeLimits(),  # noqa: B008 (frozen)
    *,
    in_srgb: bool = False,
) -> tuple[Photo, ...]:
    """Decode every page of a photo file, in order; only a TIFF has more than one.

    ``in_srgb`` converts the colours from their profile to sRGB; what cannot be converted keeps its profile.

    Raises:
        PhotoError: as `decode_photo` does; an error in one page refuses the file, and names the page.
    """
    pages = read_upright(data, limits)
    return tuple(photo_of(reading.in_srgb(page) if in_srgb else page) for page in pages)


def photo_of(raster: UprightRaster) -> Photo:
    """Go over from upright samples to [0, 1]; both hold the same page."""
    samples, metadata = raster.samples, raster.metadata
    num_colours = 3 if samples.shape[2] >= 3 else 1
    planes = _to_planes(samples)
    colours, has_alpha = planes[:, :num_colours], planes.shape[1] > num_colours
    return Photo(
        pixels=colours if num_colours == 3 and not has_alpha else colours.expand(1, 3, -1, -1).contiguous(),
        container=raster.container,
        bits=samples.dtype.itemsize * 8,
        is_grey=num_colours == 1,
        icc=metadata.icc,
        exif=metadata.exif,
        xmp=metadata.xmp,
        dpi=metadata.dpi,
        alpha=planes[:, num_colours:].clone() if has_alpha else None,
        iptc=metadata.iptc,
        notes=raster.notes,
    )


def encode_photo(pixels: Tensor, like: Photo, container: str | None = None) -> bytes:
    """Encode pixels as the file ``like`` was: depth, profile, EXIF with Orientation 1, XMP, resolution, grey, alpha.

    Exact for unchanged pixels in PNG, TIFF, JP2 and WebP; JPEG is written at quality 95 without colour subsampling.

    Args:
        pixels: (1, 3, H, W) float32 RGB in [0, 1], of the height and width of ``like``.
        like: the photo these pixels restore.
        container: another container than that of ``like``. JPEG and WebP hold 8 bits, JPEG no alpha.

    Raises:
        ValueError: another shape, numbers that are not finite, or an unknown container.
        PhotoError: the container cannot hold the metadata.
    """
    container = container or like.container
    if container not in _WRITERS:
        raise ValueError(f"container {container!r}: expected one of {', '.join(_WRITERS)}")
    return _WRITERS[container](*_page(pixels, like, container))


def encode_pages(pages: Sequence[Tensor], like: Sequence[Photo]) -> bytes:
    """Encode restored pages, each as `encode_photo` does, as the one file that ``like`` came from.

    Raises:
        ValueError: as `encode_photo`; or the numbers of pages differ, or there are several and they are no TIFF.
        PhotoError: the container cannot hold the metadata.
    """
    if len(pages) != len(like):
        raise ValueError(f"{len(pages)} restored pages for a file of {len(like)}: give one each, in order")
    if len(pages) == 1:
        return encode_photo(pages[0], like[0])
    containers = {page.container for page in like}
    if containers != {"TIFF"}:
        raise ValueError(f"several pages of {sorted(containers)}: only a TIFF holds more than one")
    return write_tiff_pages([_page(*each, "TIFF") for each in zip(pages, like, strict=True)])


def _page(pixels: Tensor, like: Photo, container: str) -> tuple[Samples, Metadata]:
    """The samples and what travels beside them, as ``container`` can hold them."""
    if pixels.shape != like.pixels.shape:
        raise ValueError(f"pixels {tuple(pixels.shape)}: expected {tuple(like.pixels.shape)}, the size of the photo")
    colours = _to_grey(pixels) if like.is_grey else pixels
    if like.alpha is not None and container != "JPEG":
        colours = torch.cat([colours, like.alpha], dim=1)
    bits = like.bits if container in _HOLDS_16_BITS else 8
    return _to_samples(colours, bits), Metadata(like.icc, like.exif, like.xmp, like.dpi, like.iptc)


def page_key(key: str, page: int) -> str:
    """Name what belongs to one page of a file: page 1 has the file's own name, page 2 of ``a.png`` ``a-page-2.png``."""
    name, dot, extension = key.rpartition(".")
    return key if page == 1 else f"{name}-page-{page}{dot}{extension}"


def encode_png(pixels: Tensor) -> bytes:
    """Encode (1, 3, H, W) or (1, 1, H, W) in [0, 1] as an 8-bit PNG, rounded to the nearest level."""
    return write_png(_to_samples(pixels, 8), Metadata())


def encode_jpeg(pixels: Tensor, quality: int = 92) -> bytes:
    """Encode (1, 3, H, W) or (1, 1, H, W) in [0, 1] as a JPEG of ``quality`` 1 to 100."""
    return write_jpeg(_to_samples(pixels, 8), Metadata(), quality)


def decode_rgb(data: bytes) -> Tensor:
    """Decode a photo file to (1, 3, H, W) float32 RGB in [0, 1]."""
    return decode_photo(data).pixels


def decode_mask(data: bytes) -> Tensor:
    """Decode a mask file to (1, 1, H, W) float32 in [0, 1]; 1 (white) is damaged."""
    return decode_photo(data).pixels[:, :1].clone()


def _to_planes(samples: Samples) -> Tensor:
    """(H, W, C) integers to (1, C, H, W) float32 in [0, 1], in one pass."""
    height, width, num_channels = samples.shape
    planes = np.empty((1, num_channels, height, width), np.float32)
    np.divide(samples.transpose(2, 0, 1), np.float32(np.iinfo(samples.dtype).max), out=planes[0])
    return torch.from_numpy(planes)


def _to_samples(planes: Tensor, bits: int) -> Samples:
    """(1, C, H, W) in [0, 1] to (H, W, C) integers, rounded to the nearest level and cut to the range."""
    if planes.ndim != 4 or planes.shape[0] != 1 or planes.shape[1] not in (1, 2, 3, 4):
        raise ValueError(f"pixels {tuple(planes.shape)}: expected one photo (1, 3, H, W) or one plane (1, 1, H, W)")
    white, dtype = (255, np.uint8) if bits == 8 else (65_535, np.uint16)
    levels = planes[0].detach().to("cpu", torch.float32).mul(white)
    if not levels.sum().isfinite():  # NaN and infinity survive a sum, and this is one pass without a mask
        raise ValueError("pixels hold NaN or infinite numbers: the network or its checkpoint is broken")
    whole = levels.round_().clamp_(0, white).numpy().astype(dtype)  # still (C, H, W): turning 8 bits is cheaper than 32
    samples = np.empty((*whole.shape[1:], whole.shape[0]), dtype)  # new: codecs refuse the odd strides of a thin view
    samples[:] = whole.transpose(1, 2, 0)
    return samples


def _to_grey(pixels: Tensor) -> Tensor:
    """The luma of (1, 3, H, W), (1, 1, H, W); equal channels keep their value."""
    red, green, blue = pixels.float().split(1, dim=1)
    return green + 0.299 * (red - green) + 0.114 * (blue - green)

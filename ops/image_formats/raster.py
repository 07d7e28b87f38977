"""What every reader returns and every writer takes: samples as they lie in the file, and what travels beside them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Samples: TypeAlias = NDArray[Any]  # (H, W, C) uint8 or uint16, full range

_MAX_ICC_BYTES = 4 << 20  # the largest printer profiles are about 3 MB; compressed ones have been seen to unpack to 50
_MAX_TEXT_BYTES = 1 << 20  # EXIF and XMP


MAX_PAGES = 1_000  # of one file; an album has hundreds, a file made to tire readers has more


class PhotoError(Exception):
    """One photo that cannot be read or written; the run it belongs to goes on.

    Attributes:
        reason: a short slug to count by in a ledger, such as ``truncated``.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(reason, message)
        self.reason = reason
        self.message = message

    def __str__(self) -> str:
        """Return the whole sentence: what was found, what is expected, what to do."""
        return self.message


@dataclass(frozen=True)
class DecodeLimits:
    """How large a photo may be before its pixels are touched."""

    max_bytes: int = 1 << 30  # of the file
    max_pixels: int = 400_000_000  # an A3 original at 1,200 dpi has 278 million
    max_side_px: int = 30_000

    def check_bytes(self, num_bytes: int) -> None:
        """Refuse a file above ``max_bytes`` and a file of nothing."""
        if num_bytes == 0:
            raise PhotoError("empty", "the file has 0 bytes; expected a photo: copy it from the source again")
        if num_bytes > self.max_bytes:
            raise PhotoError(
                "too-large",
                f"the file has {num_bytes:,} bytes; the limit is {self.max_bytes:,}: raise DecodeLimits.max_bytes",
            )

    def check_size(self, width: int, height: int) -> None:
        """Refuse the width and height that a header claims when there is no pixel, or more than the limits allow."""
        if width < 1 or height < 1:
            raise PhotoError(
                "empty", f"the header says {width} x {height} pixels; expected at least 1 x 1: rescan or re-export it"
            )
        if width * height > self.max_pixels or max(width, height) > self.max_side_px:
            raise PhotoError(
                "too-large",
                f"the header says {width} x {height} pixels; the limit is {self.max_pixels:,} pixels and "
                f"{self.max_side_px:,} a side: raise DecodeLimits if the photo really is that large",
            )

    def check_total(self, num_pixels: int) -> None:
        """Refuse pages that together hold more pixels than one photo may."""
        if num_pixels > self.max_pixels:
            raise PhotoError(
                "too-large",
                f"the pages so far have {num_pixels:,} pixels; the limit is {self.max_pixels:,}: split the file",
            )

    def check_pages(self, num_pages: int) -> None:
        """Refuse more than ``MAX_PAGES`` pages."""
        if num_pages > MAX_PAGES:
            raise PhotoError("too-large", f"the file has more than {MAX_PAGES:,} pages: split it")


@dataclass(frozen=True)
class Metadata:
    """What travels beside the pixels; None where the file has none.

    Attributes:
        icc: colour profile, the bytes of the .icc file.
        exif: EXIF block, starting with its TIFF header ``II*`` or ``MM``, without the JPEG prefix.
        xmp: the XMP packet.
        dpi: horizontal and vertical resolution, pixels per inch.
        iptc: the IPTC-IIM records (captions, keywords, credits), which JPEG and TIFF can hold.
    """

    icc: bytes | None = None
    exif: bytes | None = None
    xmp: bytes | None = None
    dpi: tuple[float, float] | None = None
    iptc: bytes | None = None


@dataclass(frozen=True)
class Raster:
    """A decoded file, not yet turned upright.

    Attributes:
        samples: (H, W, C) uint8 or uint16 over their full range; C = 1 grey, 2 grey + alpha, 3 RGB, 4 RGB + alpha.
        orientation: EXIF orientation, 1 to 8.
        notes: slugs of what the file holds and this record does not, such as ``iptc-dropped``.
    """

    samples: Samples
    metadata: Metadata
    orientation: int = 1
    notes: tuple[str, ...] = ()


def truncated(found: str) -> PhotoError:
    """The error of a file that ends too early, or whose parts point behind its end."""
    return PhotoError("truncated", f"{found}; expected a whole file: copy it from the source again")


def corrupt(found: str) -> PhotoError:
    """The error of a file whose parts contradict each other."""
    return PhotoError("corrupt", f"{found}; expected a well-formed file: take another copy, or rescan the original")


def unsupported(found: str, expected: str) -> PhotoError:
    """The error of a file that may be sound but holds what this reader does not read."""
    return PhotoError("unsupported-feature", f"{found}; expected {expected}: convert a copy, for example to RGB TIFF")


def usable_icc(icc: bytes | None) -> tuple[bytes | None, tuple[str, ...]]:
    """Return the profile if it can be one (its signature stands at byte 36), else None and a note."""
    if icc is None or (128 <= len(icc) <= _MAX_ICC_BYTES and icc[36:40] == b"acsp"):
        return icc, ()
    return None, ("colour-profile-unreadable",)


def usable_text(block: bytes | None, name: str) -> tuple[bytes | None, tuple[str, ...]]:
    """Return an EXIF or XMP block of bearable size, else None and a note."""
    if block is None or 0 < len(block) <= _MAX_TEXT_BYTES:
        return block, ()
    return None, (f"{name}-unreadable",)


def stretch(samples: Samples, bits: int) -> Samples:
    """Stretch samples of 1 to 15 bits to the full range of uint8 or uint16, so that white stays white."""
    if bits == samples.dtype.itemsize * 8:
        return samples
    white, full = (1 << bits) - 1, np.iinfo(samples.dtype).max
    stretched = (samples.astype(np.uint32) * full + white // 2) // white
    return stretched.astype(samples.dtype)

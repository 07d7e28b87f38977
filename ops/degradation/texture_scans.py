"""Scanned textures: real scratches, dust and paper from a folder, to go beside the procedural ones.

A scan travels as PNG bytes inside the plan, so a pair can be made again where the folder is not at hand. Scans are PNG
files, or SVG drawings, such as those that film editors lay over new films; these are drawn to PNG once, when read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Annotated, Final, Literal

import cv2
import numpy as np
from pydantic import Base64Encoder, EncodedBytes

from ops.corpora.records import Corpus
from ops.degradation.fields import distorted
from ops.degradation.paint import Paint, PaintRanges
from ops.degradation.pixels import Pixels, Plane, Range, luminance, new_seed, uniform, unit_px
from ops.degradation.shapes import Shape
from ops.images import Photo, decode_photo

_SUFFIXES: Final = (".png", ".svg")
_DRAWN_PX: Final = 768  # width at which a drawing becomes pixels: about that of the largest texture on a photo

PAPER: Final = "paper"
"""The group whose scans show under holes; scans of all other groups are laid on the photo."""


@dataclass(frozen=True)
class TextureScan:
    """One scan.

    Attributes:
        name: of its file.
        group: the folder it came from, such as ``scratches`` or ``paper``.
        png: the file itself, or its drawing; its alpha channel, if it has one, says where the texture covers.
    """

    name: str
    group: str
    png: Annotated[bytes, EncodedBytes(encoder=Base64Encoder)]


def read_texture_scans(folder: Path) -> tuple[TextureScan, ...]:
    """All PNG and SVG files below ``folder``, by name; the first folder below it is the group.

    Raises:
        PhotoError: a file is no readable PNG.
        ValueError: a file is no readable SVG, or there is no scan at all.
    """
    scans = []
    for path in sorted(path for path in folder.rglob("*") if path.suffix in _SUFFIXES):
        relative = path.relative_to(folder)
        scan = TextureScan(relative.as_posix(), relative.parts[0] if len(relative.parts) > 1 else "", _png_of(path))
        decode_photo(scan.png)
        scans.append(scan)
    if not scans:
        raise ValueError(
            f"{folder} holds no PNG or SVG file below it; put scans into {folder}/scratches, {folder}/paper, ..."
        )
    return tuple(scans)


def scans_of(textures: Corpus) -> tuple[TextureScan, ...]:
    """The PNG and SVG files of a texture corpus; below a folder ``paper`` or ``backgrounds`` they are papers."""
    scans = []
    for photo in textures.photos:
        folders = PurePosixPath(photo.name).parts[:-1]
        group = PAPER if {PAPER, "backgrounds"} & set(folders) else "/".join(folders)
        if photo.path.suffix in _SUFFIXES:
            scans.append(TextureScan(photo.name, group, _png_of(photo.path)))
    return tuple(scans)


@dataclass(frozen=True)
class ScannedTexture:
    """A scan laid on the photo, turned, scaled and elastically distorted.

    Attributes:
        scan: the texture.
        x: of its middle, as a share of the width.
        y: of its middle, as a share of the height.
        angle: in radians.
        size: of its longer side, in short sides of the photo.
        bend: greatest elastic shift, in units.
        paint: colour, blend and opacity.
        seed: of the distortion.
    """

    scan: TextureScan
    x: float
    y: float
    angle: float
    size: float
    bend: float
    paint: Paint
    seed: int
    shape: Literal[Shape.TEXTURE] = Shape.TEXTURE

    def apply(self, photo: Pixels) -> Pixels:
        """Lay the texture on ``photo``."""
        height, width = photo.shape[:2]
        rng = np.random.default_rng(self.seed)
        scanned = _coverage(self.scan.png)
        factor = max(self.size * min(height, width), 2.0) / max(scanned.shape)
        small = (max(1, round(scanned.shape[1] * factor)), max(1, round(scanned.shape[0] * factor)))
        scaled = cv2.resize(scanned, small, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR)
        turn = cv2.getRotationMatrix2D((small[0] / 2, small[1] / 2), float(np.degrees(self.angle)), 1.0)
        turn[:, 2] += (self.x * width - small[0] / 2, self.y * height - small[1] / 2)
        placed = cv2.warpAffine(scaled, turn, (width, height), flags=cv2.INTER_LINEAR)
        unit = unit_px(height, width)
        return self.paint.over(photo, distorted(placed, self.bend * unit, 40 * unit, rng))


@dataclass(frozen=True)
class TextureRanges:
    """How scanned textures are laid on photos, if a folder of scans is given.

    Attributes:
        weight: against the other defects.
        size: in short sides.
        bend: elastic distortion, in units.
        paint: how they look.
    """

    weight: float
    size: Range
    bend: Range
    paint: PaintRanges

    def draw(self, rng: np.random.Generator, scans: Sequence[TextureScan]) -> ScannedTexture:
        """One of ``scans``, somewhere."""
        x, y = (float(share) for share in rng.uniform(0, 1, 2))
        scan, angle = scans[int(rng.integers(len(scans)))], uniform((0, 2 * np.pi), rng)
        size, bend = uniform(self.size, rng), uniform(self.bend, rng)
        return ScannedTexture(scan, x, y, angle, size, bend, self.paint.draw(rng), new_seed(rng))


def scanned_paper(scan: TextureScan, height: int, width: int, rng: np.random.Generator) -> Plane:
    """(H, W) factor around 1: the scan, mirrored at its borders until it fills the photo, from a random point on."""
    paper = _brightness(scan.png)
    top, left = (int(rng.integers(length)) for length in paper.shape)
    rows = _mirrored(np.arange(height) + top, paper.shape[0])
    columns = _mirrored(np.arange(width) + left, paper.shape[1])
    return np.clip(paper[np.ix_(rows, columns)], 0.5, 1.3)


def _png_of(path: Path) -> bytes:
    """The bytes of a PNG file; an SVG file is drawn."""
    if path.suffix != ".svg":
        return path.read_bytes()
    from resvg_py import svg_to_bytes  # nothing but drawings needs it

    try:
        return svg_to_bytes(svg_string=path.read_text(encoding="utf-8"), width=_DRAWN_PX, skip_system_fonts=True)
    except ValueError as error:
        raise ValueError(f"{path} is no readable SVG ({error}); mend it, or save it as PNG") from error


def _mirrored(places: np.ndarray, length: int) -> np.ndarray:
    """0 1 2 ... length - 1, length - 1 ... 0, 0 1 ..."""
    within = places % (2 * length)
    return np.minimum(within, 2 * length - 1 - within)


@lru_cache(maxsize=64)
def _coverage(png: bytes) -> Plane:
    """Alpha where the scan has it; otherwise how far each pixel departs from the common tone."""
    photo = decode_photo(png)
    if photo.alpha is not None:
        return np.ascontiguousarray(photo.alpha[0, 0].numpy())
    departure = np.abs(_light(photo) - np.median(_light(photo)))
    return np.asarray(departure / max(float(departure.max()), 1e-6), dtype=np.float32)


@lru_cache(maxsize=64)
def _brightness(png: bytes) -> Plane:
    light = _light(decode_photo(png))
    return np.asarray(light / max(float(light.mean()), 1e-6), dtype=np.float32)


def _light(photo: Photo) -> Plane:
    return luminance(np.ascontiguousarray(photo.pixels[0].permute(1, 2, 0).numpy()))

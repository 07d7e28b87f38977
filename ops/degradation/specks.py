"""Specks: dust and hairs that lay on the negative or the glass of the scanner, and spots of dirt and mould."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from ops.degradation.fields import distorted
from ops.degradation.paint import Paint, PaintRanges
from ops.degradation.pixels import Pixels, Plane, Range, log_uniform, new_seed, uniform, unit_px
from ops.degradation.shapes import Shape
from ops.degradation.strokes import Stroke, coverage_of, pressed, walk


@dataclass(frozen=True)
class Dust:
    """Specks, most of them tiny and many close together: white ones lay on the negative, dark ones on the print.

    Attributes:
        density: number of specks on 256 x 256 units, so that a crop has its share of what the whole photo has.
        size: typical radius, in units; none is wider than six units.
        dark_share: of the specks.
        light: how the others look.
        dark: how the dark ones look.
        seed: of places and outlines.
    """

    density: float
    size: float
    dark_share: float
    light: Paint
    dark: Paint
    seed: int
    shape: Literal[Shape.DUST] = Shape.DUST

    def apply(self, photo: Pixels) -> Pixels:
        """Dust ``photo``."""
        height, width = photo.shape[:2]
        rng = np.random.default_rng(self.seed)
        unit = unit_px(height, width)
        count = int(rng.poisson(self.density * height * width / (256 * unit) ** 2))
        cloud = rng.uniform(0, 1, (max(1, count // 12), 2))  # centres that specks gather around
        near = cloud[rng.integers(len(cloud), size=count)] + rng.normal(0, 0.09, (count, 2))
        places = np.where(rng.random((count, 1)) < 0.4, near, rng.uniform(0, 1, (count, 2)))
        radii = np.minimum(rng.lognormal(np.log(self.size), 0.5, count), 3.0) * unit
        is_dark = rng.random(count) < self.dark_share
        for paint, chosen in ((self.light, ~is_dark), (self.dark, is_dark)):
            if chosen.any():
                photo = paint.over(photo, _specks(height, width, places[chosen], radii[chosen], rng))
        return photo


@dataclass(frozen=True)
class Hair:
    """A thin curl, as fibres and hairs lie.

    Attributes:
        x: of its start, as a share of the width.
        y: of its start, as a share of the height.
        angle: of its start, in radians.
        length: in short sides.
        curl: how far it turns, in radians.
        width: in units.
        paint: colour, blend and opacity.
        seed: of the exact line.
    """

    x: float
    y: float
    angle: float
    length: float
    curl: float
    width: float
    paint: Paint
    seed: int
    shape: Literal[Shape.HAIR] = Shape.HAIR

    def apply(self, photo: Pixels) -> Pixels:
        """Lay the hair on ``photo``."""
        height, width = photo.shape[:2]
        rng = np.random.default_rng(self.seed)
        points = walk(
            (self.x * width, self.y * height), self.angle, self.length * min(height, width), 0.16, self.curl, rng
        )
        stroke = pressed(points, self.width * unit_px(height, width), rng, taper=0.1)
        stroke = Stroke(stroke.points, stroke.widths_px, np.ones_like(stroke.pressures))  # a hair lies, it is not drawn
        return self.paint.over(photo, coverage_of([stroke], height, width))


@dataclass(frozen=True)
class Spot:
    """``count`` blots with ragged borders, paler in the middle if ``hollow``; ``size`` is a radius in short sides."""

    count: int
    size: float
    hollow: float
    paint: Paint
    seed: int
    shape: Literal[Shape.SPOT] = Shape.SPOT

    def apply(self, photo: Pixels) -> Pixels:
        """Spot ``photo``."""
        height, width = photo.shape[:2]
        rng = np.random.default_rng(self.seed)
        unit = unit_px(height, width)
        places = rng.uniform(0, 1, (1, 2)) + rng.normal(0, 0.16, (self.count, 2))
        typical_px = max(self.size * min(height, width), 1.0)
        radii = typical_px * np.minimum(rng.lognormal(-0.3, 0.6, self.count), 2.5)
        blots = distorted(_specks(height, width, places, radii, rng), 0.4 * typical_px, typical_px, rng)
        rim = cv2.GaussianBlur(blots, (0, 0), max(0.35 * typical_px, 0.6))
        soft = cv2.GaussianBlur(blots, (0, 0), 0.6 * unit)
        return self.paint.over(photo, soft * (1 - np.float32(self.hollow) * rim**2))


@dataclass(frozen=True)
class SpeckRanges:
    """How dirty photos are.

    Attributes:
        weight: against the other defects.
        shares: of dust, hairs and spots.
        density: of dust, specks on 256 x 256 units; sparse dust is drawn more often.
        size: radius of dust, in units.
        hair_length: in short sides.
        hair_width: in units.
        spot_size: radius of spots, in short sides.
        paint: how specks look.
    """

    weight: float
    shares: tuple[float, float, float]
    density: Range
    size: Range
    hair_length: Range
    hair_width: Range
    spot_size: Range
    paint: PaintRanges

    def draw(self, rng: np.random.Generator) -> Dust | Hair | Spot:
        """One cloud of dust, one hair or one group of spots."""
        paint, dark, seed = self.paint.draw(rng), self.paint.dark(rng), new_seed(rng)
        match rng.choice(3, p=np.array(self.shares) / sum(self.shares)):
            case 0:
                density, size = log_uniform(self.density, rng), uniform(self.size, rng)
                dark_share = float(rng.beta(0.6, 0.6))  # mostly one kind, often both
                return Dust(density, size, dark_share, self.paint.bright(rng), dark, seed)
            case 1:
                x, y = (float(share) for share in rng.uniform(0, 1, 2))
                angle, curl = uniform((0, 2 * np.pi), rng), float(rng.normal(0, 2.2))
                length, width = uniform(self.hair_length, rng), uniform(self.hair_width, rng)
                return Hair(x, y, angle, length, curl, width, paint, seed)
        count = int(min(1 + rng.geometric(0.3), 12))
        return Spot(count, uniform(self.spot_size, rng), uniform((0, 0.8), rng), paint, seed)


def _specks(height: int, width: int, places: np.ndarray, radii_px: np.ndarray, rng: np.random.Generator) -> Plane:
    """Blots of ``radii_px`` at ``places`` (N, 2), shares of width and height; each has an outline of its own."""
    scale = 4 if min(height, width) <= 512 else 1
    canvas = np.zeros((height * scale, width * scale), np.uint8)
    turn = np.linspace(0, 2 * np.pi, 14, endpoint=False)
    for place, radius in zip(places * (width, height), radii_px, strict=True):
        lobes = 1 + 0.28 * np.sin(2 * turn + rng.uniform(0, 6.3)) + 0.18 * np.sin(3 * turn + rng.uniform(0, 6.3))
        reach = radius * (lobes + rng.uniform(-0.18, 0.18, len(turn)))
        squeeze, tilt = rng.uniform(0.45, 1), rng.uniform(0, np.pi)
        along, across = reach * np.cos(turn), squeeze * reach * np.sin(turn)
        outline = np.stack(
            [along * np.cos(tilt) - across * np.sin(tilt), along * np.sin(tilt) + across * np.cos(tilt)], axis=1
        )
        points = np.rint((place + outline) * scale * 8).astype(np.int32)
        cv2.fillPoly(canvas, [points], int(rng.uniform(130, 255)), cv2.LINE_AA, shift=3)
    small = cv2.resize(canvas, (width, height), interpolation=cv2.INTER_AREA) if scale > 1 else canvas
    return small.astype(np.float32) / np.float32(255)

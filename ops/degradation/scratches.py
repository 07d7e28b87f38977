"""Scratches: what sharp things leave. Single lines, and scuffs, where a surface was rubbed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ops.degradation.paint import Paint, PaintRanges
from ops.degradation.pixels import Pixels, Range, new_seed, uniform, unit_px
from ops.degradation.shapes import Shape
from ops.degradation.strokes import coverage_of, pressed, roughened, walk


@dataclass(frozen=True)
class Scratch:
    """One stroke, or a few that ran side by side.

    Attributes:
        x: of the middle, as a share of the width.
        y: of the middle, as a share of the height.
        angle: in radians.
        length: in short sides.
        width: in units.
        wander: drift of the direction, radians a step.
        gaps: share of the length where the tool left the surface.
        count: number of strokes.
        paint: colour, blend and opacity.
        seed: of the exact line.
    """

    x: float
    y: float
    angle: float
    length: float
    width: float
    wander: float
    gaps: float
    count: int
    paint: Paint
    seed: int
    shape: Literal[Shape.SCRATCH] = Shape.SCRATCH

    def apply(self, photo: Pixels) -> Pixels:
        """Scratch ``photo``."""
        height, width = photo.shape[:2]
        rng = np.random.default_rng(self.seed)
        unit, length_px = unit_px(height, width), self.length * min(height, width)
        curl = rng.normal(0, 0.15)
        strokes = []
        for number in range(self.count):
            aside = number * rng.uniform(2.0, 7.0) * unit
            middle = self.x * width - aside * np.sin(self.angle), self.y * height + aside * np.cos(self.angle)
            share = rng.uniform(0.6, 1.0)
            back = share * length_px / 2 + rng.normal(0, 0.08) * length_px
            start = middle[0] - back * np.cos(self.angle), middle[1] - back * np.sin(self.angle)
            points = walk(start, self.angle, share * length_px, self.wander, curl, rng)
            strokes.append(pressed(points, self.width * unit * rng.uniform(0.6, 1.1), rng))
        coverage = roughened(coverage_of(strokes, height, width), rng, self.gaps)
        return self.paint.over(photo, coverage)


@dataclass(frozen=True)
class Scuff:
    """Many fine short strokes in about one direction: the procedural texture of a rubbed surface.

    Attributes:
        x: of the middle, as a share of the width.
        y: of the middle, as a share of the height.
        angle: of most strokes, in radians.
        size: of the patch, in short sides.
        count: number of strokes.
        width: of a stroke, in units.
        paint: colour, blend and opacity.
        seed: of the exact lines.
    """

    x: float
    y: float
    angle: float
    size: float
    count: int
    width: float
    paint: Paint
    seed: int
    shape: Literal[Shape.SCUFF] = Shape.SCUFF

    def apply(self, photo: Pixels) -> Pixels:
        """Scuff ``photo``."""
        height, width = photo.shape[:2]
        rng = np.random.default_rng(self.seed)
        size_px = self.size * min(height, width)
        strokes = []
        for _ in range(self.count):
            across, along = rng.normal(0, size_px / 4), rng.normal(0, size_px / 4)
            angle = self.angle + rng.normal(0, 0.12)
            start = (
                self.x * width + along * np.cos(self.angle) - across * np.sin(self.angle),
                self.y * height + along * np.sin(self.angle) + across * np.cos(self.angle),
            )
            length_px = min(rng.lognormal(np.log(0.25), 0.5), 0.8) * size_px
            points = walk(start, angle, length_px, 0.01, rng.normal(0, 0.1), rng)[::2]
            stroke = pressed(points, self.width * unit_px(height, width), rng, taper=0.9)
            strokes.append(stroke)
        return self.paint.over(photo, roughened(coverage_of(strokes, height, width), rng, gaps=0.45))


@dataclass(frozen=True)
class ScratchRanges:
    """How photos are scratched.

    Attributes:
        weight: against the other defects.
        scuff_share: of scuffs among them.
        length: in short sides.
        width: in units.
        gaps: share of a line that is missing.
        upright_share: of scratches that run along the height, as transport through rollers leaves them.
        scuff_size: in short sides.
        paint: how scratches look.
    """

    weight: float
    scuff_share: float
    length: Range
    width: Range
    gaps: Range
    upright_share: float
    scuff_size: Range
    paint: PaintRanges

    def draw(self, rng: np.random.Generator) -> Scratch | Scuff:
        """One scratch or one scuff."""
        x, y = (float(share) for share in rng.uniform(0.03, 0.97, 2))
        angle = np.pi / 2 + rng.normal(0, 0.08) if rng.random() < self.upright_share else rng.uniform(0, np.pi)
        width, paint = uniform(self.width, rng), self.paint.draw(rng)
        if rng.random() < self.scuff_share:
            count = int(rng.integers(12, 45))
            return Scuff(x, y, float(angle), uniform(self.scuff_size, rng), count, 0.6 * width, paint, new_seed(rng))
        length, wander = uniform(self.length, rng), uniform((0.003, 0.06), rng)
        count = 1 if rng.random() < 0.75 else int(rng.integers(2, 5))
        gaps = uniform(self.gaps, rng)
        return Scratch(x, y, float(angle), length, width, wander, gaps, count, paint, new_seed(rng))

"""Scratches: what sharp things leave. Single lines, lines that run along a film, scuffs where a surface was rubbed."""

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
class RunningLine:
    """Lines that a projector or a camera drew along a film: upright, thin, from edge to edge, wavering a little.

    Attributes:
        x: of the first, as a share of the width.
        spread: how far the others may lie from it, as a share of the width.
        width: in units.
        gaps: share of the length where they fade out.
        count: number of lines.
        paint: colour, blend and opacity.
        seed: of the exact lines.
    """

    x: float
    spread: float
    width: float
    gaps: float
    count: int
    paint: Paint
    seed: int
    shape: Literal[Shape.RUNNING_LINE] = Shape.RUNNING_LINE

    def apply(self, photo: Pixels) -> Pixels:
        """Draw the lines on ``photo``."""
        height, width = photo.shape[:2]
        rng = np.random.default_rng(self.seed)
        unit = unit_px(height, width)
        y = np.arange(height, dtype=np.float32)
        columns = np.arange(width, dtype=np.float32)[None]
        coverage = np.zeros((height, width), np.float32)
        for number in range(self.count):
            middle = self.x * width + (rng.normal(0, self.spread) * width if number else 0.0)
            sway = np.interp(y, np.linspace(0, height, 8), middle + rng.normal(0, 0.7 * unit, 8))
            half_px = 0.5 * self.width * unit * rng.uniform(0.5, 1.2)
            fading = np.interp(y, np.linspace(0, height, 12), rng.uniform(-0.6, 1.0, 12) - 2 * (self.gaps - 0.5))
            level = np.clip(0.3 + fading, 0, 1) * min(1.0, 2 * half_px)
            line = np.clip(half_px + 0.5 - np.abs(columns - sway[:, None]), 0, 1) * level[:, None]
            np.maximum(coverage, line, out=coverage)
        return self.paint.over(photo, coverage)


@dataclass(frozen=True)
class ScratchRanges:
    """How photos are scratched.

    Attributes:
        weight: against the other defects.
        scuff_share: of scuffs among them.
        running_share: of running lines among them.
        length: in short sides.
        width: in units.
        gaps: share of a line that is missing.
        upright_share: of scratches that run along the height, as transport through rollers leaves them.
        scuff_size: in short sides.
        paint: how scratches look.
    """

    weight: float
    scuff_share: float
    running_share: float
    length: Range
    width: Range
    gaps: Range
    upright_share: float
    scuff_size: Range
    paint: PaintRanges

    def draw(self, rng: np.random.Generator) -> Scratch | Scuff | RunningLine:
        """One scratch, one scuff or one set of running lines."""
        x, y = (float(share) for share in rng.uniform(0.03, 0.97, 2))
        angle = np.pi / 2 + rng.normal(0, 0.08) if rng.random() < self.upright_share else rng.uniform(0, np.pi)
        width, paint = uniform(self.width, rng), self.paint.draw(rng)
        kind = rng.random()
        if kind < self.running_share:
            count, spread = int(min(rng.geometric(0.5), 5)), uniform((0.01, 0.3), rng)
            return RunningLine(x, spread, min(width, 1.6), uniform(self.gaps, rng), count, paint, new_seed(rng))
        if kind < self.running_share + self.scuff_share:
            count = int(rng.integers(12, 45))
            return Scuff(x, y, float(angle), uniform(self.scuff_size, rng), count, 0.6 * width, paint, new_seed(rng))
        length, wander = uniform(self.length, rng), uniform((0.003, 0.06), rng)
        count = 1 if rng.random() < 0.75 else int(rng.integers(2, 5))
        gaps = uniform(self.gaps, rng)
        return Scratch(x, y, float(angle), length, width, wander, gaps, count, paint, new_seed(rng))

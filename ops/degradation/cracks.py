"""Cracks, folds and creases: what bending does to paper and to the emulsion on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from ops.degradation.fields import distorted, fractal_field, paper_texture, smooth_step
from ops.degradation.paint import Blend, Paint, paper_colour
from ops.degradation.pixels import Pixels, Plane, Range, new_seed, uniform, unit_px
from ops.degradation.shapes import Shape
from ops.degradation.strokes import Points, Stroke, coverage_of, pressed, roughened, shifted, walk


@dataclass(frozen=True)
class Crack:
    """A jagged line in the emulsion that branches; paper shows in it and one lip throws a thin shadow.

    Attributes:
        x: of its start, as a share of the width.
        y: of its start, as a share of the height.
        angle: of its start, in radians.
        length: in short sides.
        width: in units.
        branches: number of side cracks.
        paint: the paper that shows.
        seed: of the exact line.
    """

    x: float
    y: float
    angle: float
    length: float
    width: float
    branches: int
    paint: Paint
    seed: int
    shape: Literal[Shape.CRACK] = Shape.CRACK

    def apply(self, photo: Pixels) -> Pixels:
        """Crack ``photo``."""
        height, width = photo.shape[:2]
        rng = np.random.default_rng(self.seed)
        unit, length_px = unit_px(height, width), self.length * min(height, width)
        trunk = _jagged((self.x * width, self.y * height), self.angle, length_px, rng)
        strokes = [pressed(trunk, self.width * unit, rng, taper=0.3)]
        for _ in range(self.branches):
            start = trunk[int(rng.integers(1, len(trunk)))]
            angle = self.angle + rng.choice((-1, 1)) * rng.uniform(0.4, 1.3)
            branch = _jagged((start[0], start[1]), angle, length_px * rng.uniform(0.08, 0.4), rng)
            strokes.append(pressed(branch, self.width * unit * rng.uniform(0.35, 0.8), rng, taper=0.8))
        core = roughened(coverage_of(strokes, height, width), rng, gaps=0.12)
        lip = cv2.GaussianBlur(core, (0, 0), 0.8 * unit)
        shadow = np.roll(lip, (round(unit), round(unit)), (0, 1))
        shadowed = _shadow(self.paint.opacity * 0.5).over(photo, shadow * (1 - core))
        return self.paint.over(shadowed, core, paper_texture(height, width, rng))


@dataclass(frozen=True)
class Fold:
    """The photo was folded: a nearly straight line with broken emulsion, and light and dark flanks.

    Attributes:
        x: of a point on it, as a share of the width.
        y: of a point on it, as a share of the height.
        angle: in radians.
        width: of the broken emulsion, in units.
        wear: share of the line where the emulsion is gone.
        relief: brightness of the flanks, [0, 1].
        paint: the paper that shows.
        seed: of the exact line.
    """

    x: float
    y: float
    angle: float
    width: float
    wear: float
    relief: float
    paint: Paint
    seed: int
    shape: Literal[Shape.FOLD] = Shape.FOLD

    def apply(self, photo: Pixels) -> Pixels:
        """Fold ``photo``."""
        height, width = photo.shape[:2]
        rng = np.random.default_rng(self.seed)
        unit, reach = unit_px(height, width), float(np.hypot(height, width))
        start = self.x * width - reach * np.cos(self.angle), self.y * height - reach * np.sin(self.angle)
        line = walk(start, self.angle, 2 * reach, 0.006, 0.0, rng)
        bent = _flanks(photo, line, 2.5 * unit, self.relief)
        hairline = coverage_of([_even(line, 0.7 * self.width * unit)], height, width)
        uneven = np.interp(np.arange(len(line) - 1), np.linspace(0, len(line), 24), rng.gamma(2.0, 0.6, 24))
        broad = Stroke(line, 2.2 * self.width * unit * uneven, np.ones(len(line) - 1))
        field = fractal_field(height, width, 20 * unit, rng, num_octaves=5)
        flaked = distorted(coverage_of([broad], height, width), 1.6 * unit, 4 * unit, rng)
        flaked = flaked * smooth_step(field, 0.42 - self.wear, 0.5 - self.wear)
        thin = roughened(hairline, rng, gaps=max(0.0, 0.7 - self.wear))
        return self.paint.over(bent, np.maximum(flaked, 0.8 * thin), paper_texture(height, width, rng))


@dataclass(frozen=True)
class Crease:
    """A short bend that did not break: a soft bright line beside a dark one.

    Attributes:
        x: of its start, as a share of the width.
        y: of its start, as a share of the height.
        angle: in radians.
        length: in short sides.
        curl: how far it turns, in radians.
        width: in units.
        relief: brightness of its flanks, [0, 1].
        seed: of the exact line.
    """

    x: float
    y: float
    angle: float
    length: float
    curl: float
    width: float
    relief: float
    seed: int
    shape: Literal[Shape.CREASE] = Shape.CREASE

    def apply(self, photo: Pixels) -> Pixels:
        """Crease ``photo``."""
        height, width = photo.shape[:2]
        rng = np.random.default_rng(self.seed)
        length_px = self.length * min(height, width)
        line = walk((self.x * width, self.y * height), self.angle, length_px, 0.02, self.curl, rng)
        return _flanks(photo, line, self.width * unit_px(height, width), self.relief)


@dataclass(frozen=True)
class BendRanges:
    """How photos are bent.

    Attributes:
        weight: against the other defects.
        shares: of cracks, folds and creases.
        length: of cracks and creases, in short sides.
        width: of the broken emulsion, in units.
        wear: of folds.
        relief: brightness of the flanks.
        opacity: of the paper that shows.
    """

    weight: float
    shares: tuple[float, float, float]
    length: Range
    width: Range
    wear: Range
    relief: Range
    opacity: Range

    def draw(self, rng: np.random.Generator) -> Crack | Fold | Crease:
        """One crack, fold or crease."""
        x, y = (float(share) for share in rng.uniform(0, 1, 2))
        angle, width, seed = uniform((0, 2 * np.pi), rng), uniform(self.width, rng), new_seed(rng)
        paint = Paint(Blend.COVER, paper_colour(rng), uniform(self.opacity, rng))
        relief = uniform(self.relief, rng)
        match rng.choice(3, p=np.array(self.shares) / sum(self.shares)):
            case 0:
                return Crack(x, y, angle, uniform(self.length, rng), width, int(rng.integers(1, 6)), paint, seed)
            case 1:
                across = float(rng.choice((0, np.pi / 2)) + rng.normal(0, 0.12))
                slant = angle if rng.random() < 0.4 else across  # corners are folded slantwise, letters straight
                return Fold(x, y, slant, 0.6 * width, uniform(self.wear, rng), relief, paint, seed)
        curl = float(rng.normal(0, 0.5))
        return Crease(x, y, angle, 0.6 * uniform(self.length, rng), curl, 1.2 * width, relief, seed)


def _jagged(start: tuple[float, float], angle: float, length_px: float, rng: np.random.Generator) -> Points:
    """A walk with a sideways kick at every point: cracks run along the grain of the gelatine, not along curves."""
    points = walk(start, angle, length_px, 0.16, float(rng.normal(0, 0.4)), rng)
    return points + rng.normal(0, 0.16, points.shape) * length_px / len(points) * 2


def _even(points: Points, width_px: float) -> Stroke:
    segments = len(points) - 1
    return Stroke(points, np.full(segments, width_px), np.ones(segments))


def _flanks(photo: Pixels, line: Points, width_px: float, relief: float) -> Pixels:
    """Light falls on one side of ``line`` and misses the other."""
    height, width = photo.shape[:2]
    sides: list[Plane] = []
    for side in (-0.6, 0.6):
        stroke = _even(shifted(line, side * width_px), width_px)
        drawn = coverage_of([stroke], height, width)
        sides.append(cv2.GaussianBlur(drawn, (0, 0), 0.45 * width_px))
    lit = Paint(Blend.SCREEN, (1.0, 1.0, 1.0), relief).over(photo, sides[0])
    return _shadow(relief).over(lit, sides[1])


def _shadow(opacity: float) -> Paint:
    return Paint(Blend.MULTIPLY, (0.1, 0.09, 0.08), opacity)

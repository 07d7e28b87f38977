"""Folds and creases: what bending does to the paper and to the emulsion on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from ops.degradation.breaks import broken, lines_along
from ops.degradation.cracks import jagged
from ops.degradation.paint import Blend, Paint
from ops.degradation.pixels import Pixels, Plane, limited, unit_px
from ops.degradation.shapes import Shape
from ops.degradation.strokes import Points, Stroke, coverage_of, shifted, walk


@dataclass(frozen=True)
class Fold:
    """The photo was folded: along a nearly straight line the emulsion broke to the paper, and short cracks leave it.

    Beside the line one flank catches the light and the other does not, and the tone steps a little from side to side.

    Attributes:
        x: of a point on it, as a share of the width.
        y: of a point on it, as a share of the height.
        angle: in radians.
        width: of the broken emulsion, in units.
        wear: share of the line where the emulsion is gone.
        relief: brightness of the flanks, [0, 1].
        splits: number of cracks that leave the line.
        paint: the paper that shows.
        seed: of the exact line.
    """

    x: float
    y: float
    angle: float
    width: float
    wear: float
    relief: float
    splits: int
    paint: Paint
    seed: int
    shape: Literal[Shape.FOLD] = Shape.FOLD

    def apply(self, photo: Pixels) -> Pixels:
        """Fold ``photo``."""
        height, width = photo.shape[:2]
        rng = np.random.default_rng(self.seed)
        unit, reach = unit_px(height, width), float(np.hypot(height, width))
        start = self.x * width - reach * np.cos(self.angle), self.y * height - reach * np.sin(self.angle)
        line = walk(start, self.angle, 2 * reach, 0.008, 0.0, rng)
        line = line + rng.normal(0, 0.45 * unit, line.shape)
        width_px = self.width * unit
        paths = [(line, width_px), *self._splits(line, width_px, min(height, width), rng)]
        bent = self._bent(photo, line, width_px)
        return broken(bent, lines_along(paths, height, width), self.paint, 1 - self.wear, rng)

    def _splits(
        self, line: Points, width_px: float, side_px: int, rng: np.random.Generator
    ) -> list[tuple[Points, float]]:
        """Cracks that leave ``line`` aslant, and hairlines that keep beside it."""
        paths = []
        for _ in range(self.splits):
            is_beside = rng.random() < 0.3
            aside = rng.normal(0, 2.5 * width_px, 2) if is_beside else 0.0
            start = line[int(rng.integers(len(line) // 4, 3 * len(line) // 4 + 1))] + aside
            slant = rng.normal(0, 0.08) if is_beside else rng.choice((-1, 1)) * rng.uniform(0.3, 1.4)
            angle = self.angle + np.pi * rng.integers(2) + slant
            length_px = float(rng.uniform(0.03, 0.22) * side_px)
            paths.append(
                (jagged((start[0], start[1]), angle, length_px, rng), width_px * float(rng.uniform(0.25, 0.7)))
            )
        return paths

    def _bent(self, photo: Pixels, line: Points, width_px: float) -> Pixels:
        """Light on one flank, shadow on the other, and a tone step that is lost after some widths."""
        height, width = photo.shape[:2]
        unit = unit_px(height, width)
        distance = lines_along([(line, 1.0)], height, width).distance_px
        far = 4 * np.hypot(height, width) * np.array([-np.sin(self.angle), np.cos(self.angle)])
        beyond = np.zeros((height, width), np.uint8)
        outline = np.rint(np.clip(np.vstack([line, line[::-1] + far]), -30_000, 30_000)).astype(np.int32)
        cv2.fillPoly(beyond, [outline], 1)
        side = cv2.GaussianBlur(beyond.astype(np.float32) * 2 - 1, (0, 0), 0.7 * unit)
        flank = np.exp(-distance / np.float32(0.5 * width_px + 2.2 * unit))
        step = np.exp(-((distance / np.float32(10 * unit)) ** 2))
        return limited(photo * (1 - np.float32(self.relief) * side * (0.75 * flank + 0.25 * step))[..., None])


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


def _flanks(photo: Pixels, line: Points, width_px: float, relief: float) -> Pixels:
    """Light falls on one side of ``line`` and misses the other."""
    height, width = photo.shape[:2]
    sides: list[Plane] = []
    for side in (-0.6, 0.6):
        num = len(line) - 1
        stroke = Stroke(shifted(line, side * width_px), np.full(num, width_px), np.ones(num))
        sides.append(cv2.GaussianBlur(coverage_of([stroke], height, width), (0, 0), 0.45 * width_px))
    lit = Paint(Blend.SCREEN, (1.0, 1.0, 1.0), relief).over(photo, sides[0])
    return Paint(Blend.MULTIPLY, (0.1, 0.09, 0.08), relief).over(lit, sides[1])

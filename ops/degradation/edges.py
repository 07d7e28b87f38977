"""Edges: corners torn off, borders rubbed white by albums, envelopes and hands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ops.degradation.fields import fractal_field, paper_texture, smooth_field, smooth_step
from ops.degradation.paint import Blend, Paint, paper_colour
from ops.degradation.pixels import Colour, Pixels, Plane, Range, new_seed, uniform, unit_px
from ops.degradation.shapes import Shape


@dataclass(frozen=True)
class TornEdge:
    """A piece beyond a ragged line is missing: the bed of the scanner shows, and along the tear the core of the paper.

    Attributes:
        angle: direction of the missing piece, in radians; 0 is the right edge, pi / 4 the lower right corner.
        depth: greatest depth of the missing piece, in short sides.
        core: width of the torn paper, in units.
        bed: colour of the scanner's bed.
        paint: the torn paper.
        seed: of the line.
    """

    angle: float
    depth: float
    core: float
    bed: Colour
    paint: Paint
    seed: int
    shape: Literal[Shape.TORN_EDGE] = Shape.TORN_EDGE

    def apply(self, photo: Pixels) -> Pixels:
        """Tear ``photo``."""
        height, width = photo.shape[:2]
        rng = np.random.default_rng(self.seed)
        unit, side = unit_px(height, width), min(height, width)
        across, down = float(np.cos(self.angle)), float(np.sin(self.angle))
        rows = (np.arange(height, dtype=np.float32) - height / 2)[:, None]
        columns = (np.arange(width, dtype=np.float32) - width / 2)[None]
        reach = (abs(across) * width + abs(down) * height) / 2  # from the centre to the outermost point
        inside = reach - self.depth * side - (columns * across + rows * down)  # pixels from a straight cut
        bow = smooth_field(height, width, 0.4 * side, rng) * np.float32(0.6 * self.depth * side)
        ragged = fractal_field(height, width, 0.12 * side, rng, num_octaves=6) * np.float32(0.05 * side)
        line = (inside + bow + ragged).astype(np.float32)
        width_px = self.core * unit * (1 + 0.8 * fractal_field(height, width, 20 * unit, rng))
        there = np.float32(min(1.0, self.depth * side))  # what is torn off is gone; less than a pixel is no tear
        core = smooth_step(width_px - line, -0.7 * unit, 0.7 * unit) * there
        torn = self.paint.over(photo, core, paper_texture(height, width, rng))
        missing = Paint(Blend.COVER, self.bed, float(there))
        return missing.over(torn, smooth_step(-line, -0.6 * unit, 0.6 * unit))


@dataclass(frozen=True)
class WornEdge:
    """All borders are rubbed through to the paper, corners the most.

    Attributes:
        depth: how far the wear reaches in, in short sides.
        wear: how much of the border is gone, [0, 1].
        paint: the paper that shows.
        seed: of the wear.
    """

    depth: float
    wear: float
    paint: Paint
    seed: int
    shape: Literal[Shape.WORN_EDGE] = Shape.WORN_EDGE

    def apply(self, photo: Pixels) -> Pixels:
        """Wear the edges of ``photo``."""
        height, width = photo.shape[:2]
        rng = np.random.default_rng(self.seed)
        side = min(height, width)
        reach = 1 + 0.8 * smooth_field(height, width, 0.3 * side, rng)
        depth_px = self.depth * side
        nearness = _edge_nearness(height, width, max(depth_px, 1.0), reach)
        patches = fractal_field(height, width, 0.12 * side, rng, num_octaves=6)
        chips = fractal_field(height, width, 4 * unit_px(height, width), rng, num_octaves=2)  # ragged, not clouded
        field = nearness * np.float32(0.5 + self.wear) + np.float32(0.5) * patches + 0.12 * chips - np.float32(0.7)
        rubbed = smooth_step(field, 0.0, 0.07)
        haze = smooth_step(field, -0.2, 0.2) * np.float32(0.15)
        coverage = np.maximum(rubbed, haze) * np.float32(min(1.0, depth_px))
        return self.paint.over(photo, coverage, paper_texture(height, width, rng))


@dataclass(frozen=True)
class EdgeRanges:
    """How damaged the edges are.

    Attributes:
        weight: against the other defects.
        torn_share: of torn edges; the others are worn.
        torn_depth: of the missing piece, in short sides.
        core: width of the torn paper, in units.
        worn_depth: of worn borders, in short sides.
        wear: how much of a worn border is gone.
    """

    weight: float
    torn_share: float
    torn_depth: Range
    core: Range
    worn_depth: Range
    wear: Range

    def draw(self, rng: np.random.Generator) -> TornEdge | WornEdge:
        """One torn edge, or worn borders."""
        paint, seed = Paint(Blend.COVER, paper_colour(rng), 1.0), new_seed(rng)
        if rng.random() >= self.torn_share:
            return WornEdge(uniform(self.worn_depth, rng), uniform(self.wear, rng), paint, seed)
        eighth = int(rng.choice(8, p=np.array([1, 3, 1, 3, 1, 3, 1, 3]) / 16))  # corners tear more easily than sides
        angle = float(eighth * np.pi / 4 + rng.normal(0, 0.15))
        level = float(rng.uniform(0.02, 0.2) if rng.random() < 0.5 else rng.uniform(0.85, 1.0))
        bed = (level, level, level)
        return TornEdge(angle, uniform(self.torn_depth, rng), uniform(self.core, rng), bed, paint, seed)


def _edge_nearness(height: int, width: int, depth_px: float, reach: Plane) -> Plane:
    """1 on the border, falling to 0 at ``depth_px`` times ``reach`` inside; more than 1 where two borders meet."""
    rows = np.minimum(np.arange(height), np.arange(height)[::-1]).astype(np.float32)[:, None]
    columns = np.minimum(np.arange(width), np.arange(width)[::-1]).astype(np.float32)[None]
    near_rows, near_columns = (
        np.clip(1 - rows / (depth_px * reach), 0, 1),
        np.clip(1 - columns / (depth_px * reach), 0, 1),
    )
    return np.asarray(np.hypot(near_rows, near_columns), dtype=np.float32)

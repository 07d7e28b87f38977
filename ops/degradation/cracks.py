"""Cracks in the emulsion: branching trees of jagged lines, and craquelure, the net that drying draws."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from ops.degradation.breaks import Lines, broken, canvas_scale, lines_along, lines_on
from ops.degradation.fields import distance_from, fractal_field, smooth_field, smooth_step
from ops.degradation.paint import Paint
from ops.degradation.pixels import Pixels, Plane, unit_px
from ops.degradation.shapes import Shape
from ops.degradation.strokes import Points


@dataclass(frozen=True)
class Crack:
    """A jagged line down to the paper that branches, and whose branches branch; its rim is lifted and dark.

    Attributes:
        x: of its start, as a share of the width.
        y: of its start, as a share of the height.
        angle: of its start, in radians.
        length: in short sides.
        width: of the trunk, in units.
        branches: number of side cracks, those of side cracks included.
        paint: the paper that shows.
        seed: of the exact lines.
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
        length_px = self.length * min(height, width)
        trunk = jagged((self.x * width, self.y * height), self.angle, length_px, rng)
        paths = branched(trunk, self.width * unit_px(height, width), length_px, self.branches, rng)
        return broken(photo, lines_along(paths, height, width), self.paint, 0.15, rng)


@dataclass(frozen=True)
class Craquelure:
    """A net of fine cracks in one region, as gelatine tears that dried or was bent over and over.

    Attributes:
        x: of the region, as a share of the width.
        y: of the region, as a share of the height.
        size: radius of the region, in short sides.
        cell: size of the islands between the cracks, in units.
        width: of the widest cracks, in units.
        paint: what shows in them: paper, or the dirt of years.
        seed: of the net.
    """

    x: float
    y: float
    size: float
    cell: float
    width: float
    paint: Paint
    seed: int
    shape: Literal[Shape.CRAQUELURE] = Shape.CRAQUELURE

    def apply(self, photo: Pixels) -> Pixels:
        """Crack ``photo`` all over the region."""
        height, width = photo.shape[:2]
        rng = np.random.default_rng(self.seed)
        unit, radius_px = unit_px(height, width), self.size * min(height, width)
        net = lines_on(_net(height, width, self.cell * unit, rng) * np.float32(0.5 * self.width * unit), height, width)
        near = 1 - distance_from(height, width, self.x, self.y) / max(self.size, 1e-6)
        ragged = near + 0.5 * fractal_field(height, width, max(0.6 * radius_px, 1.0), rng)
        half_px = net.half_width_px * smooth_step(ragged, 0.0, 0.5) * np.float32(min(1.0, radius_px))
        return broken(photo, Lines(net.distance_px, half_px), self.paint, 0.1, rng)


def jagged(start: tuple[float, float], angle: float, length_px: float, rng: np.random.Generator) -> Points:
    """A line from ``start`` that runs straight for a little and then kinks, as layers crack, not as hands draw."""
    num_steps = int(np.clip(length_px / 3, 6, 240))
    kinks = np.repeat(rng.normal(0, 0.38, num_steps // 4 + 1), 4)[:num_steps]
    drift = np.cumsum(rng.normal(0, 0.05, num_steps))
    turns = angle + kinks + drift + rng.normal(0, 0.22, num_steps)
    steps = np.stack([np.cos(turns), np.sin(turns)], axis=1) * length_px / num_steps
    return np.array(start) + np.vstack([np.zeros(2), steps.cumsum(axis=0)])


def branched(
    trunk: Points, width_px: float, length_px: float, num_branches: int, rng: np.random.Generator
) -> list[tuple[Points, float]]:
    """``trunk`` and side cracks of it and of one another, each with its width: thinner and shorter at each fork."""
    paths = [(trunk, width_px, length_px)]
    for _ in range(num_branches):
        points, parent_px, reach_px = paths[int(len(paths) * rng.random() ** 1.5)]  # the trunk forks most
        fork = int(rng.integers(1, len(points)))
        along = points[fork] - points[fork - 1]
        angle = float(np.arctan2(along[1], along[0]) + rng.choice((-1, 1)) * rng.uniform(0.35, 1.3))
        reach = reach_px * float(rng.uniform(0.12, 0.5))
        branch = jagged((points[fork][0], points[fork][1]), angle, reach, rng)
        paths.append((branch, parent_px * float(rng.uniform(0.4, 0.85)), reach))
    return [(points, width) for points, width, _ in paths]


def _net(height: int, width: int, cell_px: float, rng: np.random.Generator) -> Plane:
    """Borders of random cells, at the scale of a canvas: their widths as shares in [0, 1], 0 where no border runs."""
    scale = canvas_scale(height, width)
    rows, columns = height * scale, width * scale
    cell = max(cell_px * scale, 4.0)
    down, across = int(rows / cell) + 2, int(columns / cell) + 2
    y, x = np.meshgrid(np.arange(down), np.arange(across), indexing="ij")
    places = np.stack([x, y], axis=-1).reshape(-1, 2) + rng.uniform(-0.48, 0.48, (down * across, 2))
    centres = np.clip(np.rint(places * cell), 0, (columns - 1, rows - 1)).astype(int)
    apart = np.ones((rows, columns), np.uint8)
    apart[centres[:, 1], centres[:, 0]] = 0
    _, labels = cv2.distanceTransformWithLabels(apart, cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_CCOMP)
    torn = 0.16 * cell  # straight borders look like tiles
    shift_x = np.arange(columns, dtype=np.float32) + torn * fractal_field(rows, columns, cell / 2, rng, num_octaves=3)
    shift_y = np.arange(rows, dtype=np.float32)[:, None] + torn * smooth_field(rows, columns, cell / 3, rng)
    cells = cv2.remap(
        labels.astype(np.float32),
        shift_x.astype(np.float32),
        shift_y.astype(np.float32),
        cv2.INTER_NEAREST,
        borderMode=cv2.BORDER_REPLICATE,
    ).astype(np.int64)
    net = np.zeros((rows, columns), np.float32)
    for one, other, border in (
        (cells[:, :-1], cells[:, 1:], net[:, :-1]),
        (cells[:-1], cells[1:], net[:-1]),
    ):
        dice = ((np.minimum(one, other) * 7919 + np.maximum(one, other) * 104_729) % 1009) / np.float32(1009)
        width_share = np.clip(1.35 * dice - 0.35, 0, 1)  # a border is closed along its whole length or open so far
        np.maximum(border, np.where(one != other, width_share, 0), out=border)
    return net

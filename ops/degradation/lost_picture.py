"""Places where the picture is gone: flaked emulsion and holes with feathered rims. The paper shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from ops.degradation.fields import distance_from, fractal_field, paper_texture, smooth_step
from ops.degradation.paint import Blend, Paint, paper_colour
from ops.degradation.pixels import Pixels, Range, new_seed, uniform, unit_px
from ops.degradation.shapes import Shape
from ops.degradation.texture_scans import TextureScan, scanned_paper


@dataclass(frozen=True)
class EmulsionLoss:
    """Flakes of emulsion came off in one region: islands with sharp ragged borders and a thin lifted lip.

    Attributes:
        x: of the region, as a share of the width.
        y: of the region, as a share of the height.
        size: radius of the region, in short sides.
        grain: size of the flakes, in units.
        paint: the paper that shows.
        seed: of the flakes.
    """

    x: float
    y: float
    size: float
    grain: float
    paint: Paint
    seed: int
    shape: Literal[Shape.EMULSION_LOSS] = Shape.EMULSION_LOSS

    def apply(self, photo: Pixels) -> Pixels:
        """Flake ``photo``."""
        height, width = photo.shape[:2]
        rng = np.random.default_rng(self.seed)
        unit = unit_px(height, width)
        near = 1 - distance_from(height, width, self.x, self.y) / max(self.size, 1e-6)
        flakes = fractal_field(height, width, self.grain * unit, rng, num_octaves=5)
        field = flakes + 0.55 * np.clip(near, -1.5, 1) - 0.28
        gone = smooth_step(field, 0.0, 0.05) * smooth_step(near, -0.35, -0.1)
        gone = gone * np.float32(min(1.0, self.size * min(height, width)))  # a region below a pixel covers no pixel
        lip = cv2.GaussianBlur(gone, (0, 0), 0.9 * unit) * (1 - gone)
        lifted = Paint(Blend.MULTIPLY, (0.3, 0.28, 0.25), 0.7 * self.paint.opacity).over(photo, lip)
        return self.paint.over(lifted, gone, paper_texture(height, width, rng))


@dataclass(frozen=True)
class Hole:
    """One hole of random shape whose rim is feathered over ``feather`` units.

    Attributes:
        x: of the middle, as a share of the width.
        y: of the middle, as a share of the height.
        size: radius in short sides.
        stretch: how much longer than wide it is, 1 or more.
        angle: of its long side, in radians.
        feather: width of the soft rim, in units.
        paint: the paper that shows.
        seed: of the outline.
        paper: a scan of real paper; without it the paper is procedural.
    """

    x: float
    y: float
    size: float
    stretch: float
    angle: float
    feather: float
    paint: Paint
    seed: int
    paper: TextureScan | None = None
    shape: Literal[Shape.HOLE] = Shape.HOLE

    def apply(self, photo: Pixels) -> Pixels:
        """Tear a hole into ``photo``."""
        height, width = photo.shape[:2]
        rng = np.random.default_rng(self.seed)
        whole_px = self.size * min(height, width)
        size_px = max(whole_px, 1.0)
        rows = (np.arange(height, dtype=np.float32) - self.y * height)[:, None]
        columns = (np.arange(width, dtype=np.float32) - self.x * width)[None]
        along = (columns * np.cos(self.angle) + rows * np.sin(self.angle)) / self.stretch
        across = rows * np.cos(self.angle) - columns * np.sin(self.angle)
        outline = fractal_field(height, width, 1.2 * size_px, rng, num_octaves=5)
        inner = (1 - np.hypot(along, across).astype(np.float32) / size_px + 0.7 * outline) * size_px
        feather_px = max(2 * self.feather * unit_px(height, width), 0.8)  # the outline is twice as steep as a cone
        feather_px = min(feather_px, size_px)  # a small hole is as deep as a large one
        gone = smooth_step(inner, -feather_px / 2, feather_px / 2) * np.float32(min(1.0, whole_px))
        procedural = paper_texture(height, width, rng)
        texture = procedural if self.paper is None else scanned_paper(self.paper, height, width, rng)
        return self.paint.over(photo, gone, texture)


@dataclass(frozen=True)
class LossRanges:
    """How much of the picture is gone.

    Attributes:
        weight: against the other defects.
        hole_share: of holes; the others are flakes.
        size: radius of a hole, in short sides.
        feather: of its rim, in units.
        flaked_size: radius of a flaked region, in short sides.
        grain: size of flakes, in units.
    """

    weight: float
    hole_share: float
    size: Range
    feather: Range
    flaked_size: Range
    grain: Range

    def draw(self, rng: np.random.Generator, papers: tuple[TextureScan, ...]) -> EmulsionLoss | Hole:
        """One hole or one flaked region; half of the holes show one of ``papers``, if there are any."""
        x, y = (float(share) for share in rng.uniform(0, 1, 2))
        paint, seed = Paint(Blend.COVER, paper_colour(rng), 1.0), new_seed(rng)
        if rng.random() >= self.hole_share:
            return EmulsionLoss(x, y, uniform(self.flaked_size, rng), uniform(self.grain, rng), paint, seed)
        paper = papers[int(rng.integers(len(papers)))] if papers and rng.random() < 0.5 else None
        size, stretch = uniform(self.size, rng), uniform((1, 2.5), rng)
        return Hole(x, y, size, stretch, uniform((0, np.pi), rng), uniform(self.feather, rng), paint, seed, paper)

"""Stains, foxing and tape: broad, soft, mostly translucent. The photo shows through, and the mask says how much."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ops.degradation.fields import distance_from, distorted, fractal_field, smooth_field, smooth_step
from ops.degradation.paint import Blend, Paint
from ops.degradation.pixels import Pixels, Plane, Range, new_seed, uniform, unit_px
from ops.degradation.shapes import Shape


@dataclass(frozen=True)
class Stain:
    """A liquid dried: a pale patch whose dirt was carried to its rim.

    Attributes:
        x: of the middle, as a share of the width.
        y: of the middle, as a share of the height.
        size: radius in short sides.
        rim: strength of the rim, [0, 1].
        paint: colour, blend and opacity.
        seed: of the outline.
    """

    x: float
    y: float
    size: float
    rim: float
    paint: Paint
    seed: int
    shape: Literal[Shape.STAIN] = Shape.STAIN

    def apply(self, photo: Pixels) -> Pixels:
        """Stain ``photo``."""
        height, width = photo.shape[:2]
        rng = np.random.default_rng(self.seed)
        size_px = max(self.size * min(height, width), 2.0)
        outline = fractal_field(height, width, size_px, rng, num_octaves=5)
        depth = 1 - distance_from(height, width, self.x, self.y) / self.size + 0.6 * outline  # 0 on the border
        wet = smooth_step(depth, -0.02, 0.10)
        tide = np.exp(-(((depth - 0.04) / 0.05) ** 2)) * (0.6 + 0.4 * smooth_field(height, width, size_px, rng))
        cloudy = 0.75 + 0.25 * fractal_field(height, width, size_px / 2, rng)
        coverage = wet * cloudy * np.float32(0.45) + np.float32(self.rim * 0.5) * tide
        return self.paint.over(photo, np.clip(coverage, 0, 1).astype(np.float32))


@dataclass(frozen=True)
class Foxing:
    """Rust-brown spots that mould and iron left in the paper: soft, uneven, in groups.

    Attributes:
        count: number of spots.
        size: typical radius in short sides.
        paint: colour, blend and opacity.
        seed: of places and outlines.
    """

    count: int
    size: float
    paint: Paint
    seed: int
    shape: Literal[Shape.FOXING] = Shape.FOXING

    def apply(self, photo: Pixels) -> Pixels:
        """Fox ``photo``."""
        height, width = photo.shape[:2]
        rng = np.random.default_rng(self.seed)
        groups = rng.uniform(0, 1, (max(1, self.count // 8), 2))
        places = groups[rng.integers(len(groups), size=self.count)] + rng.normal(0, 0.15, (self.count, 2))
        coverage = np.zeros((height, width), np.float32)
        for place in places:
            radius = self.size * min(rng.lognormal(-0.2, 0.6), 3.0) * min(height, width)
            _add_soft_dot(coverage, place * (width, height), max(radius, 0.7), rng.uniform(0.5, 1.0))
        cell_px = max(2 * self.size * min(height, width), 2.0)
        mottled = distorted(coverage, 0.5 * cell_px, cell_px, rng)
        mottled = mottled * (0.8 + 0.2 * fractal_field(height, width, cell_px, rng))
        return self.paint.over(photo, np.clip(mottled, 0, 1).astype(np.float32))


@dataclass(frozen=True)
class Tape:
    """A strip of old adhesive tape: yellow, straight along its sides, torn at its ends, brittle and speckled.

    Attributes:
        x: of the middle, as a share of the width.
        y: of the middle, as a share of the height.
        angle: in radians.
        length: in short sides.
        width: in short sides.
        paint: colour, blend and opacity.
        seed: of ends and texture.
    """

    x: float
    y: float
    angle: float
    length: float
    width: float
    paint: Paint
    seed: int
    shape: Literal[Shape.TAPE] = Shape.TAPE

    def apply(self, photo: Pixels) -> Pixels:
        """Tape ``photo``."""
        height, width = photo.shape[:2]
        rng = np.random.default_rng(self.seed)
        side, unit = min(height, width), unit_px(height, width)
        rows = (np.arange(height, dtype=np.float32) - self.y * height)[:, None]
        columns = (np.arange(width, dtype=np.float32) - self.x * width)[None]
        along = np.abs(columns * np.cos(self.angle) + rows * np.sin(self.angle)).astype(np.float32)
        across = np.abs(rows * np.cos(self.angle) - columns * np.sin(self.angle)).astype(np.float32)
        torn = fractal_field(height, width, 10 * unit, rng) * 5 * unit
        inner = np.minimum(self.width * side / 2 - across, self.length * side / 2 - along + torn) / unit
        strip = smooth_step(inner, -0.5, 0.9)
        dirt = strip * np.exp(-(np.maximum(inner, 0) / 2.5)).astype(np.float32)  # gathers where the glue ends
        glue = 0.82 + 0.18 * fractal_field(height, width, 30 * unit, rng, num_octaves=5)
        return self.paint.over(photo, np.clip(strip * glue * np.float32(0.5) + 0.35 * dirt, 0, 1).astype(np.float32))


@dataclass(frozen=True)
class StainRanges:
    """How stained photos are.

    Attributes:
        weight: against the other defects.
        shares: of stains, foxing and tape.
        size: radius of stains, in short sides.
        foxing_size: radius of foxing spots, in short sides.
        tape_width: in short sides.
        opacity: of all three.
        depth: how much light the darkest channel loses.
    """

    weight: float
    shares: tuple[float, float, float]
    size: Range
    foxing_size: Range
    tape_width: Range
    opacity: Range
    depth: Range

    def draw(self, rng: np.random.Generator) -> Stain | Foxing | Tape:
        """One stain, one outbreak of foxing or one strip of tape."""
        x, y = (float(share) for share in rng.uniform(0, 1, 2))
        depth, opacity, seed = uniform(self.depth, rng), uniform(self.opacity, rng), new_seed(rng)
        match rng.choice(3, p=np.array(self.shares) / sum(self.shares)):
            case 0:
                is_pale = rng.random() < 0.25  # water can also carry dye away
                paint = Paint(Blend.SCREEN, (0.4, 0.38, 0.34), opacity) if is_pale else _brown(depth, 0.75, opacity)
                return Stain(x, y, uniform(self.size, rng), uniform((0.2, 1.0), rng), paint, seed)
            case 1:
                return Foxing(
                    int(rng.integers(6, 40)),
                    uniform(self.foxing_size, rng),
                    _brown(min(1.5 * depth, 0.9), 0.75, max(opacity, 0.75)),
                    seed,
                )
        angle = float(rng.choice((0, np.pi / 2)) + rng.normal(0, 0.25))
        length, paint = uniform((0.3, 1.6), rng), _brown(0.6 * depth, 0.45, opacity)
        return Tape(x, y, angle, length, uniform(self.tape_width, rng), paint, seed)


def _brown(depth: float, redness: float, opacity: float) -> Paint:
    """A filter that takes ``depth`` of the blue, ``redness`` of that from the green, and a little of the red."""
    return Paint(Blend.MULTIPLY, (1 - 0.35 * depth, 1 - redness * depth, 1 - depth), opacity)


def _add_soft_dot(coverage: Plane, centre: np.ndarray, radius_px: float, level: float) -> None:
    """Screen a soft dot onto ``coverage``, touching only its neighbourhood; flat-topped."""
    height, width = coverage.shape
    reach = int(np.ceil(1.6 * radius_px))
    left, top = (max(0, int(place) - reach) for place in centre)
    right, bottom = min(width, int(centre[0]) + reach + 1), min(height, int(centre[1]) + reach + 1)
    if right <= left or bottom <= top:
        return
    rows = (np.arange(top, bottom) - centre[1])[:, None]
    columns = (np.arange(left, right) - centre[0])[None]
    dot = level * np.exp(-(((rows**2 + columns**2) / radius_px**2) ** 2))  # rust has a border, a Gaussian has none
    window = coverage[top:bottom, left:right]
    window[:] = 1 - (1 - window) * (1 - dot)

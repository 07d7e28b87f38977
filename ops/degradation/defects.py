"""Structured damage: scratches, cracks, dust, stains, holes. Each knows exactly which pixels it changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from ops.degradation.ageing import Pixels

Opacity = NDArray[np.float32]
"""(H, W) in [0, 1]: how much of the photo a defect covers."""


class Blend(Enum):
    """How the colour of a defect meets the photo; the report names the first three, real defects are often dark too."""

    ADD = "add"
    LIGHTEN = "lighten"
    SCREEN = "screen"
    MULTIPLY = "multiply"
    COVER = "cover"

    def mix(self, photo: Pixels, colour: Pixels) -> Pixels:
        """What a wholly opaque defect of ``colour`` makes of ``photo``."""
        mixed = {
            Blend.ADD: lambda: np.minimum(photo + colour, 1),
            Blend.LIGHTEN: lambda: np.maximum(photo, colour),
            Blend.SCREEN: lambda: 1 - (1 - photo) * (1 - colour),
            Blend.MULTIPLY: lambda: photo * colour,
            Blend.COVER: lambda: np.broadcast_to(colour, photo.shape),
        }[self]()
        return np.asarray(mixed, dtype=np.float32)


class Shape(Enum):
    """What a defect looks like."""

    SCRATCH = "scratch"
    CRACK = "crack"
    DUST = "dust"
    HAIR = "hair"
    STAIN = "stain"
    HOLE = "hole"


@dataclass(frozen=True)
class Defect:
    """One defect: its shape, how its colour blends, how opaque it is, and the seed of its outline and texture."""

    shape: Shape
    blend: Blend
    colour: tuple[float, float, float]
    strength: float
    seed: int
    kind: Literal["defect"] = "defect"

    def apply(self, photo: Pixels) -> tuple[Pixels, Opacity]:
        """Damage ``photo``; returns it and the opacity, which is zero wherever the photo is untouched."""
        height, width = photo.shape[:2]
        rng = np.random.default_rng(self.seed)
        opacity = np.clip(self.strength * _OUTLINES[self.shape](height, width, rng), 0, 1).astype(np.float32)
        opacity[opacity < 2 / 255] = 0
        paper = 1 + 0.08 * _smooth_noise(height, width, max(2.0, min(height, width) / 40), rng)
        colour = np.clip(np.array(self.colour, np.float32) * paper[..., None], 0, 1).astype(np.float32)
        alpha = opacity[..., None]
        return (photo * (1 - alpha) + self.blend.mix(photo, colour) * alpha).astype(np.float32), opacity


def _scratch(height: int, width: int, rng: np.random.Generator) -> Opacity:
    """A nearly straight line that thins out and breaks, as a hard edge leaves it."""
    length = rng.uniform(0.2, 1.1) * max(height, width)
    angle = rng.normal(np.pi / 2, 0.3) if rng.random() < 0.6 else rng.uniform(0, np.pi)
    thickness = rng.uniform(0.6, 2.2) * max(1.0, min(height, width) / 400)
    return _stroke(height, width, rng, length, angle, wander=0.02, thickness=thickness, gaps=0.25)


def _crack(height: int, width: int, rng: np.random.Generator) -> Opacity:
    """A line that wanders with the emulsion and branches."""
    opacity = np.zeros((height, width), np.float32)
    for _ in range(int(rng.integers(1, 4))):
        length = rng.uniform(0.3, 1.0) * max(height, width)
        thickness = rng.uniform(0.7, 3.0) * max(1.0, min(height, width) / 400)
        angle = rng.uniform(0, np.pi)
        opacity = np.maximum(opacity, _stroke(height, width, rng, length, angle, 0.25, thickness, gaps=0.05))
    return opacity


def _hair(height: int, width: int, rng: np.random.Generator) -> Opacity:
    """A thin curl."""
    length = rng.uniform(0.1, 0.35) * min(height, width)
    return _stroke(height, width, rng, length, rng.uniform(0, 2 * np.pi), 0.12, 0.8, gaps=0.0, curl=rng.normal(0, 3))


def _dust(height: int, width: int, rng: np.random.Generator) -> Opacity:
    """A handful of specks of uneven outline."""
    opacity = np.zeros((height, width), np.float32)
    scale = max(1.0, min(height, width) / 300)
    for _ in range(int(rng.integers(2, 14))):
        centre = (int(rng.integers(width)), int(rng.integers(height)))
        axes = (max(1, round(float(rng.gamma(2, 0.9)) * scale)), max(1, round(float(rng.gamma(2, 0.7)) * scale)))
        cv2.ellipse(
            opacity, centre, axes, float(rng.uniform(0, 180)), 0, 360, float(rng.uniform(0.5, 1)), -1, cv2.LINE_AA
        )
    return cv2.GaussianBlur(opacity, (0, 0), 0.5 * scale)


def _stain(height: int, width: int, rng: np.random.Generator) -> Opacity:
    """A broad, soft patch."""
    return 0.45 * _blob(height, width, rng, size=rng.uniform(0.15, 0.5), feather=0.04)


def _hole(height: int, width: int, rng: np.random.Generator) -> Opacity:
    """A patch of lost emulsion with a narrow feathered rim."""
    return _blob(height, width, rng, size=rng.uniform(0.05, 0.22), feather=0.006)


_OUTLINES: dict[Shape, Callable[[int, int, np.random.Generator], Opacity]] = {
    Shape.SCRATCH: _scratch,
    Shape.CRACK: _crack,
    Shape.DUST: _dust,
    Shape.HAIR: _hair,
    Shape.STAIN: _stain,
    Shape.HOLE: _hole,
}


def _stroke(
    height: int,
    width: int,
    rng: np.random.Generator,
    length: float,
    angle: float,
    wander: float,
    thickness: float,
    gaps: float,
    curl: float = 0.0,
) -> Opacity:
    """A random walk drawn at four times the resolution, so that lines thinner than a pixel stay thin."""
    scale, num_steps = 4, 48
    turns = rng.normal(0, wander, num_steps).cumsum() + angle + np.linspace(0, curl, num_steps)
    steps = np.stack([np.cos(turns), np.sin(turns)], axis=1) * length / num_steps
    start = rng.random(2) * [width, height] - steps[: num_steps // 2].sum(axis=0)
    points = np.rint((start + steps.cumsum(axis=0)) * scale).astype(np.int32)
    canvas = np.zeros((height * scale, width * scale), np.uint8)
    pressure = np.clip(np.abs(rng.normal(1, 0.35, num_steps)), 0.2, 2)
    for index in range(num_steps - 1):
        if rng.random() >= gaps:
            line_px = max(1, round(scale * thickness * float(pressure[index])))
            cv2.line(canvas, points[index].tolist(), points[index + 1].tolist(), 255, line_px, cv2.LINE_AA)
    return cv2.resize(canvas, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32) / 255


def _blob(height: int, width: int, rng: np.random.Generator, size: float, feather: float) -> Opacity:
    """A patch with a torn outline: smooth noise above a threshold near a random centre."""
    side = min(height, width)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    centre = rng.random(2) * [height, width]
    radius = size * side / 2
    distance = np.hypot(y - centre[0], x - centre[1]) / max(radius, 1)
    field = 1 - distance + 0.55 * _smooth_noise(height, width, max(1.5, radius / 3), rng)
    softness = max(feather * side / max(radius, 1), 1.0 / max(radius, 1))
    return np.clip(0.5 + field / softness, 0, 1).astype(np.float32)


def _smooth_noise(height: int, width: int, size_px: float, rng: np.random.Generator) -> Opacity:
    """Noise of about unit range whose features are ``size_px`` wide."""
    rows, columns = max(2, round(height / size_px) + 1), max(2, round(width / size_px) + 1)
    knots = rng.uniform(-1, 1, (rows, columns)).astype(np.float32)
    return cv2.resize(knots, (width, height), interpolation=cv2.INTER_CUBIC)

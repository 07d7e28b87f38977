"""Lines as a hand, a nail or a crack draws them: walks of points, and their coverage of the pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ops.degradation.fields import distorted, fractal_field, smooth_step
from ops.degradation.pixels import Plane, unit_px

Points = NDArray[np.float64]
"""(N, 2) of x, y in pixels."""


@dataclass(frozen=True)
class Stroke:
    """A line through ``points`` with one width in pixels and one pressure in [0, 1] a segment."""

    points: Points
    widths_px: NDArray[np.float64]
    pressures: NDArray[np.float64]


def walk(
    start: tuple[float, float], angle: float, length_px: float, wander: float, curl: float, rng: np.random.Generator
) -> Points:
    """A line from ``start`` whose direction drifts by ``wander`` radians a step and turns by ``curl`` on the whole."""
    num_steps = int(np.clip(length_px / 4, 6, 160))
    drift = rng.normal(0, wander, num_steps)
    turns = angle + np.cumsum(drift - drift.mean()) + np.linspace(0, curl, num_steps)
    steps = np.stack([np.cos(turns), np.sin(turns)], axis=1) * length_px / num_steps
    return np.array(start) + np.vstack([np.zeros(2), steps.cumsum(axis=0)])


def pressed(points: Points, width_px: float, rng: np.random.Generator, taper: float = 0.5) -> Stroke:
    """A stroke whose width and pressure swell and ebb, and which thins out over the share ``taper`` of its ends."""
    num = len(points) - 1
    swell = np.interp(np.linspace(0, 1, num), np.linspace(0, 1, 7), rng.uniform(0.55, 1.25, 7))
    rough = rng.uniform(0.8, 1.2, num)
    place = np.linspace(0, 1, num)
    ends = np.clip(np.minimum(place, 1 - place) / max(taper / 2, 1e-6), 0.25, 1)
    return Stroke(points, width_px * swell * rough * ends, np.clip(swell * ends**0.5, 0.15, 1))


def coverage_of(strokes: Sequence[Stroke], height: int, width: int) -> Plane:
    """The share of every pixel that ``strokes`` cover, times their pressure; thinner than a pixel means fainter."""
    scale = 4 if min(height, width) <= 512 else 2 if min(height, width) <= 1200 else 1
    canvas = np.zeros((height * scale, width * scale), np.uint8)
    for stroke in strokes:
        points = np.rint(np.clip(stroke.points * scale, -30_000, 30_000) * 8).astype(np.int32)
        widths = stroke.widths_px * scale
        levels = np.rint(255 * stroke.pressures * np.minimum(widths, 1)).astype(int)
        thick = np.maximum(np.rint(widths), 1).astype(int)
        for index in np.argsort(levels, kind="stable"):  # the strongest last, so that overlaps keep their maximum
            ends = points[index].tolist(), points[index + 1].tolist()
            cv2.line(canvas, *ends, int(levels[index]), int(thick[index]), cv2.LINE_AA, shift=3)
    small = cv2.resize(canvas, (width, height), interpolation=cv2.INTER_AREA) if scale > 1 else canvas
    return small.astype(np.float32) / np.float32(255)


def roughened(coverage: Plane, rng: np.random.Generator, gaps: float) -> Plane:
    """``coverage`` with frayed borders and, over about the share ``gaps`` of its length, missing or faint."""
    height, width = coverage.shape
    unit = unit_px(height, width)
    frayed = distorted(coverage, 0.7 * unit, 3 * unit, rng)
    if gaps == 0:
        return frayed
    field = fractal_field(height, width, 14 * unit, rng, num_octaves=4)
    threshold = 1.1 * (gaps - 0.5)  # the field is roughly even between -0.55 and 0.55
    return frayed * smooth_step(field, threshold - 0.12, threshold + 0.12)


def shifted(points: Points, distance_px: float) -> Points:
    """``points`` moved sideways, at a right angle to the line."""
    along = np.gradient(points, axis=0)
    normal = np.stack([-along[:, 1], along[:, 0]], axis=1)
    return points + distance_px * normal / np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9)

"""Where the emulsion broke along lines: ragged gaps down to the paper, with a lifted rim, and how to paint them.

Cracks, folds and craquelure differ in the lines they draw; what a broken line looks like is the same and lives here.
Lines are drawn one pixel wide as half widths; the distance to the nearest of them then says where the paper shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from ops.degradation.fields import fractal_field, smooth_field, smooth_step
from ops.degradation.paint import Blend, Paint
from ops.degradation.pixels import Pixels, Plane, unit_px
from ops.degradation.strokes import Points

_FAR_PX: Final = 1e4  # farther than any pixel of a photo without lines
_RIM: Final = Paint(Blend.MULTIPLY, (0.34, 0.31, 0.28), 0.75)  # the torn edge of the emulsion and the shadow it throws


@dataclass(frozen=True)
class Lines:
    """Every pixel's nearest line.

    Attributes:
        distance_px: (H, W) from its middle.
        half_width_px: (H, W), half of its width there; 0 in a photo without lines.
    """

    distance_px: Plane
    half_width_px: Plane


def canvas_scale(height: int, width: int) -> int:
    """How much finer than the photo lines are drawn; large photos do without."""
    return 2 if min(height, width) <= 512 else 1


def lines_along(paths: Sequence[tuple[Points, float | NDArray[np.float64]]], height: int, width: int) -> Lines:
    """The lines through ``paths``: points in pixels with one width in pixels, or one a segment."""
    scale = canvas_scale(height, width)
    canvas = np.zeros((height * scale, width * scale), np.float32)
    for points, widths_px in paths:
        ends = np.rint(np.clip(points * scale, -30_000, 30_000)).astype(np.int32)
        halves = np.broadcast_to(np.asarray(widths_px) / 2, len(ends) - 1)
        if np.ptp(halves) == 0:
            cv2.polylines(canvas, [ends], isClosed=False, color=float(halves[0]))
            continue
        for start, end, half in zip(ends[:-1].tolist(), ends[1:].tolist(), halves.tolist(), strict=True):
            cv2.line(canvas, start, end, half)
    return lines_on(canvas, height, width)


def lines_on(canvas: Plane, height: int, width: int) -> Lines:
    """The lines on ``canvas``, which holds their half widths in pixels of the photo, and 0 beside them."""
    drawn = canvas > 0
    if not drawn.any():
        return Lines(np.full((height, width), _FAR_PX, np.float32), np.zeros((height, width), np.float32))
    apart = np.where(drawn, np.uint8(0), np.uint8(1))
    distance, labels = cv2.distanceTransformWithLabels(
        apart, cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    halves = np.zeros(int(labels.max()) + 1, np.float32)
    halves[labels[drawn]] = canvas[drawn]
    half_width = halves[labels]
    scale = canvas.shape[0] // height
    if scale == 1:
        return Lines(distance, half_width)
    size = (width, height)
    return Lines(
        cv2.resize(distance, size, interpolation=cv2.INTER_AREA) / np.float32(scale),
        cv2.resize(half_width, size, interpolation=cv2.INTER_AREA),
    )


def broken(photo: Pixels, lines: Lines, paint: Paint, gaps: float, rng: np.random.Generator) -> Pixels:
    """Open ``photo`` along ``lines``: ragged, of uneven width, closed over about the share ``gaps`` of their length.

    Narrower than a pixel means fainter, so lines without width change nothing.
    """
    height, width = photo.shape[:2]
    unit = unit_px(height, width)
    ragged = fractal_field(height, width, 5 * unit, rng, num_octaves=3)
    swelling = smooth_field(height, width, 16 * unit, rng)  # evenly spread between -1 and 1, nearly
    opening = smooth_step(swelling, 1.9 * gaps - 1.15, 1.9 * gaps - 0.55)
    half_px = lines.half_width_px * np.clip(0.15 + 0.85 * opening + 0.9 * ragged + 0.25 * swelling, 0, 2)
    inside_px = half_px - lines.distance_px
    presence = np.minimum(2 * half_px, 1)
    gap = smooth_step(inside_px, -0.6, 0.6) * presence
    bruised = smooth_step(inside_px, -3.0 * unit, 0.5 * unit) * presence * np.float32(0.16)
    rim = np.clip(smooth_step(inside_px, -1.7 * unit, -0.2 * unit) * presence - gap, 0, 1)
    away = lines.distance_px - np.roll(
        lines.distance_px, (1, 1), (0, 1)
    )  # positive on the side the light does not reach
    shade = rim * np.clip(0.35 + 0.65 * away, 0, 1)
    lifted = _RIM.over(paint.over(photo, bruised), shade)
    return paint.over(lifted, gap, 1 + 0.12 * ragged)

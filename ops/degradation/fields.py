"""Smooth random fields, the elastic distortion they drive, and the paper that shows where a photo is lost."""

from __future__ import annotations

import cv2
import numpy as np

from ops.degradation.pixels import Plane, unit_px


def smooth_field(height: int, width: int, cell_px: float, rng: np.random.Generator) -> Plane:
    """Noise in [-1, 1] whose features are about ``cell_px`` wide: random knots joined by cubic curves."""
    knots = field_knots(height, width, cell_px, rng)
    return np.clip(cv2.resize(knots, (width, height), interpolation=cv2.INTER_CUBIC), -1, 1)


def field_knots(height: int, width: int, cell_px: float, rng: np.random.Generator) -> Plane:
    """The knots of a ``smooth_field``, in [-1, 1]."""
    rows, columns = (max(2, round(length / cell_px) + 1) for length in (height, width))
    return rng.uniform(-1, 1, (rows, columns)).astype(np.float32)


def fractal_field(height: int, width: int, cell_px: float, rng: np.random.Generator, num_octaves: int = 4) -> Plane:
    """Noise in [-1, 1] with features of ``cell_px`` and, ever weaker, of its halves: the outline of torn things."""
    field = np.zeros((height, width), np.float32)
    total = 0.0
    for octave in range(num_octaves):
        cell = cell_px / 2**octave
        if cell < 1 and octave > 0:
            break
        amplitude = 0.6**octave
        field += amplitude * smooth_field(height, width, cell, rng)
        total += amplitude
    return field / np.float32(total)


def smooth_step(field: Plane, low: float, high: float) -> Plane:
    """0 below ``low``, 1 above ``high``, and 3 t^2 - 2 t^3 between."""
    t = np.clip((field - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), dtype=np.float32)


def distorted(plane: Plane, shift_px: float, cell_px: float, rng: np.random.Generator) -> Plane:
    """Elastic distortion: every point of ``plane`` is fetched from up to ``shift_px`` away, neighbours together."""
    if shift_px == 0:
        return plane
    height, width = plane.shape
    y, x = np.mgrid[:height, :width].astype(np.float32)
    x += np.float32(shift_px) * smooth_field(height, width, cell_px, rng)
    y += np.float32(shift_px) * smooth_field(height, width, cell_px, rng)
    return cv2.remap(plane, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)


def paper_texture(height: int, width: int, rng: np.random.Generator) -> Plane:
    """Procedural paper: a factor around 1, clouds of pulp with fibres that lie in two directions."""
    unit = unit_px(height, width)
    clouds = fractal_field(height, width, 24 * unit, rng, num_octaves=5)
    fibres = rng.standard_normal((height, width), dtype=np.float32)
    along, across = 3.0 * unit, 0.5 * unit
    horizontal = cv2.GaussianBlur(fibres, (0, 0), sigmaX=along, sigmaY=across)
    vertical = cv2.GaussianBlur(fibres, (0, 0), sigmaX=across, sigmaY=along)
    woven = horizontal + vertical
    return np.clip(1 + 0.09 * clouds + 0.03 * woven / max(float(woven.std()), 1e-6), 0.6, 1.2).astype(np.float32)


def distance_from(height: int, width: int, x: float, y: float) -> Plane:
    """Distance of every pixel from the point at the shares ``x`` and ``y`` of the photo, in short sides."""
    rows = (np.arange(height, dtype=np.float32) - y * height)[:, None]
    columns = (np.arange(width, dtype=np.float32) - x * width)[None]
    return np.asarray(np.hypot(rows, columns) / min(height, width), dtype=np.float32)

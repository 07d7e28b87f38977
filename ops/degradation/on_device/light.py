"""Uneven light over a batch: shading, vignettes, the glow of highlights."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from ops.degradation.fields import field_knots
from ops.degradation.halation import Halation
from ops.degradation.on_device.batches import each, each_colour, filtered_along_both, gaussian_kernel, luminance
from ops.degradation.on_device.resolution import resized
from ops.degradation.pixels import unit_px
from ops.degradation.resolution import Interpolation
from ops.degradation.shading import WARMTH_LOST, Shading, Vignette


def shading(photos: Tensor, steps: Sequence[Shading]) -> Tensor:
    """The batch form of ``Shading``; its few knots are drawn by numpy as ever, so the fields are the same."""
    short_px = min(photos.shape[-2:])
    fields = []
    for step in steps:
        rng = np.random.default_rng(step.seed)
        cell_px = max(step.cell * short_px, 1.0)
        fields.append(torch.stack([smooth_plane(photos, cell_px, rng) for _ in range(2)]))
    gains, lifts = torch.stack(fields)[:, :, None].unbind(1)  # (N, 1, H, W) each
    warmth = 1 - each((step.tint for step in steps), photos) * each_colour([WARMTH_LOST], photos)
    gain, lift = each((step.gain for step in steps), photos), each((step.lift for step in steps), photos)
    return (photos * (1 + gain * gains) + lift * lifts * warmth).clamp(0, 1)


def vignette(photos: Tensor, steps: Sequence[Vignette]) -> Tensor:
    """The batch form of ``Vignette``."""
    height, width = photos.shape[-2:]
    rows = torch.arange(height, device=photos.device)[:, None] - each((step.y * height for step in steps), photos)
    columns = torch.arange(width, device=photos.device) - each((step.x * width for step in steps), photos)
    distance = torch.hypot(rows, columns)  # (N, 1, H, W)
    falloff = (distance / distance.amax((-2, -1), keepdim=True)) ** each((step.power for step in steps), photos)
    return (photos * (1 - each((step.depth for step in steps), photos) * falloff)).clamp(0, 1)


def halation(photos: Tensor, steps: Sequence[Halation]) -> Tensor:
    """The batch form of ``Halation``."""
    unit = unit_px(*photos.shape[-2:])
    threshold = each((step.threshold for step in steps), photos)
    highlights = ((luminance(photos) - threshold) / (1 - threshold)).clamp(0, 1)
    glow = filtered_along_both(highlights, [gaussian_kernel(max(step.radius * unit, 0.3)) for step in steps])
    tint = each((step.strength for step in steps), photos) * each_colour((step.tint for step in steps), photos)
    return (1 - (1 - photos) * (1 - glow * tint)).clamp(0, 1)


def smooth_plane(photos: Tensor, cell_px: float, rng: np.random.Generator) -> Tensor:
    """The ``smooth_field`` (H, W) of ``rng`` for photos of this size, enlarged from its knots where they lie."""
    height, width = photos.shape[-2:]
    knots = torch.from_numpy(field_knots(height, width, cell_px, rng)).to(photos.device)
    return resized(knots, (height, width), Interpolation.CUBIC).clamp(-1, 1)

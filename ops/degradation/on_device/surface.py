"""The surface of the paper over a batch. Its pits are drawn by a generator of the device: alike, not the same."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from ops.degradation.on_device.batches import Kernel, each, filtered, filtered_along_both, gaussian_kernel
from ops.degradation.on_device.light import smooth_plane
from ops.degradation.on_device.noise import normal_planes, seeded
from ops.degradation.pixels import unit_px
from ops.degradation.surface import Finish, PaperSurface


def paper_surface(photos: Tensor, steps: Sequence[PaperSurface]) -> Tensor:
    """The batch form of ``PaperSurface``."""
    pits = _pits(photos, steps)
    relief = torch.stack(
        [
            pit if step.finish is Finish.MATTE else 0.9 * _weave(photos, step) + 0.44 * pit
            for pit, step in zip(pits, steps, strict=True)
        ]
    )
    return (photos * (1 + each((step.depth for step in steps), photos) * relief)).clamp(0, 1)


def _pits(photos: Tensor, steps: Sequence[PaperSurface]) -> Tensor:
    """(N, 1, H, W) of unit variance: the slope of smoothed noise along the direction of the lamp."""
    unit = unit_px(*photos.shape[-2:])
    white = torch.stack([normal_planes(photos, 1, seeded(photos, step.seed)) for step in steps])
    bumps = filtered_along_both(white, [gaussian_kernel(max(0.3 * step.period * unit, 0.5)) for step in steps])
    slope = filtered(bumps, [_slope_kernel(step.angle) for step in steps])
    return slope / slope.std((-2, -1), correction=0, keepdim=True).clamp(min=1e-6)


def _slope_kernel(angle: float) -> Kernel:
    """Sobel's two kernels (3, 3), mixed to one that looks along ``angle``."""
    across = np.outer([1, 2, 1], [-1, 0, 1])
    return np.asarray(np.cos(angle) * across + np.sin(angle) * across.T, dtype=np.float32)


def _weave(photos: Tensor, step: PaperSurface) -> Tensor:
    """(1, H, W) of unit variance: two threads that cross for linen, three at 60 degrees for the honeycomb of silk."""
    height, width = photos.shape[-2:]
    period_px = step.period * unit_px(height, width)
    waver = 0.7 * smooth_plane(photos, 8 * period_px, np.random.default_rng(step.seed))
    rows = torch.arange(height, device=photos.device)[:, None]
    columns = torch.arange(width, device=photos.device)
    num_threads = 2 if step.finish is Finish.LINEN else 3
    threads = torch.zeros_like(waver)
    for turn in np.arange(num_threads) * np.pi / num_threads:
        across = columns * float(np.cos(step.angle + turn)) + rows * float(np.sin(step.angle + turn))
        threads += torch.cos(2 * np.pi / period_px * across + waver)
    return threads[None] * (2 / num_threads) ** 0.5

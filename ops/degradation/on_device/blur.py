"""Blur of a batch, each photo by its own kernel: the kernels are those of the numpy form."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from torch import Tensor

from ops.degradation.blur import (
    LEAST_SIGMA_PX,
    AnisotropicBlur,
    BoxBlur,
    GaussianBlur,
    MotionBlur,
    box_kernel,
    line_kernel,
    turned_gaussian_kernel,
)
from ops.degradation.on_device.batches import Kernel, filtered, filtered_along_both, gaussian_kernel
from ops.degradation.pixels import unit_px


def gaussian_blur(photos: Tensor, steps: Sequence[GaussianBlur]) -> Tensor:
    """The batch form of ``GaussianBlur``."""
    unit = unit_px(*photos.shape[-2:])
    return filtered_along_both(photos, [gaussian_kernel(step.sigma * unit, step.taps) for step in steps]).clamp(0, 1)


def box_blur(photos: Tensor, steps: Sequence[BoxBlur]) -> Tensor:
    """The batch form of ``BoxBlur``."""
    unit = unit_px(*photos.shape[-2:])
    return filtered_along_both(photos, [box_kernel(step.width * unit) for step in steps]).clamp(0, 1)


def motion_blur(photos: Tensor, steps: Sequence[MotionBlur]) -> Tensor:
    """The batch form of ``MotionBlur``."""
    unit = unit_px(*photos.shape[-2:])
    return filtered(photos, [line_kernel(step.length * unit, step.angle) for step in steps]).clamp(0, 1)


def anisotropic_blur(photos: Tensor, steps: Sequence[AnisotropicBlur]) -> Tensor:
    """The batch form of ``AnisotropicBlur``."""
    unit = unit_px(*photos.shape[-2:])
    return filtered(photos, [_turned_kernel(step, unit) for step in steps]).clamp(0, 1)


def _turned_kernel(step: AnisotropicBlur, unit: float) -> Kernel:
    if max(step.along, step.across) * unit < LEAST_SIGMA_PX:
        return np.ones((1, 1), np.float32)
    return turned_gaussian_kernel(step.along * unit, step.across * unit, step.angle)

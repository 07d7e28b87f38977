"""Fading and printing of a batch: every pixel by itself."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ops.degradation.fading import DARKEST, YELLOW_LOSS, DyeFading, Fading, Yellowing
from ops.degradation.on_device.batches import each, each_colour
from ops.degradation.printing import Monochrome


def fading(photos: Tensor, steps: Sequence[Fading]) -> Tensor:
    """The batch form of ``Fading``."""
    gain = each_colour((step.gain for step in steps), photos)
    lift = each_colour((step.lift for step in steps), photos)
    return (photos * gain + lift).clamp(0, 1)


def yellowing(photos: Tensor, steps: Sequence[Yellowing]) -> Tensor:
    """The batch form of ``Yellowing``."""
    strength = each((step.strength for step in steps), photos)
    return (photos * (1 - strength * each_colour([YELLOW_LOSS], photos))).clamp(0, 1)


def dye_fading(photos: Tensor, steps: Sequence[DyeFading]) -> Tensor:
    """The batch form of ``DyeFading``."""
    kept = 1 - each_colour((step.loss for step in steps), photos)
    veil = 10 ** -each_colour((step.stain for step in steps), photos)
    return (torch.maximum(photos, DARKEST * (kept < 1)) ** kept * veil).clamp(0, 1)


def monochrome(photos: Tensor, steps: Sequence[Monochrome]) -> Tensor:
    """The batch form of ``Monochrome``."""
    sensitivity = each_colour((step.sensitivity for step in steps), photos)
    shadow = each_colour((step.shadow for step in steps), photos)
    light = each_colour((step.light for step in steps), photos)
    exposure = (photos * sensitivity).sum(1, keepdim=True)
    printed = shadow + (light - shadow) * exposure
    return (photos + each((step.amount for step in steps), photos) * (printed - photos)).clamp(0, 1)

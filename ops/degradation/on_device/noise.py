"""Noise and grain of a batch, drawn where the photos lie by a generator of the device.

A step's seed starts its own generator, so its noise depends on neither the rest of the batch nor the order of work. It
has the statistics of the numpy form, not its values: no two generators give the same numbers from one seed.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from ops.degradation.film_grain import FLOOR, FilmGrain, clump_kernel, coarse_size
from ops.degradation.noise import GaussianNoise, SaltAndPepper, SignalNoise, Speckle
from ops.degradation.on_device.batches import Kernel, each, filtered_along_both, luminance
from ops.degradation.pixels import unit_px


def gaussian_noise(photos: Tensor, steps: Sequence[GaussianNoise]) -> Tensor:
    """The batch form of ``GaussianNoise``."""
    sigma = each((step.sigma for step in steps), photos)
    return (photos + sigma * _normal(photos, steps)).clamp(0, 1)


def speckle(photos: Tensor, steps: Sequence[Speckle]) -> Tensor:
    """The batch form of ``Speckle``."""
    sigma = each((step.sigma for step in steps), photos)
    return (photos * (1 + sigma * _normal(photos, steps))).clamp(0, 1)


def salt_and_pepper(photos: Tensor, steps: Sequence[SaltAndPepper]) -> Tensor:
    """The batch form of ``SaltAndPepper``."""
    size_px = photos.shape[-2:]
    dice = torch.stack(
        [
            torch.rand(
                (1 if step.is_grey else 3, *size_px), generator=seeded(photos, step.seed), device=photos.device
            ).expand(3, *size_px)
            for step in steps
        ]
    )
    amount = each((step.amount for step in steps), photos)
    salt = each((step.amount * step.salt for step in steps), photos)
    salted = torch.where(dice < salt, 1.0, photos)
    return torch.where((dice >= salt) & (dice < amount), 0.0, salted).clamp(0, 1)


def signal_noise(photos: Tensor, steps: Sequence[SignalNoise]) -> Tensor:
    """The batch form of ``SignalNoise``."""
    gain = each((step.gain for step in steps), photos)
    read = each((step.read for step in steps), photos)
    normal = torch.stack([normal_planes(photos, 3, seeded(photos, step.seed)) for step in steps])
    return (photos + (gain * photos + read**2).sqrt() * normal).clamp(0, 1)


def film_grain(photos: Tensor, steps: Sequence[FilmGrain]) -> Tensor:
    """The batch form of ``FilmGrain``."""
    unit = unit_px(*photos.shape[-2:])
    num_planes = 4 if any(step.colour > 0 for step in steps) else 1
    white = torch.stack([_white_grain(photos, step, num_planes) for step in steps])  # (N, 2, planes, H, W)
    fine = filtered_along_both(white[:, 0], [_unit_variance(clump_kernel(step.size * unit)) for step in steps])
    large = [_unit_variance(clump_kernel(coarse_size(step.size * unit))) for step in steps]
    coarse = filtered_along_both(white[:, 1], large)
    clumping, colour = each((step.clumping for step in steps), photos), each((step.colour for step in steps), photos)
    clumps = fine * (1 - clumping).sqrt() + coarse * clumping.sqrt()
    grain = clumps[:, :1] * (1 - colour).sqrt()
    if num_planes == 4:
        grain = grain + clumps[:, 1:] * colour.sqrt()
    light = luminance(photos).clamp(0, 1)
    loudness = FLOOR + (1 - FLOOR) * 2 * (light * (1 - light)).sqrt()
    return (photos + each((step.sigma for step in steps), photos) * loudness * grain).clamp(0, 1)


def seeded(photos: Tensor, seed: int) -> torch.Generator:
    """A generator on the device of ``photos``."""
    return torch.Generator(photos.device).manual_seed(seed)


def normal_planes(photos: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """White noise (count, H, W) of unit variance, as large as ``photos``."""
    return torch.randn((count, *photos.shape[-2:]), generator=generator, device=photos.device)


def _normal(photos: Tensor, steps: Sequence[GaussianNoise | Speckle]) -> Tensor:
    """White noise (N, 3, H, W); three times the same plane where it is grey."""
    drawn = (normal_planes(photos, 1 if step.is_grey else 3, seeded(photos, step.seed)) for step in steps)
    return torch.stack([planes.expand(3, -1, -1) for planes in drawn])


def _white_grain(photos: Tensor, step: FilmGrain, num_planes: int) -> Tensor:
    """White noise (2, planes, H, W): small clumps and large, of silver and three dyes; zero where it has no weight."""
    white = torch.zeros(2, num_planes, *photos.shape[-2:], device=photos.device)
    generator = seeded(photos, step.seed)
    drawn = 4 if step.colour > 0 else 1
    for scale, share in enumerate((1.0, step.clumping)):
        if share > 0:
            white[scale, :drawn] = normal_planes(photos, drawn, generator)
    return white


def _unit_variance(kernel: Kernel) -> Kernel:
    """``kernel`` along both sides keeps (sum k^2)^2 of the variance of white noise; so scaled, all of it."""
    return np.asarray(kernel / np.sqrt((kernel**2).sum()), dtype=np.float32)

"""What an age reader learns from: windows damaged and aged, and the same ones not aged, with their defects or without.

A sound window may have every scratch that an aged one has, so defects are no sign of age; and most are compressed as
photos of today are, so that a trace of JPEG is none either.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ops.degradation.degrade import Pair
from ops.degradation.jpeg import JpegRanges
from ops.pairs.fresh_crops import step_generator
from ops.pairs.windows import FreshWindows

_AT_ONCE = 16
_DB_PER_LOGIT = 2


@dataclass(frozen=True)
class AgeBatch:
    """Crops (N, 3, P, P) in [0, 1], ``photo``, and how far each has aged, ``age`` (N,) in [0, 1]."""

    photo: Tensor
    age: Tensor


@dataclass(frozen=True)
class AgeSamples:
    """Windows as an age reader learns from them, as bytes.

    Attributes:
        aged: (N, 3, P, P), damaged and aged.
        sound: (N, 3, P, P), the same windows, not aged.
        age: (N,) in [0, 1], of ``aged``: one half where ageing left as many dB as a sound photo may lose.
    """

    aged: Tensor
    sound: Tensor
    age: Tensor

    def batch(self, size: int, crop_px: int, generator: torch.Generator) -> AgeBatch:
        """``size`` random crops in random orientations, the first half aged, the others sound."""
        half = size // 2
        chosen = torch.randint(len(self.age), (size,), generator=generator)
        windows = [*self.aged[chosen[:half]], *self.sound[chosen[half:]]]
        photo = torch.stack([_turned(window, crop_px, generator) for window in windows])
        return AgeBatch(photo.float() / 255, torch.cat([self.age[chosen[:half]], torch.zeros(size - half)]))


def gather(
    windows: FreshWindows,
    compression: JpegRanges,
    sound_db: float,
    count: int,
    window_px: int,
    report: Callable[[str], None],
) -> AgeSamples:
    """The samples of ``count`` windows of ``window_px``; the same ones each time.

    Args:
        windows: of clean photos, each with its damage.
        compression: of the sound ones.
        sound_db: PSNR that ageing leaves of a window which is neither aged nor sound.
        count: how many.
        window_px: their side.
        report: hears how far it is.
    """
    aged, sound = (torch.empty(count, 3, window_px, window_px, dtype=torch.uint8) for _ in range(2))
    age, reported = torch.empty(count), time.monotonic()
    for first in range(0, count, _AT_ONCE):
        generator = step_generator(windows.seed, first)
        pairs = windows.unaged(min(_AT_ONCE, count - first), window_px, generator)
        photos = windows.crops.aged(torch.cat([pair.degraded for pair in pairs]), [pair.plan for pair in pairs]).cpu()
        rng = np.random.default_rng(int(torch.randint(2**62, (), generator=generator)))
        for number, (pair, photo) in enumerate(zip(pairs, photos, strict=True), start=first):
            aged[number] = _bytes(photo)
            sound[number] = _bytes(_sound(pair, compression, rng))
            age[number] = ((sound_db - _intact_db(photo, pair)) / _DB_PER_LOGIT).sigmoid()
        if time.monotonic() - reported >= 10:
            reported = time.monotonic()
            report(f"age samples: {first + len(pairs)} of {count}")
    return AgeSamples(aged, sound, age)


def _sound(pair: Pair, compression: JpegRanges, rng: np.random.Generator) -> Tensor:
    """The window of ``pair`` not aged, (3, P, P) in [0, 1]: half of them with their defects."""
    photo = (pair.clean if rng.random() < 0.5 else pair.degraded)[0].clamp(0, 1)
    if rng.random() >= compression.probability:
        return photo
    levels = np.ascontiguousarray(photo.permute(1, 2, 0).numpy())
    return torch.from_numpy(compression.draw(rng).apply(levels)).permute(2, 0, 1)


def _intact_db(aged: Tensor, pair: Pair) -> Tensor:
    """PSNR of ``aged`` (3, P, P) against the clean window where there is no defect; at most 70 dB."""
    is_intact = pair.mask[0] <= 0
    error = ((aged - pair.clean[0]).square().mean(dim=0, keepdim=True) * is_intact).sum() / is_intact.sum().clamp_min(1)
    return -10 * error.clamp_min(1e-7).log10()


def _turned(window: Tensor, crop_px: int, generator: torch.Generator) -> Tensor:
    """A random crop (3, ``crop_px``, ``crop_px``) of the square ``window``, mirrored and turned at random."""
    top, left = torch.randint(window.shape[-1] - crop_px + 1, (2,), generator=generator).tolist()
    is_mirrored, is_turned = torch.randint(2, (2,), generator=generator).tolist()
    crop = window[:, top : top + crop_px, left : left + crop_px]
    crop = crop.flip(-1) if is_mirrored else crop
    return crop.mT if is_turned else crop


def _bytes(photo: Tensor) -> Tensor:
    return photo.mul(255).round().byte()

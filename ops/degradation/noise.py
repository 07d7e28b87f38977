"""Noise that is independent from pixel to pixel, as scanners and sensors add it. Film grain stands in ``film``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ops.degradation.pixels import Pixels, to_range


@dataclass(frozen=True)
class GaussianNoise:
    """photo + n, n ~ N(0, sigma^2) in each channel; ``sigma`` in [0, 1] units."""

    sigma: float
    seed: int
    kind: Literal["gaussian_noise"] = "gaussian_noise"

    def apply(self, photo: Pixels) -> Pixels:
        """Add the noise to ``photo``."""
        return to_range(photo + self.sigma * _normal(photo, self.seed))


@dataclass(frozen=True)
class Speckle:
    """photo + photo n: noise that grows with the light; ``sigma`` is its spread in pure white."""

    sigma: float
    seed: int
    kind: Literal["speckle"] = "speckle"

    def apply(self, photo: Pixels) -> Pixels:
        """Multiply the noise onto ``photo``."""
        return to_range(photo * (1 + self.sigma * _normal(photo, self.seed)))


@dataclass(frozen=True)
class ShotNoise:
    """photo + sqrt(photo) n: the count of photons; ``sigma`` is its spread in pure white."""

    sigma: float
    seed: int
    kind: Literal["shot_noise"] = "shot_noise"

    def apply(self, photo: Pixels) -> Pixels:
        """Add the noise to ``photo``."""
        return to_range(photo + self.sigma * np.sqrt(photo) * _normal(photo, self.seed))


@dataclass(frozen=True)
class SaltAndPepper:
    """A share ``amount`` of all samples becomes 1 (``salt_share`` of them) or 0, each channel on its own."""

    amount: float
    salt_share: float
    seed: int
    kind: Literal["salt_and_pepper"] = "salt_and_pepper"

    def apply(self, photo: Pixels) -> Pixels:
        """Scatter the dots over ``photo``."""
        chance = np.random.default_rng(self.seed).random(photo.shape, dtype=np.float32)
        dotted = np.where(chance < self.amount, np.float32(0), photo)
        return np.where(chance < self.amount * self.salt_share, np.float32(1), dotted)


Noise = GaussianNoise | Speckle | ShotNoise | SaltAndPepper


def _normal(photo: Pixels, seed: int) -> Pixels:
    return np.random.default_rng(seed).standard_normal(photo.shape, dtype=np.float32)

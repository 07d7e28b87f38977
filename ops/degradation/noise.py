"""Noise that knows nothing of its neighbours: sensors, scanners, bad transmission. Film grain has a file of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ops.degradation.pixels import Pixels, Plane, Range, limited, new_seed, uniform


@dataclass(frozen=True)
class GaussianNoise:
    """x + sigma n; ``is_grey`` uses one n for the three channels."""

    sigma: float
    is_grey: bool
    seed: int
    kind: Literal["gaussian_noise"] = "gaussian_noise"

    def apply(self, photo: Pixels) -> Pixels:
        """Add the noise to ``photo``."""
        return limited(photo + np.float32(self.sigma) * _normal(photo, self.is_grey, self.seed))


@dataclass(frozen=True)
class Speckle:
    """x (1 + sigma n): noise that grows with the light."""

    sigma: float
    is_grey: bool
    seed: int
    kind: Literal["speckle"] = "speckle"

    def apply(self, photo: Pixels) -> Pixels:
        """Multiply ``photo`` by the noise."""
        return limited(photo * (1 + np.float32(self.sigma) * _normal(photo, self.is_grey, self.seed)))


@dataclass(frozen=True)
class SaltAndPepper:
    """A share ``amount`` of samples becomes 1 (``salt`` of them) or 0; without ``is_grey`` the dots are coloured."""

    amount: float
    salt: float
    is_grey: bool
    seed: int
    kind: Literal["salt_and_pepper"] = "salt_and_pepper"

    def apply(self, photo: Pixels) -> Pixels:
        """Scatter the dots over ``photo``."""
        height, width, channels = photo.shape
        dice = np.random.default_rng(self.seed).random((height, width, 1 if self.is_grey else channels), np.float32)
        salted = np.where(dice < self.amount * self.salt, np.float32(1), photo)
        return limited(np.where((dice >= self.amount * self.salt) & (dice < self.amount), np.float32(0), salted))


@dataclass(frozen=True)
class SignalNoise:
    """A sensor: variance gain x + read^2, photons counted plus a constant from reading out."""

    gain: float
    read: float
    seed: int
    kind: Literal["signal_noise"] = "signal_noise"

    def apply(self, photo: Pixels) -> Pixels:
        """Add the noise to ``photo``."""
        deviation = np.sqrt(np.float32(self.gain) * photo + np.float32(self.read) ** 2)
        return limited(photo + deviation * _normal(photo, False, self.seed))


Noise = GaussianNoise | Speckle | SaltAndPepper | SignalNoise


@dataclass(frozen=True)
class NoiseRanges:
    """How noisy photos are.

    Attributes:
        probability: of any noise.
        weights: of Gaussian, speckle, salt-and-pepper and signal-dependent noise among each other.
        sigma: standard deviation of the first two, and of the fourth at full light, in [0, 1] units.
        grey_share: of noise that is the same in all channels.
        amount: share of samples that salt and pepper hit.
        salt: share of salt among them.
    """

    probability: float
    weights: tuple[float, float, float, float]
    sigma: Range
    grey_share: float
    amount: Range
    salt: Range

    def draw(self, rng: np.random.Generator) -> Noise:
        """One noise."""
        kind = rng.choice(4, p=np.array(self.weights) / sum(self.weights))
        is_grey, sigma, seed = bool(rng.random() < self.grey_share), uniform(self.sigma, rng), new_seed(rng)
        match kind:
            case 0:
                return GaussianNoise(sigma, is_grey, seed)
            case 1:
                return Speckle(sigma, is_grey, seed)
            case 2:
                return SaltAndPepper(uniform(self.amount, rng), uniform(self.salt, rng), is_grey, seed)
        return SignalNoise(gain=0.9 * sigma**2, read=sigma * 0.1**0.5, seed=seed)  # 0.9 + 0.1 = 1 at full light


def _normal(photo: Pixels, is_grey: bool, seed: int) -> Plane:
    height, width, channels = photo.shape
    return np.random.default_rng(seed).standard_normal((height, width, 1 if is_grey else channels), np.float32)

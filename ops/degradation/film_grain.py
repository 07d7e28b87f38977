"""Film grain: clumps of silver, correlated with their neighbours and loudest in the middle tones.

An emulsion cell of N grains of which each turns dark with probability 1 - x lets through the share x with variance
    x (1 - x) / N,
so grain vanishes in clear film and in solid black. Clumping correlates neighbours; two scales of clumps are mixed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from ops.degradation.pixels import Pixels, Plane, Range, limited, luminance, new_seed, uniform, unit_px

FLOOR: Final = 0.15  # of the grain in the middle tones that is left at the ends: base fog, and the grain of the print


@dataclass(frozen=True)
class FilmGrain:
    """Grain of standard deviation ``sigma`` at middle grey.

    Attributes:
        sigma: in [0, 1] units.
        size: of the small clumps, in units; zero leaves neighbours independent.
        clumping: share of the variance in clumps three times as large.
        colour: share of the variance that the three dyes do not have in common; 0 for silver.
        seed: of the grain.
    """

    sigma: float
    size: float
    clumping: float
    colour: float
    seed: int
    kind: Literal["film_grain"] = "film_grain"

    def apply(self, photo: Pixels) -> Pixels:
        """Add the grain to ``photo``."""
        height, width = photo.shape[:2]
        rng = np.random.default_rng(self.seed)
        size_px = self.size * unit_px(height, width)
        grain = self._plane(height, width, size_px, rng)[..., None] * np.float32((1 - self.colour) ** 0.5)
        if self.colour > 0:
            dyes = [self._plane(height, width, size_px, rng) for _ in range(3)]
            grain = grain + np.stack(dyes, axis=-1) * np.float32(self.colour**0.5)
        light = np.clip(luminance(photo), 0, 1)
        loudness = FLOOR + (1 - FLOOR) * 2 * np.sqrt(light * (1 - light))
        return limited(photo + np.float32(self.sigma) * loudness[..., None] * grain)

    def _plane(self, height: int, width: int, size_px: float, rng: np.random.Generator) -> Plane:
        """(H, W) of unit variance."""
        fine = _clumps(height, width, size_px, rng)
        if self.clumping == 0:
            return fine
        coarse = _clumps(height, width, coarse_size(size_px), rng)
        return fine * np.float32((1 - self.clumping) ** 0.5) + coarse * np.float32(self.clumping**0.5)


@dataclass(frozen=True)
class GrainRanges:
    """How grainy photos are.

    Attributes:
        probability: of visible grain.
        sigma: at middle grey, in [0, 1] units.
        size: of the clumps, in units.
        clumping: share of large clumps.
        colour_share: of photos with coloured grain.
    """

    probability: float
    sigma: Range
    size: Range
    clumping: Range
    colour_share: float

    def draw(self, rng: np.random.Generator) -> FilmGrain:
        """One emulsion."""
        colour = uniform((0.1, 0.6), rng) if rng.random() < self.colour_share else 0.0
        return FilmGrain(
            uniform(self.sigma, rng), uniform(self.size, rng), uniform(self.clumping, rng), colour, new_seed(rng)
        )


def coarse_size(size_px: float) -> float:
    """Pixels of the large clumps beside small ones of ``size_px``."""
    return 3 * max(size_px, 0.3)


def clump_kernel(size_px: float) -> NDArray[np.float32]:
    """Gaussian weights (K,) that clump white noise; a single 1 where grains are as small as pixels."""
    if size_px < 0.2:
        return np.ones(1, np.float32)
    return np.asarray(cv2.getGaussianKernel(2 * int(np.ceil(3 * size_px)) + 1, size_px, cv2.CV_32F)[:, 0], np.float32)


def _clumps(height: int, width: int, size_px: float, rng: np.random.Generator) -> Plane:
    """White noise blurred by ``size_px`` and brought back to unit variance."""
    noise = rng.standard_normal((height, width), np.float32)
    kernel = clump_kernel(size_px)
    if len(kernel) == 1:
        return noise
    gain = float((kernel**2).sum())  # a separable kernel k k^T keeps (sum k^2)^2 of the variance
    return np.asarray(cv2.sepFilter2D(noise, -1, kernel, kernel) / np.float32(gain), dtype=np.float32)

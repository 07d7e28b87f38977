"""Blur: a lens out of focus, a hand that moved, an enlarger that slipped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from ops.degradation.pixels import Pixels, Range, limited, uniform, unit_px

LEAST_SIGMA_PX: Final = 0.05  # narrower kernels are a single 1


@dataclass(frozen=True)
class GaussianBlur:
    """Gaussian blur of ``sigma`` units; ``taps`` cuts its kernel to so many pixels, 0 leaves it whole."""

    sigma: float
    taps: int = 0
    kind: Literal["gaussian_blur"] = "gaussian_blur"

    def apply(self, photo: Pixels) -> Pixels:
        """Blur ``photo``."""
        sigma_px = self.sigma * unit_px(*photo.shape[:2])
        if sigma_px < LEAST_SIGMA_PX:
            return photo
        return limited(cv2.GaussianBlur(photo, (self.taps, self.taps), sigma_px, borderType=cv2.BORDER_REFLECT_101))


@dataclass(frozen=True)
class BoxBlur:
    """Mean over a square of side 1 + ``width`` units; a side between two odd numbers weighs its rim by the fraction."""

    width: float
    kind: Literal["box_blur"] = "box_blur"

    def apply(self, photo: Pixels) -> Pixels:
        """Blur ``photo``."""
        width_px = self.width * unit_px(*photo.shape[:2])
        if width_px == 0:
            return photo
        kernel = box_kernel(width_px)
        return limited(cv2.sepFilter2D(photo, -1, kernel, kernel, borderType=cv2.BORDER_REFLECT_101))


@dataclass(frozen=True)
class MotionBlur:
    """Mean along a line of ``length`` units at ``angle`` radians: the camera moved while the shutter was open."""

    length: float
    angle: float
    kind: Literal["motion_blur"] = "motion_blur"

    def apply(self, photo: Pixels) -> Pixels:
        """Blur ``photo``."""
        length_px = self.length * unit_px(*photo.shape[:2])
        return photo if length_px == 0 else _filtered(photo, line_kernel(length_px, self.angle))


@dataclass(frozen=True)
class AnisotropicBlur:
    """Gaussian blur of ``along`` units at ``angle`` radians and ``across`` units at a right angle: astigmatism."""

    along: float
    across: float
    angle: float
    kind: Literal["anisotropic_blur"] = "anisotropic_blur"

    def apply(self, photo: Pixels) -> Pixels:
        """Blur ``photo``."""
        unit = unit_px(*photo.shape[:2])
        if max(self.along, self.across) * unit < LEAST_SIGMA_PX:
            return photo
        return _filtered(photo, turned_gaussian_kernel(self.along * unit, self.across * unit, self.angle))


Blur = GaussianBlur | BoxBlur | MotionBlur | AnisotropicBlur


@dataclass(frozen=True)
class BlurRanges:
    """How photos are blurred.

    Attributes:
        probability: of any blur.
        weights: of Gaussian, box, motion and anisotropic blur among each other.
        sigma: of the Gaussians, in units; an anisotropic blur draws two.
        taps: sizes to cut the kernel of the Gaussian to, each as likely; empty leaves it whole.
        width: of the box, in units beyond one pixel.
        length: of the motion, in units.
    """

    probability: float
    weights: tuple[float, float, float, float]
    sigma: Range
    taps: tuple[int, ...]
    width: Range
    length: Range

    def draw(self, rng: np.random.Generator) -> Blur:
        """One blur."""
        kind = rng.choice(4, p=np.array(self.weights) / sum(self.weights))
        angle = uniform((0, np.pi), rng)
        match kind:
            case 0:
                taps = self.taps[int(rng.integers(len(self.taps)))] if self.taps else 0
                return GaussianBlur(uniform(self.sigma, rng), taps)
            case 1:
                return BoxBlur(uniform(self.width, rng))
            case 2:
                return MotionBlur(uniform(self.length, rng), angle)
        return AnisotropicBlur(uniform(self.sigma, rng), uniform(self.sigma, rng), angle)


def box_kernel(width_px: float) -> NDArray[np.float32]:
    """Equal weights (K,) over 1 + ``width_px``, the share of a pixel at either end; sums to one."""
    reach = int(np.ceil(width_px / 2))
    kernel = np.ones(2 * reach + 1, np.float32)
    kernel[[0, -1]] = width_px / 2 - (reach - 1)
    kernel /= kernel.sum()
    return kernel


def line_kernel(length_px: float, angle: float) -> NDArray[np.float32]:
    """The share of a line of ``length_px`` that crosses each pixel, by many equal steps with linear weights."""
    reach = int(np.ceil(length_px / 2)) + 1
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1), np.float32)
    steps = np.linspace(-length_px / 2, length_px / 2, 8 * reach + 1)
    x, y = reach + steps * np.cos(angle), reach + steps * np.sin(angle)
    left, top = np.floor(x).astype(int), np.floor(y).astype(int)
    for row, column in ((0, 0), (0, 1), (1, 0), (1, 1)):
        weight = (1 - np.abs(x - left - column)) * (1 - np.abs(y - top - row))
        np.add.at(kernel, (np.minimum(top + row, 2 * reach), np.minimum(left + column, 2 * reach)), weight)
    return kernel / kernel.sum()


def turned_gaussian_kernel(along_px: float, across_px: float, angle: float) -> NDArray[np.float32]:
    """exp(-u^2 / 2 along^2 - v^2 / 2 across^2) on the grid turned by ``angle``; sums to one."""
    along_px, across_px = max(along_px, 0.2), max(across_px, 0.2)
    reach = int(np.ceil(3 * max(along_px, across_px)))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1].astype(np.float32)
    u, v = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    kernel = np.exp(-(u**2) / (2 * along_px**2) - v**2 / (2 * across_px**2))
    return np.asarray(kernel / kernel.sum(), dtype=np.float32)


def _filtered(photo: Pixels, kernel: NDArray[np.float32]) -> Pixels:
    return limited(cv2.filter2D(photo, -1, kernel, borderType=cv2.BORDER_REFLECT_101))

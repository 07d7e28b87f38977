"""Loss of sharpness: of the lens, of a cheap enlargement, of a moving hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from ops.degradation.pixels import Pixels, to_range


@dataclass(frozen=True)
class GaussianBlur:
    """Gaussian of ``sigma`` pixels, cut off at ``kernel_px`` (odd; 0 = wide enough for the whole bell).

    The reference cuts at 3, 5 or 7 pixels even where sigma is 5, which makes nearly a box of it.
    """

    sigma: float
    kernel_px: int = 0
    kind: Literal["gaussian_blur"] = "gaussian_blur"

    def apply(self, photo: Pixels) -> Pixels:
        """Blur ``photo``."""
        if self.sigma == 0:
            return photo
        return to_range(cv2.GaussianBlur(photo, (self.kernel_px, self.kernel_px), self.sigma))


@dataclass(frozen=True)
class BoxBlur:
    """Mean over a square of ``size_px`` pixels; 1 = none."""

    size_px: int
    kind: Literal["box_blur"] = "box_blur"

    def apply(self, photo: Pixels) -> Pixels:
        """Blur ``photo``."""
        return photo if self.size_px <= 1 else to_range(cv2.blur(photo, (self.size_px, self.size_px)))


@dataclass(frozen=True)
class MotionBlur:
    """Mean along a line of ``length_px`` pixels at ``angle`` radians; 0 = none."""

    length_px: float
    angle: float
    kind: Literal["motion_blur"] = "motion_blur"

    def apply(self, photo: Pixels) -> Pixels:
        """Blur ``photo``."""
        if self.length_px == 0:
            return photo
        along, across = _turned(self.length_px / 2 + 1, self.angle)
        kernel = np.clip(self.length_px / 2 + 0.5 - np.abs(along), 0, 1) * np.clip(1 - np.abs(across), 0, 1)
        return _convolve(photo, kernel)


@dataclass(frozen=True)
class AnisotropicBlur:
    """Gaussian with ``sigma_along`` the direction ``angle`` (radians) and ``sigma_across`` it, in pixels; 0 = none."""

    sigma_along: float
    sigma_across: float
    angle: float
    kind: Literal["anisotropic_blur"] = "anisotropic_blur"

    def apply(self, photo: Pixels) -> Pixels:
        """Blur ``photo``."""
        if self.sigma_along == self.sigma_across == 0:
            return photo
        along, across = _turned(3 * max(self.sigma_along, self.sigma_across), self.angle)
        widths = max(self.sigma_along, 1e-3), max(self.sigma_across, 1e-3)
        return _convolve(photo, np.exp(-0.5 * ((along / widths[0]) ** 2 + (across / widths[1]) ** 2)))


Blur = GaussianBlur | BoxBlur | MotionBlur | AnisotropicBlur


def _turned(radius: float, angle: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Coordinates along and across ``angle`` on a grid that reaches ``radius`` pixels each way."""
    reach = np.arange(-int(np.ceil(radius)), int(np.ceil(radius)) + 1)
    y, x = np.meshgrid(reach, reach, indexing="ij")
    return x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)


def _convolve(photo: Pixels, kernel: NDArray[np.float64]) -> Pixels:
    weights = (kernel / kernel.sum()).astype(np.float32)
    return to_range(cv2.filter2D(photo, -1, weights, borderType=cv2.BORDER_REFLECT_101))

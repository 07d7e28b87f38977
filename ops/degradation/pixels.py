"""The arrays that all damage works on, and the two lengths that damage is measured in.

Fine things (widths, blur, grain) are given in units of one pixel of an ordinary photo; on scans whose short side is
above 384 px a unit grows with the photo, so that a hairline on a large scan is as visible as on a small one. Broad
things (the length of a scratch, the size of a stain) are shares of the short side. JPEG and noise live in pixels.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.float32]
"""(H, W, 3) RGB in [0, 1]."""

Plane = NDArray[np.float32]
"""(H, W): a coverage in [0, 1] or a field of about [-1, 1]."""

Colour = tuple[float, float, float]
"""RGB in [0, 1]."""

Range = tuple[float, float]
"""Least and greatest value of a uniform draw."""

_ORDINARY_SIDE_PX: Final = 384
_LUMA: Final = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601, as the public code and JPEG use


def unit_px(height: int, width: int) -> float:
    """Pixels per unit of a fine length."""
    return max(1.0, min(height, width) / _ORDINARY_SIDE_PX)


def luminance(photo: Pixels) -> Plane:
    """(H, W) weighted sum of the channels."""
    return photo @ _LUMA


def limited(photo: NDArray[np.floating]) -> Pixels:
    """``photo`` cut to [0, 1], contiguous float32."""
    return np.ascontiguousarray(np.clip(photo, 0, 1), dtype=np.float32)


def uniform(limits: Range, rng: np.random.Generator) -> float:
    """One draw from ``limits``."""
    return float(rng.uniform(*limits))


def log_uniform(limits: Range, rng: np.random.Generator) -> float:
    """One draw from ``limits`` (both above 0) whose logarithm is uniform: small as often as large, in proportion."""
    return float(np.exp(rng.uniform(np.log(limits[0]), np.log(limits[1]))))


def new_seed(rng: np.random.Generator) -> int:
    """A seed for what a step draws by itself."""
    return int(rng.integers(2**31))

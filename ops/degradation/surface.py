"""The surface of the paper: linen, silk, the pits of matte paper, as a scanner's raking lamp shows them all over.

It moves no tone and has no mask: x -> x (1 + depth h) with a relief h of unit deviation that covers the whole print.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Literal

import cv2
import numpy as np

from ops.degradation.fields import smooth_field
from ops.degradation.pixels import Pixels, Plane, Range, limited, new_seed, uniform, unit_px


class Finish(Enum):
    """What was pressed into the paper."""

    MATTE = "matte"
    LINEN = "linen"
    SILK = "silk"


@dataclass(frozen=True)
class PaperSurface:
    """Relief of a print.

    Attributes:
        finish: its pattern.
        depth: standard deviation of the factor that multiplies the light.
        period: of the weave, or size of the pits, in units.
        angle: in which the paper lay under the lamp, in radians.
        seed: of its irregularities.
    """

    finish: Finish
    depth: float
    period: float
    angle: float
    seed: int
    kind: Literal["paper_surface"] = "paper_surface"

    def apply(self, photo: Pixels) -> Pixels:
        """Print ``photo`` on the paper."""
        if self.depth == 0:
            return photo
        height, width = photo.shape[:2]
        rng = np.random.default_rng(self.seed)
        period_px = self.period * unit_px(height, width)
        relief = self._pits(height, width, period_px, rng)
        if self.finish is not Finish.MATTE:
            woven = self._weave(height, width, period_px, rng)
            relief = np.float32(0.9) * woven + np.float32(0.44) * relief  # fibres lie in the pattern too
        return limited(photo * (1 + np.float32(self.depth) * relief)[..., None])

    def _weave(self, height: int, width: int, period_px: float, rng: np.random.Generator) -> Plane:
        """Unit-variance threads: two that cross for linen, three at 60 degrees for the honeycomb of silk."""
        rows = np.arange(height, dtype=np.float32)[:, None]
        columns = np.arange(width, dtype=np.float32)[None]
        waver = np.float32(0.7) * smooth_field(height, width, 8 * period_px, rng)
        turns = (0.0, np.pi / 2) if self.finish is Finish.LINEN else (0.0, np.pi / 3, 2 * np.pi / 3)
        threads = np.zeros((height, width), np.float32)
        for turn in turns:
            across = columns * np.float32(np.cos(self.angle + turn)) + rows * np.float32(np.sin(self.angle + turn))
            threads += np.cos(np.float32(2 * np.pi / period_px) * across + waver)
        return threads * np.float32((2 / len(turns)) ** 0.5)

    def _pits(self, height: int, width: int, period_px: float, rng: np.random.Generator) -> Plane:
        """Unit-variance bumps lit from one side: the slope of smoothed noise along the direction of the lamp."""
        sigma = max(0.3 * period_px, 0.5)
        bumps = cv2.GaussianBlur(rng.standard_normal((height, width), np.float32), (0, 0), sigma)
        across, down = (cv2.Sobel(bumps, cv2.CV_32F, *axis, ksize=3) for axis in ((1, 0), (0, 1)))
        slope = across * np.float32(np.cos(self.angle)) + down * np.float32(np.sin(self.angle))
        return np.asarray(slope / max(float(slope.std()), 1e-6), dtype=np.float32)


@dataclass(frozen=True)
class SurfaceRanges:
    """How rough papers are.

    Attributes:
        probability: of a surface that shows.
        shares: of matte, linen and silk.
        depth: standard deviation of the relief.
        period: of weaves, in units; pits are a third as large.
    """

    probability: float
    shares: tuple[float, float, float]
    depth: Range
    period: Range

    def draw(self, rng: np.random.Generator) -> PaperSurface:
        """One paper."""
        finish = tuple(Finish)[int(rng.choice(3, p=np.array(self.shares) / sum(self.shares)))]
        period = uniform(self.period, rng) / (3 if finish is Finish.MATTE else 1)
        return PaperSurface(finish, uniform(self.depth, rng), period, uniform((0, np.pi), rng), new_seed(rng))

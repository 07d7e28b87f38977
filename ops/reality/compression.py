"""Traces of JPEG: the seams of its blocks."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from ops.reality.luma import luma_of


def blockiness(photo: Tensor) -> float:
    """How much larger the step is across the seams of 8 px blocks than elsewhere: 0 without seams, 1 for twice.

    The seams may lie anywhere, as they do in a crop: of the eight possible phases the one with the largest mean
    |difference| is compared with the median phase, and down and across are averaged. Resized photos have no seams
    at 8 px and are not caught.
    After Wang, Sheikh and Bovik, "No-reference perceptual quality assessment of JPEG compressed images", ICIP 2002.
    """
    luma = luma_of(photo)
    return float(np.mean([_seam_excess(np.abs(np.diff(luma, axis=axis)), axis) for axis in (0, 1)]))


def _seam_excess(steps: np.ndarray, axis: int) -> float:
    lines = steps.mean(axis=1 - axis)  # one number for each place between two lines
    phases = np.array([lines[phase::8].mean() for phase in range(8)])
    middle = float(np.median(phases))
    return float(phases.max() / middle - 1) if middle > 1e-6 else 0.0

"""JPEG of a batch: over to the CPU, through OpenCV's codec photo by photo, and back.

A codec written in torch would round its coefficients otherwise than the programs whose traces are to be learnt.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from ops.degradation.jpeg import DoubleJpeg, Jpeg


def through_the_codec(photos: Tensor, steps: Sequence[Jpeg | DoubleJpeg]) -> Tensor:
    """The batch form of ``Jpeg`` and ``DoubleJpeg``: the same bytes as theirs for the same photo."""
    pixels = photos.permute(0, 2, 3, 1).cpu().numpy()
    compressed = np.stack([step.apply(photo) for photo, step in zip(pixels, steps, strict=True)])
    return torch.from_numpy(compressed).permute(0, 3, 1, 2).to(photos.device)

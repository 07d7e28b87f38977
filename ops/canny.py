"""Edges as EdgeConnect wants them: Canny's, of the brightness, never along the rim of a hole."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from skimage.feature import canny
from torch import Tensor

_LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601, on gamma-encoded RGB


def grey(photo: Tensor) -> Tensor:
    """Brightness (N, 1, H, W) of ``photo`` (N, 3, H, W), both in [0, 1]."""
    return (photo * photo.new_tensor(_LUMA)[:, None, None]).sum(dim=1, keepdim=True)


def canny_edges(brightness: Tensor, hole: Tensor | None, sigma: float) -> Tensor:
    """Canny edges (N, 1, H, W) in {0, 1}, on the CPU's time and back on the device of ``brightness``.

    Args:
        brightness: (N, 1, H, W) in [0, 1].
        hole: (N, 1, H, W) in {0, 1}; its pixels are not looked at, and there is no edge within 2 px of it. None to
            look everywhere.
        sigma: of the smoothing, in pixels.
    """
    intact = torch.ones_like(brightness) if hole is None else 1 - F.max_pool2d(hole, 5, stride=1, padding=2)
    drawn = [
        canny(plane[0].astype(np.float64), sigma=sigma, mask=seen[0] > 0.5)
        for plane, seen in zip(brightness.cpu().numpy(), intact.cpu().numpy(), strict=True)
    ]
    return torch.from_numpy(np.stack(drawn)[:, None]).to(brightness)

"""BM3D for photos whose noise nobody measured: estimate it blindly, denoise, leave defects as they are."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from ops.bm3d import OPPONENT, denoise_planes, from_opponent, to_opponent


@dataclass(frozen=True)
class BlindBm3d:
    """The restorer: BM3D with the noise of luma and of each colour difference measured on that plane itself.

    Measured apart, because silver grain is alike in the three channels of a scan: it is three times as strong in luma,
    in variance, as independent noise of the same RGB strength, and absent from the colour differences.
    """

    least_levels: float  # sigma is never taken below this, in 8-bit levels of RGB noise; 3 by habit
    most_levels: float  # nor above this; 50 by habit, where clipping makes the estimate useless

    def __call__(self, degraded: Tensor, mask: Tensor | None) -> Tensor:
        """Denoise (1, 3, H, W) in [0, 1]; ``mask`` is ignored, for BM3D cannot fill a scratch."""
        planes = to_opponent(degraded)
        sigmas = self.sigmas(planes)
        if planes[:, 1:].abs().max() < 1e-6:  # a grey photo: nothing to denoise but luma
            luma = denoise_planes(planes[:, :1], sigmas[:1])
            return luma.expand(-1, 3, -1, -1).clamp(0, 1)
        return from_opponent(denoise_planes(planes, sigmas)).clamp(0, 1)

    def sigmas(self, planes: Tensor) -> list[float]:
        """Measure the noise of luma and colour differences (1, 3, H, W), kept within the bounds, in [0, 1] units."""
        measured = []
        for index, row in enumerate(OPPONENT):
            scale = math.hypot(*row) / 255
            sigma = estimate_sigma(planes[:, index : index + 1])
            measured.append(min(max(sigma, self.least_levels * scale), self.most_levels * scale))
        return measured


def estimate_sigma(plane: Tensor) -> float:
    """Estimate the noise of one plane blindly from the median of its finest diagonal wavelet details.

        sigma = median |d| / 0.6745,   d = diagonal Daubechies-2 details, exact zeros left out

    Donoho and Johnstone, "Ideal Spatial Adaptation by Wavelet Shrinkage", 1994. Noise that clipping or smoothing has
    weakened is measured as weakened.

    Args:
        plane: (1, 1, H, W) in [0, 1].

    Returns:
        The standard deviation in [0, 1] units; 0 for a flat plane, or one too small for the wavelet.
    """
    root = math.sqrt(3)
    taps = plane.new_tensor([1 - root, root - 3, root + 3, -1 - root]) / (4 * math.sqrt(2))
    if min(plane.shape[-2:]) < len(taps):
        return 0.0
    details = F.conv2d(plane, torch.outer(taps, taps)[None, None], stride=2).abs()
    details = details[details > 1e-6]  # zero but for rounding
    return float(details.median()) / 0.674489750196082 if details.numel() else 0.0

"""What all batch forms share: one number or colour for each photo, and filters with a kernel for each photo."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from ops.degradation.pixels import LUMA, Colour

Kernel = NDArray[np.float32]
"""Weights of odd sides, (K,) along both axes or (K, L)."""


def each(values: Iterable[float], photos: Tensor) -> Tensor:
    """One number a photo as (N, 1, 1, 1), beside ``photos``."""
    return torch.tensor(list(values), dtype=torch.float32).to(photos.device)[:, None, None, None]


def each_colour(colours: Iterable[Colour], photos: Tensor) -> Tensor:
    """One colour a photo as (N, 3, 1, 1), beside ``photos``."""
    return torch.tensor(list(colours), dtype=torch.float32).to(photos.device)[:, :, None, None]


def luminance(photos: Tensor) -> Tensor:
    """(N, 1, H, W) weighted sum of the channels."""
    return (photos * photos.new_tensor(LUMA.tolist())[:, None, None]).sum(1, keepdim=True)


def gaussian_kernel(sigma_px: float, taps: int = 0) -> Kernel:
    """The weights (K,) of OpenCV's GaussianBlur for float photos: four sigma to each side, or so many taps."""
    sigma_px = max(sigma_px, 1e-3)  # OpenCV takes 0 for "choose one"; this is a single 1
    num_taps = taps or round(8 * sigma_px + 1) | 1
    return np.asarray(cv2.getGaussianKernel(num_taps, sigma_px, cv2.CV_32F)[:, 0], dtype=np.float32)


def filtered(planes: Tensor, kernels: Sequence[Kernel]) -> Tensor:
    """Weighted sums of neighbours, as OpenCV's filter2D gives them with mirrored borders.

    Args:
        planes: (N, C, H, W).
        kernels: (K, L) for each of the N; smaller ones are filled up with zeros, which weigh nothing.
    """
    reach_y, reach_x = (max(kernel.shape[axis] for kernel in kernels) // 2 for axis in (0, 1))
    weights = np.zeros((len(kernels), 1, 2 * reach_y + 1, 2 * reach_x + 1), np.float32)
    for weight, kernel in zip(weights, kernels, strict=True):
        top, left = reach_y - kernel.shape[0] // 2, reach_x - kernel.shape[1] // 2
        weight[0, top : top + kernel.shape[0], left : left + kernel.shape[1]] = kernel
    channels = planes.shape[1]
    weight_of_plane = torch.from_numpy(weights).to(planes.device).repeat_interleave(channels, dim=0)  # (NC, 1, K, L)
    rows, columns = (_mirrored(planes.shape[axis], reach) for axis, reach in ((-2, reach_y), (-1, reach_x)))
    padded = planes[..., rows.to(planes.device)[:, None], columns.to(planes.device)]
    sums = F.conv2d(padded.flatten(0, 1)[None], weight_of_plane, groups=len(weight_of_plane))  # (1, NC, H, W)
    return sums[0].unflatten(0, (-1, channels))


def filtered_along_both(planes: Tensor, kernels: Sequence[Kernel]) -> Tensor:
    """``filtered`` with (K,) down the columns, then along the rows."""
    down = filtered(planes, [kernel[:, None] for kernel in kernels])
    return filtered(down, [kernel[None] for kernel in kernels])


def _mirrored(length: int, reach: int) -> Tensor:
    """Where each of ``length`` pixels and ``reach`` to both sides are read: dcb|abcd|cba, as often as it takes."""
    period = max(2 * (length - 1), 1)
    places = torch.arange(-reach, length + reach) % period
    return torch.where(places < length, places, period - places)

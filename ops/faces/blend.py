"""Laying an enhanced face back: only the change travels, with the tone and the grain of the photo around it."""

from __future__ import annotations

import math
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional as F

from ops.faces.align import Affine, feather, lay_back

_TONE_SHARE: Final = 0.25  # sigma of the blur that separates tone from drawing, as a share of the canvas
_MEDIAN_TO_SIGMA: Final = 1.4826  # of a normal distribution


def change_of(before: Tensor, after: Tensor) -> Tensor:
    """What the enhancement drew, without what it did to the tone.

    Args:
        before: (1, 3, S, S) in [0, 1], the face as it came.
        after: the same shape and range, the enhanced face.

    Returns:
        (1, 3, S, S), the difference without its broad part, tapered to 0 outside the face; exactly 0 where both are
        equal throughout.
    """
    change, weight = after - before, feather(before.shape[-1])
    sigma = _TONE_SHARE * before.shape[-1]
    tone = _blurred(change * weight, sigma) / _blurred(weight, sigma).clamp(min=1e-3)
    return (change - tone) * weight


def size_of(change: Tensor) -> float:
    """Root mean square of a ``change`` (1, 3, S, S) within the face, in [0, 1] units."""
    weight = feather(change.shape[-1])
    return math.sqrt(float((change.square() * weight).sum() / (3 * weight.sum())))


def lost_grain(before: Tensor, after: Tensor, around: Tensor) -> float:
    """Standard deviation of the grain to give back to an enhanced face.

    Grain is what remains of the luma behind a fine high-pass, by the median, so that drawing does not count. A face is
    given back at most what it had, and at most what the photo around it has.

    Args:
        before: (1, 3, S, S), the face as it came.
        after: (1, 3, S, S), enhanced.
        around: (1, 1, S, S), 1 where ``before`` shows the surroundings of the face and not the face.
    """
    inside = feather(before.shape[-1]) > 0.5
    had, has = _grain(before, inside), _grain(after, inside)
    surroundings = _grain(before, around > 0.5)
    return math.sqrt(max(0.0, min(had, surroundings) ** 2 - has**2)) if has < had else 0.0


def blend(photo: Tensor, change: Tensor, affine: Affine, strength: float, grain: float, seed: int) -> Tensor:
    """Add ``change`` (1, 3, S, S) on the canvas of ``affine`` to ``photo`` (1, 3, H, W).

    What the photo shows finer than the canvas does, stays: only the change is enlarged.

    Args:
        photo: in [0, 1]; the face's window of a larger one will do, with the affine of that window.
        change: what to add, from ``change_of``.
        affine: from photo to canvas.
        strength: 0 adds nothing, 1 all.
        grain: standard deviation of the grain to add where the face is, the same in all channels.
        seed: of that grain.
    """
    height, width = photo.shape[-2:]
    laid = lay_back(change, affine, height, width)
    if grain > 0:
        noise = torch.randn(1, 1, height, width, generator=torch.Generator().manual_seed(seed))
        laid = laid + grain * noise * lay_back(feather(change.shape[-1]), affine, height, width)
    return (photo + strength * laid).clamp(0, 1)


def _grain(photo: Tensor, where: Tensor) -> float:
    """Robust standard deviation of the finest detail of (1, 3, S, S) where ``where`` (1, 1, S, S) is true."""
    luma = photo.mean(dim=1, keepdim=True)
    laplacian = torch.tensor([[1.0, -2.0, 1.0], [-2.0, 4.0, -2.0], [1.0, -2.0, 1.0]]) / 6  # unit gain for white noise
    detail = F.conv2d(F.pad(luma, (1, 1, 1, 1), mode="replicate"), laplacian[None, None])
    chosen = detail[where]
    return float(chosen.abs().median()) * _MEDIAN_TO_SIGMA if chosen.numel() else 0.0


def _blurred(planes: Tensor, sigma: float) -> Tensor:
    """Gaussian blur of (1, C, S, S) by ``sigma`` pixels, zeros outside."""
    reach = math.ceil(3 * sigma)
    taps = torch.exp(-0.5 * (torch.arange(-reach, reach + 1) / sigma).square())
    taps = (taps / taps.sum()).expand(planes.shape[1], 1, 1, -1)
    groups = planes.shape[1]
    across = F.conv2d(F.pad(planes, (reach, reach, 0, 0)), taps, groups=groups)
    return F.conv2d(F.pad(across, (0, 0, reach, reach)), taps.mT, groups=groups)

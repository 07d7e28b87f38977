"""The way from a face in a photo to an upright square canvas, and back."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from ops.faces.find import Points

Affine = NDArray[np.float64]
"""(2, 3): pixels of the photo to pixels of the canvas."""

CANONICAL: Final[Points] = np.array(
    [[0.383, 0.442], [0.617, 0.441], [0.500, 0.575], [0.404, 0.711], [0.597, 0.710]], np.float32
)
"""Where the landmarks lie on a canvas of side 1: a frontal face with its hair and chin, the eyes 0.234 apart."""


INSPECTED: Final = (0.24, 0.29, 0.52)
"""Left, top and side of the part of the canvas that the face inspector is shown, as tight as it was taught."""


_TAPS_PX: Final = 3  # how far beyond a pixel cubic interpolation reaches, rounding included


def alignment(landmarks: Points, canvas_px: int) -> Affine:
    """Fit the turn, scale and shift (no shear, no mirror) that lays ``landmarks`` on the canonical ones.

    Least squares over x' = a x - b y + c, y' = b x + a y + d.
    """
    x, y = landmarks[:, 0].astype(np.float64), landmarks[:, 1].astype(np.float64)
    one, zero = np.ones_like(x), np.zeros_like(x)
    rows = np.concatenate([np.stack([x, -y, one, zero], axis=1), np.stack([y, x, zero, one], axis=1)])
    target = (CANONICAL * canvas_px).astype(np.float64).T.reshape(-1)
    a, b, c, d = np.linalg.lstsq(rows, target, rcond=None)[0]
    return np.array([[a, -b, c], [b, a, d]])


def scale_of(affine: Affine) -> float:
    """Canvas pixels per photo pixel."""
    return float(np.hypot(affine[0, 0], affine[1, 0]))


def align(photo: Tensor, affine: Affine, canvas_px: int) -> Tensor:
    """Lay the face of ``photo`` (1, 3, H, W) on a canvas (1, 3, canvas_px, canvas_px); edges of the photo repeat.

    A face larger than the canvas is first averaged, so that it does not alias. Only the face's window is read.
    """
    shrink = int(max(1, 1 / scale_of(affine)))
    height, width = photo.shape[-2:]
    left, top, right, bottom = window_of(affine, canvas_px, height, width)
    reach = shrink + _TAPS_PX
    left, top = max(0, min(left, width - 1) - reach), max(0, min(top, height - 1) - reach)
    window = photo[0, :, top : bottom + reach, left : right + reach]
    pixels = window.permute(1, 2, 0).contiguous().numpy()
    if shrink > 1:
        pixels = cv2.blur(pixels, (shrink, shrink), borderType=cv2.BORDER_REPLICATE)
    flags = cv2.INTER_LINEAR if shrink > 1 else cv2.INTER_CUBIC
    local, border = within(affine, left, top), cv2.BORDER_REPLICATE
    canvas = cv2.warpAffine(pixels, local, (canvas_px, canvas_px), flags=flags, borderMode=border)
    return torch.from_numpy(canvas).permute(2, 0, 1)[None].clamp(0, 1)


def lay_back(canvas: Tensor, affine: Affine, height: int, width: int) -> Tensor:
    """Lay ``canvas`` (1, C, S, S) back into a photo's frame (1, C, height, width); 0 beyond the canvas."""
    planes = np.ascontiguousarray(canvas[0].permute(1, 2, 0).numpy())
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    laid = cv2.warpAffine(planes, affine, (width, height), flags=flags, borderMode=cv2.BORDER_CONSTANT)
    return torch.from_numpy(laid.reshape(height, width, -1)).permute(2, 0, 1)[None]


def window_of(affine: Affine, canvas_px: int, height: int, width: int) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of the part of a photo that the canvas covers."""
    corners = np.array([[0, canvas_px, 0, canvas_px], [0, 0, canvas_px, canvas_px]], np.float64)
    back = cv2.invertAffineTransform(affine)
    x, y = back[:, :2] @ corners + back[:, 2:]
    left, right = np.clip([np.floor(x.min()), np.ceil(x.max()) + 1], 0, width)
    top, bottom = np.clip([np.floor(y.min()), np.ceil(y.max()) + 1], 0, height)
    return int(left), int(top), int(right), int(bottom)


def within(affine: Affine, left: int, top: int) -> Affine:
    """The same alignment for a photo that was cut at ``left`` and ``top``."""
    moved = affine.copy()
    moved[:, 2] += affine[:, :2] @ (left, top)
    return moved


def feather(canvas_px: int) -> Tensor:
    """How much each pixel (1, 1, S, S) belongs to the face: an ellipse from brow to chin, soft at its rim."""
    axis = (torch.arange(canvas_px) + 0.5) / canvas_px
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    radius = (((x - 0.5) / 0.30).square() + ((y - 0.56) / 0.38).square()).sqrt()
    soft = ((1 - radius) / 0.35).clamp(0, 1)
    return (soft.square() * (3 - 2 * soft))[None, None]


def share_outside(affine: Affine, canvas_px: int, height: int, width: int) -> float:
    """Share of the feathered face that lies outside the photo, 0 to 1."""
    weight = feather(64)[0, 0].numpy()
    grid = (np.indices((64, 64))[::-1].reshape(2, -1).astype(np.float64) + 0.5) * canvas_px / 64
    back = cv2.invertAffineTransform(affine)
    x, y = back[:, :2] @ grid + back[:, 2:]
    is_outside = (x < 0) | (y < 0) | (x >= width) | (y >= height)
    return float(weight.reshape(-1)[is_outside].sum() / weight.sum())


def inspector_crop(canvas: Tensor, size_px: int) -> Tensor:
    """The part ``INSPECTED`` of canvases (N, 3, S, S), in the inspector's size."""
    left, top, reach = (round(share * canvas.shape[-1]) for share in INSPECTED)
    return F.interpolate(canvas[..., top : top + reach, left : left + reach], size=(size_px, size_px), mode="area")

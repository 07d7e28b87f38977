"""Masks as PNG files, out to a picture editor and back: white is damaged; what does not fit is refused."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

from ops.images import PhotoError, decode_mask, encode_png

MOST_DAMAGE: Final = 0.6
"""A mask that marks more of a photo than this is taken for one with black and white exchanged."""

_MARKED: Final = 0.5


def export_mask(mask: Tensor) -> bytes:
    """``mask`` (1, 1, H, W) in [0, 1], 1 = damaged, as an 8-bit grey PNG for any picture editor."""
    return encode_png(mask)


def import_mask(data: bytes, height: int, width: int) -> Tensor:
    """The hard mask (1, 1, H, W) in {0, 1} that a picture editor left; from mid-grey on a pixel is damaged.

    Args:
        data: the file; any format that photos may have.
        height: of the photo, in pixels.
        width: of it.

    Raises:
        PhotoError: ``mask-size``, ``mask-empty`` or ``mask-polarity``, or the file is no picture.
    """
    soft = decode_mask(data)
    if soft.shape[-2:] != (height, width):
        raise PhotoError(
            "mask-size",
            f"the mask is {soft.shape[-1]} x {soft.shape[-2]}, its photo {width} x {height}; "
            "export the mask at the photo's own size, without turning or cropping",
        )
    mask = (soft >= _MARKED).float()
    marked = float(mask.mean())
    if not marked:
        raise PhotoError(
            "mask-empty",
            f"the mask marks nothing (its brightest pixel is {round(float(soft.max()) * 255)} of 255); "
            "paint damage white, or leave the mask away if there is none",
        )
    if marked > MOST_DAMAGE:
        raise PhotoError(
            "mask-polarity",
            f"the mask marks {marked:.0%} of the photo; white means damaged, so it is probably the wrong way round: "
            "invert it",
        )
    return mask


def grown(mask: Tensor, radius_px: int) -> Tensor:
    """``mask`` (N, 1, H, W) in {0, 1} with everything within ``radius_px`` of damage, along rows and columns."""
    return torch.nn.functional.max_pool2d(mask, 2 * radius_px + 1, stride=1, padding=radius_px)

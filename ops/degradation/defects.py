"""Structured damage as one type, and its masks: which pixels it changed, and how much."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final

import numpy as np
from pydantic import Discriminator

from ops.degradation.cracks import Crack, Craquelure
from ops.degradation.edges import TornEdge, WornEdge
from ops.degradation.folds import Crease, Fold
from ops.degradation.lost_picture import EmulsionLoss, Hole
from ops.degradation.pixels import Pixels, Plane
from ops.degradation.scratches import RunningLine, Scratch, Scuff
from ops.degradation.specks import Dust, Hair, Spot
from ops.degradation.stains import Foxing, Stain, Tape
from ops.degradation.texture_scans import ScannedTexture

Defect = Annotated[
    Scratch
    | Scuff
    | RunningLine
    | Crack
    | Fold
    | Crease
    | Craquelure
    | Dust
    | Hair
    | Spot
    | Stain
    | Foxing
    | Tape
    | TornEdge
    | WornEdge
    | EmulsionLoss
    | Hole
    | ScannedTexture,
    Discriminator("shape"),
]
"""One defect; each has ``apply(photo) -> photo`` on (H, W, 3) in [0, 1] and its class in ``shape``."""

TOLERANCE: Final = 2 / 255
"""A pixel is damaged if one of its channels changed by more than this."""

WHOLE_CHANGE: Final = 48 / 255
"""A change from which a pixel counts as wholly damaged: little of what was there can be read through it."""


def damaged(photo: Pixels, defects: Sequence[Defect]) -> tuple[Pixels, Plane, dict[str, Plane]]:
    """Apply ``defects`` one after another; return the photo, the union mask and one mask a class.

    The union compares the photo before the first defect and after the last, a class mask before and after each of its
    defects. Both are ``change_mask``. What a defect did outside its mask, the last breath of a soft skirt, is taken
    back, so a mask covers exactly what changed: outside, the photo is the photo, bit for bit.
    """
    masks: dict[str, Plane] = {}
    now = photo
    for defect in defects:
        before, after = now, defect.apply(now)
        mask = change_mask(before, after)
        now = np.where(mask[..., None] > 0, after, before)
        name = defect.shape.value
        masks[name] = np.maximum(masks[name], mask) if name in masks else mask
    union = change_mask(photo, now)
    return np.where(union[..., None] > 0, now, photo), union, masks


def change_mask(before: Pixels, after: Pixels) -> Plane:
    """(H, W) in [0, 1]: 0 where no channel changed by more than ``TOLERANCE``, 1 from ``WHOLE_CHANGE`` on.

    Between the two it is the greatest change of a channel in units of ``WHOLE_CHANGE``: soft where the damage is soft.
    """
    red, green, blue = np.moveaxis(np.abs(after - before), 2, 0)
    change = np.maximum(np.maximum(red, green), blue)  # ten times as fast as a maximum over the short last axis
    return np.where(change > TOLERANCE, np.minimum(change / WHOLE_CHANGE, 1), 0).astype(np.float32)

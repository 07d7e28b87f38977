"""Defects as their masks show them: how much they cover, how many there are, how thick and long."""

from __future__ import annotations

import cv2
import numpy as np
import pandas as pd
from torch import Tensor

_DAMAGED = 0.5
_LINE_RATIO = 4.0  # a shape counts as a line when it is four times as long as it is thick


def mask_statistics(mask: Tensor) -> dict[str, float]:
    """One row for ``mask`` (1, 1, H, W) in [0, 1], damaged above 0.5; lengths in pixels.

    ``coverage`` is a share of the area, ``defects`` a count; ``line thickness`` is the median over the shapes that
    are four times as long as thick, ``speck size`` over the others, NaN without any.
    """
    shapes = defect_shapes(mask)
    is_line = shapes["length_px"] > _LINE_RATIO * shapes["thickness_px"]
    return {
        "coverage": float((mask > _DAMAGED).float().mean()),
        "defects": float(len(shapes)),
        "line share": float(is_line.mean()) if len(shapes) else float("nan"),
        "line thickness": float(shapes.loc[is_line, "thickness_px"].median()),
        "speck size": float(shapes.loc[~is_line, "thickness_px"].median()),
    }


def defect_shapes(mask: Tensor) -> pd.DataFrame:
    """A row for every connected shape of ``mask`` (1, 1, H, W): ``area_px``, ``thickness_px``, ``length_px``.

    The thickness is twice the greatest distance to the outside, less the one pixel that a distance between pixel
    centres counts too much (Borgefors 1986, Euclidean instead of chamfer); the length is area over thickness.
    """
    damaged = (mask[0, 0].numpy() > _DAMAGED).astype(np.uint8)
    count, labels, facts, _ = cv2.connectedComponentsWithStats(damaged, connectivity=8)
    framed = cv2.copyMakeBorder(damaged, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    depth = cv2.distanceTransform(framed, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[1:-1, 1:-1]
    deepest = np.zeros(count)
    np.maximum.at(deepest, labels, depth)
    area = facts[1:, cv2.CC_STAT_AREA].astype(np.float64)
    thickness = 2 * deepest[1:] - 1
    return pd.DataFrame({"area_px": area, "thickness_px": thickness, "length_px": area / thickness})

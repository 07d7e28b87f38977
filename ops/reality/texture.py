"""Patch statistics of natural photos that damage disturbs; they mean little alone and sharpen the judge."""

from __future__ import annotations

import cv2
import numpy as np
from torch import Tensor

from ops.reality.luma import Plane, luma_of


def normalised_contrast(photo: Tensor) -> Plane:
    """Luma less its local mean over its local deviation (sigma 7/6 px), a plane of about unit variance.

    Ruderman 1994; Mittal, Moorthy and Bovik, "No-reference image quality assessment in the spatial domain" (BRISQUE),
    TIP 2012, equations 1 to 3, with its constant of one 8-bit level.
    """
    luma = luma_of(photo)
    mean = cv2.GaussianBlur(luma, (0, 0), 7 / 6)
    variance = np.maximum(cv2.GaussianBlur(luma**2, (0, 0), 7 / 6) - mean**2, 0)
    return (luma - mean) / (np.sqrt(variance) + 1 / 255)


def patch_statistics(photo: Tensor) -> dict[str, float]:
    """Spread and tails of the normalised contrast, its correlation with each neighbour, and the local deviations.

    Local deviations are those of 8 px patches, in 8-bit levels, at three quantiles: flat places, middle, busy places.
    """
    normal = normalised_contrast(photo)
    power = float((normal**2).mean()) + 1e-9
    luma = luma_of(photo)
    mean = cv2.blur(luma, (8, 8))
    deviation = 255 * np.sqrt(np.maximum(cv2.blur(luma**2, (8, 8)) - mean**2, 0))[4::8, 4::8]
    flat, middle, busy = (float(value) for value in np.quantile(deviation, (0.1, 0.5, 0.9)))
    return {
        "normalised spread": float(np.sqrt(power)),
        "normalised tails": float((normal**4).mean()) / power**2,
        "neighbour across": float((normal[:, 1:] * normal[:, :-1]).mean()) / power,
        "neighbour below": float((normal[1:] * normal[:-1]).mean()) / power,
        "neighbour diagonal": float((normal[1:, 1:] * normal[:-1, :-1]).mean()) / power,
        "deviation, flat": flat,
        "deviation, middle": middle,
        "deviation, busy": busy,
    }

"""From defect probabilities to the mask that decides what is repainted."""

from __future__ import annotations

from typing import Final

from torch import Tensor
from torch.nn import functional as F

REACH_PX: Final = 6
"""How far a sure pixel vouches for unsure ones."""


def mark(defect_prob: Tensor, threshold: float, sure: float) -> Tensor:
    """The soft mask (N, 1, H, W): the probability where it is above ``threshold`` and reaches ``sure`` nearby, else 0.

    A crack is sure somewhere along its way and unsure at its rim; a bright forehead or a shirt is unsure all over.
    Hysteresis as Canny's ("A Computational Approach to Edge Detection", 1986), but within ``REACH_PX`` instead of along
    connected pixels, so that tiles which see as much further agree with the whole photo. A ``sure`` below the threshold
    changes nothing. What it costs and saves: docs/decisions/0014.
    """
    mask = defect_prob * (defect_prob > threshold)
    if sure <= threshold:
        return mask
    return mask * grown((defect_prob >= sure).to(mask.dtype), REACH_PX)


def grown(mask: Tensor, margin_px: int) -> Tensor:
    """``mask`` (N, 1, H, W), everywhere its greatest value within ``margin_px`` rows and columns."""
    return F.max_pool2d(mask, 2 * margin_px + 1, stride=1, padding=margin_px) if margin_px else mask

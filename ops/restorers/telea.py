"""What a practitioner tries first: OpenCV's inpainting under the detected mask, nothing learnt.

Telea, "An Image Inpainting Technique Based on the Fast Marching Method", Journal of Graphics Tools 2004.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import torch
from torch import Tensor


@dataclass(frozen=True)
class Telea:
    """The restorer: fills the marked pixels from their rim inwards and leaves every other pixel as it is.

    ``radius_px`` is the neighbourhood that a filled pixel is made of; 3 in OpenCV's own examples.
    """

    radius_px: float = 3.0

    def __call__(self, degraded: Tensor, mask: Tensor | None) -> Tensor:
        """Restore ``degraded`` (1, 3, H, W) in [0, 1]; all that ``mask`` (1, 1, H, W) marks at all is filled.

        OpenCV inpaints 8 bits a channel, so filled pixels are whole levels of 1/255.
        """
        if mask is None or not bool((mask > 0).any()):
            return degraded
        levels = (degraded[0].permute(1, 2, 0) * 255).round().to(torch.uint8).contiguous().numpy()
        marked = (mask[0, 0] > 0).to(torch.uint8).numpy()
        filled = torch.from_numpy(cv2.inpaint(levels, marked, self.radius_px, cv2.INPAINT_TELEA))
        return torch.where(mask > 0, filled.permute(2, 0, 1)[None].to(degraded.dtype) / 255, degraded)

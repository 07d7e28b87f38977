"""EdgeConnect on one photo: the edges of the intact part, those in the hole, then the paint between them."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from models.baselines.edge_connect import EdgeGenerator, InpaintGenerator
from models.blocks import pad_to_multiple
from ops.canny import canny_edges, grey

_MULTIPLE_PX = 4
_LEAST_PX = 16  # the networks pad by reflection at a quarter of the size


class EdgeConnect:
    """The restorer: repaints what the mask calls damaged and leaves every other pixel as it is, bit by bit."""

    def __init__(self, edge_model: EdgeGenerator, completion: InpaintGenerator, canny_sigma: float) -> None:
        self.edge_model = edge_model.eval()
        self.completion = completion.eval()
        self.canny_sigma = canny_sigma

    @torch.inference_mode()
    def __call__(self, degraded: Tensor, mask: Tensor | None) -> Tensor:
        """Repaint ``degraded`` (1, 3, H, W) in [0, 1] where ``mask`` (1, 1, H, W) is 0.5 or more."""
        if mask is None or not (mask >= 0.5).any():
            return degraded.clone()
        height, width = degraded.shape[-2:]
        hole = (mask >= 0.5).float()
        photo, framed = _framed(degraded), _framed(hole)
        known = canny_edges(grey(photo), framed, self.canny_sigma)
        edges = complete_edges(self.edge_model, photo, known, framed)
        painted = self.completion(photo, edges, framed)[..., :height, :width]
        return torch.where(hole.bool(), painted, degraded)


@torch.no_grad()
def complete_edges(edge_model: EdgeGenerator, photo: Tensor, known: Tensor, hole: Tensor) -> Tensor:
    """The ``known`` edges outside the hole and what ``edge_model`` draws inside; all (N, 1, H, W), in [0, 1]."""
    drawn = edge_model(grey(photo), known, hole).float()
    return torch.where(hole.bool(), drawn, known)


def _framed(photo: Tensor) -> Tensor:
    """Continued by its edge to sides that the networks take."""
    short = [max(0, _LEAST_PX - side) for side in photo.shape[-2:]]
    return pad_to_multiple(F.pad(photo, (0, short[1], 0, short[0]), mode="replicate"), _MULTIPLE_PX)

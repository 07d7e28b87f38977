"""The one form every restoration method takes."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor


class Restorer(Protocol):
    """Restores one photo: ours, a baseline, or a composition of both.

    A restorer keeps no memory between photos: the same photo and mask give the same result in any order.
    """

    def __call__(self, degraded: Tensor, mask: Tensor | None) -> Tensor:
        """Restore a photo.

        Args:
            degraded: (1, 3, H, W) RGB in [0, 1], any size.
            mask: (1, 1, H, W) in [0, 1], 1 = damaged, may be soft; None when nobody looked for defects.

        Returns:
            The restored photo, same shape and range.
        """
        ...

"""One restorer behind another, such as the report's Sequential: BM3D for the noise, then EdgeConnect for the holes."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from ops.restorers.restorer import Restorer


@dataclass(frozen=True)
class Sequential:
    """Restores by ``first`` and its result by ``second``.

    Both get the mask that was found on the degraded photo itself: a denoiser smears scratches until no detector finds
    them.
    """

    first: Restorer
    second: Restorer

    def __call__(self, degraded: Tensor, mask: Tensor | None) -> Tensor:
        """Restore ``degraded`` (1, 3, H, W) in [0, 1] under ``mask`` (1, 1, H, W)."""
        return self.second(self.first(degraded, mask), mask)

"""A method that is not told where the defects are."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from ops.restorers.restorer import Restorer


@dataclass(frozen=True)
class WithoutMask:
    """Restores by ``restorer`` as if nobody had looked for defects: what the mask alone is worth to it."""

    restorer: Restorer

    def __call__(self, degraded: Tensor, mask: Tensor | None) -> Tensor:
        """Restore ``degraded`` (1, 3, H, W) in [0, 1]; ``mask`` is withheld."""
        return self.restorer(degraded, None)

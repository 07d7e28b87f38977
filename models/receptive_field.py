"""How far a network sees, in samples to each side: what a tile must know around the part that it contributes.

Both rules are upper bounds over the positions that a sample can have in the coarser grid. Convolutions and residual
blocks simply add their radius; the properties ``reach_px`` and ``reach_cells`` of the networks put it together.
"""

from __future__ import annotations


def reach_of_halved(reach: int) -> int:
    """Reach in the finer grid of what sees ``reach`` samples of a grid halved by a kernel of 3 or 4 at stride 2."""
    return 2 * reach + 2


def reach_of_doubled(reach: int) -> int:
    """Reach in the coarser grid of what sees ``reach`` samples of a grid doubled by a kernel of 4, or bilinearly."""
    return reach // 2 + 1

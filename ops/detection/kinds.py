"""The kinds of damage that are told apart in a photo, and which kind a synthetic pair has where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import torch
from torch import Tensor

from ops import large_tensors
from ops.degradation.shapes import Shape


class Kind(StrEnum):
    """What an archivist would sort damage by. The value names it in records and pictures."""

    SCRATCH = "scratch"
    CRACK = "crack"
    SPECK = "speck"
    STAIN = "stain"
    LOSS = "loss"
    EDGE = "edge"


KINDS: Final = tuple(kind.value for kind in Kind)

KIND_OF: Final = {
    Shape.SCRATCH: Kind.SCRATCH,
    Shape.SCUFF: Kind.SCRATCH,
    Shape.RUNNING_LINE: Kind.SCRATCH,
    Shape.CRACK: Kind.CRACK,
    Shape.FOLD: Kind.CRACK,
    Shape.CREASE: Kind.CRACK,
    Shape.CRAQUELURE: Kind.CRACK,
    Shape.DUST: Kind.SPECK,
    Shape.HAIR: Kind.SPECK,
    Shape.SPOT: Kind.SPECK,
    Shape.STAIN: Kind.STAIN,
    Shape.FOXING: Kind.STAIN,
    Shape.TAPE: Kind.STAIN,
    Shape.HOLE: Kind.LOSS,
    Shape.EMULSION_LOSS: Kind.LOSS,
    Shape.TORN_EDGE: Kind.EDGE,
    Shape.WORN_EDGE: Kind.EDGE,
}
"""The kind of each class of synthetic damage. A scanned texture can hold any of them and has none."""


@dataclass(frozen=True)
class FoundKinds:
    """What kind the damage of a photo is.

    Attributes:
        names: of the kinds.
        numbers: (1, 1, H, W), k where a marked pixel is taken for ``names[k - 1]``, 0 where nothing is marked.
        shares: of all pixels, by name.
    """

    names: tuple[str, ...]
    numbers: Tensor
    shares: Mapping[str, float]

    def forgotten(self) -> FoundKinds:
        """The same kinds, of a photo on which nothing is marked."""
        return FoundKinds(self.names, large_tensors.zeros(*self.numbers.shape), dict.fromkeys(self.names, 0.0))


def kind_planes(class_masks: Mapping[str, Tensor], height: int, width: int) -> Tensor:
    """Which kinds each pixel has, (1, kinds, H, W) in [0, 1]: 1 over all kinds in sum, or 0 where there is none.

    ``class_masks`` maps classes of damage to masks (1, 1, H, W); where classes overlap each counts by its mask.
    """
    planes = torch.zeros(1, len(KINDS), height, width)
    for name, mask in class_masks.items():
        kind = KIND_OF.get(Shape(name))
        if kind is not None:
            planes[:, KINDS.index(kind)] += mask[:, 0]
    return planes / planes.sum(dim=1, keepdim=True).clamp(min=1e-6)

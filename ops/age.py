"""Which photos are left as they are: on one that looks sound all over, a few marks are most likely a mistake."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from models.age import AgeReader
from ops.network_layout import laid_out

LOOK_PX: Final = 128
"""Side of a window that the reader looks at; of a smaller photo it sees the whole shorter side."""

_MOST_WINDOWS: Final = 4  # along each side


@dataclass(frozen=True)
class AgeVerdict:
    """What a photo looks like as a whole, and what follows from that.

    Attributes:
        aged_prob: how likely it has aged, in [0, 1].
        is_sound: whether it is to be left as it is to the last bit: marks, tone, faces and all.
        held_back: share of its pixels that are marked but do not count; 0 if it is not sound, or nothing is marked.
    """

    aged_prob: float
    is_sound: bool
    held_back: float

    @property
    def facts(self) -> Mapping[str, float]:
        """For the record."""
        return {
            "aged_prob": self.aged_prob,
            "is_sound": float(self.is_sound),
            "held_back_fraction": self.held_back,
        }


class AgeRule:
    """An age reader ready for photos of any size, and from when on it is believed (docs/decisions/0023).

    Args:
        reader: says how aged a window looks.
        least_prob: of having aged, from which on a photo is restored.
        telling_share: of marked pixels, from which on any photo is: hardly a mistake marks as many.
        device: a torch device.
    """

    def __init__(self, reader: AgeReader, least_prob: float, telling_share: float, device: str = "cpu") -> None:
        self.reader = laid_out(reader, device)
        self.least_prob = least_prob
        self.telling_share = telling_share
        self.device = device

    @property
    def recipe(self) -> str:
        """The rule as the record names it."""
        return f"age={self.least_prob:g}/{self.telling_share:g}"

    def __call__(self, old: Tensor, marked: float) -> AgeVerdict:
        """Judge ``old`` (1, 3, H, W) in [0, 1], of which the share ``marked`` of the pixels is marked."""
        prob = self.aged_prob(old)
        is_sound = prob < self.least_prob and marked < self.telling_share
        return AgeVerdict(prob, is_sound, marked if is_sound else 0.0)

    @torch.inference_mode()
    def aged_prob(self, old: Tensor) -> float:
        """How likely ``old`` (1, 3, H, W) has aged: by the less aged half of up to sixteen windows spread over it.

        Age is everywhere in a photo, and what lies out of focus looks like it. The windows are seen at the photo's own
        size, so a larger one costs no more, and tiles play no part.
        """
        height, width = old.shape[-2:]
        side = min(LOOK_PX, height, width)
        logits = [
            self.reader(old[..., top : top + side, left : left + side].to(self.device))
            for top in _spread(height, side)
            for left in _spread(width, side)
        ]
        least = torch.cat(logits).sort().values[: (len(logits) + 1) // 2]
        return float(least.mean().sigmoid())


def _spread(length: int, side: int) -> list[int]:
    """Where windows of ``side`` begin along ``length``: as many as fit without overlap, at most ``_MOST_WINDOWS``."""
    count = min(_MOST_WINDOWS, length // side)
    if count == 1:
        return [(length - side) // 2]
    return [number * (length - side) // (count - 1) for number in range(count)]

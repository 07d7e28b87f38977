"""How aged a photo looks: soft, grainy, compressed or faded all over, whatever stands in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn

_LEAST_VARIANCE: Final = 1e-6  # the root of nothing has no slope


@dataclass(frozen=True)
class AgeConfig:
    """Sizes of the reader.

    Attributes:
        widths: channels of its three maps, finest first, at a half, a quarter and an eighth of the photo.
        hidden: width of the layer that decides.
    """

    widths: tuple[int, int, int]
    hidden: int


class AgeReader(nn.Module):
    """Judges a window of a photo as a whole: the mean and the deviation of what each filter finds anywhere in it.

    It does not know where anything is, so it can tell the grain of a window but not whether a line in it is a scratch.
    Not part of the published method, which asks each place by itself (docs/decisions/0023).
    """

    def __init__(self, config: AgeConfig) -> None:
        super().__init__()
        self.config = config
        fine, middle, coarse = config.widths
        self.look = nn.Sequential(
            nn.Conv2d(3, fine, 5, stride=2, padding=2), nn.ReLU(),
            nn.Conv2d(fine, fine, 3, padding=1), nn.ReLU(),
            nn.Conv2d(fine, middle, 3, stride=2, padding=1), nn.ReLU(),
            nn.Conv2d(middle, middle, 3, padding=1), nn.ReLU(),
            nn.Conv2d(middle, coarse, 3, stride=2, padding=1), nn.ReLU(),
        )  # fmt: skip
        self.decide = nn.Sequential(nn.Linear(2 * coarse, config.hidden), nn.ReLU(), nn.Linear(config.hidden, 1))

    def forward(self, window: Tensor) -> Tensor:
        """Logits (N,) that each ``window`` (N, 3, h, w) in [0, 1] has aged; trained on sides of about a hundred."""
        found = self.look(2 * window - 1).float()
        deviation = (found.var(dim=(-2, -1), correction=0) + _LEAST_VARIANCE).sqrt()
        return self.decide(torch.cat([found.mean(dim=(-2, -1)), deviation], dim=1)).float()[:, 0]

"""How networks lie in memory while they are trained."""

from __future__ import annotations

import torch
from torch import nn


def channels_last(*networks: nn.Module) -> None:
    """Lay the weights of ``networks`` out with the channels of a pixel side by side.

    It is what makes bfloat16 pay on a CPU, and depthwise convolutions in float32 a quarter faster.
    """
    for network in networks:
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

"""How the numbers of a network lie in memory when it restores."""

from __future__ import annotations

from typing import TypeVar

import torch
from torch import nn

N = TypeVar("N", bound=nn.Module)


def laid_out(network: N, device: str) -> N:
    """Ready to restore: channels last, as convolutions of few channels are fastest (docs/decisions/0008)."""
    network.eval().to(device)
    for parameter in network.parameters():
        if parameter.ndim == 4:
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
    return network

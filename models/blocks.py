"""Residual blocks and sampling layers: only what two or more networks share."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from enum import Enum
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Norm(Enum):
    """What normalises the features between convolutions.

    ``INSTANCE`` is what the published networks use. Without affine parameters it erases the exposure, contrast and
    tint of a photo, and its statistics depend on the tile. ``NONE`` keeps both tone and tiles exact.
    """

    NONE = "none"
    INSTANCE = "instance"

    def layer(self, channels: int) -> nn.Module:
        """The layer for a feature map of ``channels``."""
        return nn.InstanceNorm2d(channels) if self is Norm.INSTANCE else nn.Identity()


class ResidualBlock(nn.Module):
    """x + conv(relu(conv(x))), 3x3 each, with the chosen norm behind both convolutions.

    Without a norm the second convolution starts at zero, so that a deep stack starts as the identity and trains at
    the learning rates of a normalised one (Zhang et al., "Fixup Initialization", ICLR 2019, section 3).
    """

    def __init__(self, channels: int, norm: Norm, padding_mode: Literal["replicate", "zeros"] = "replicate") -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1, padding_mode=padding_mode),
            norm.layer(channels),
            nn.ReLU(),
            nn.Conv2d(channels, channels, 3, padding=1, padding_mode=padding_mode),
            norm.layer(channels),
        )
        if norm is Norm.NONE:
            silent(self.body[3])

    def forward(self, features: Tensor) -> Tensor:
        """Map (N, C, h, w) to (N, C, h, w)."""
        return features + self.body(features)


class BlurPool(nn.Module):
    """Halves a feature map behind a [1 2 1] x [1 2 1] low-pass, so that thin lines do not flicker with their position.

    Zhang, "Making Convolutional Networks Shift-Invariant Again", ICML 2019. Fixed weights, one filter per channel.
    """

    kernel: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        tap = torch.tensor([1.0, 2.0, 1.0])
        kernel = torch.outer(tap, tap) / 16
        self.register_buffer("kernel", kernel.expand(channels, 1, 3, 3).clone(), persistent=False)

    def forward(self, features: Tensor) -> Tensor:
        """Map (N, C, h, w) to (N, C, ceil(h / 2), ceil(w / 2))."""
        padded = F.pad(features, (1, 1, 1, 1), mode="replicate")
        return F.conv2d(padded, self.kernel.to(features.dtype), stride=2, groups=features.shape[1])


def silent(layer: nn.Module) -> nn.Module:
    """Zero all weights of ``layer``, so that at first only what runs beside it is heard."""
    for parameter in layer.parameters():
        nn.init.zeros_(parameter)
    return layer


def identity_convolution(inputs: int, outputs: int) -> nn.Conv2d:
    """A 1x1 convolution that starts by passing on the channels that both sides have."""
    convolution = nn.Conv2d(inputs, outputs, 1)
    silent(convolution)
    with torch.no_grad():
        convolution.weight.copy_(torch.eye(outputs, inputs)[:, :, None, None])
    return convolution


def in_full_precision(layer: nn.Conv2d, features: Tensor) -> Tensor:
    """Apply ``layer`` in the precision of its weights, also under autocast.

    For the 1x1 convolutions that carry pixels past a network: bfloat16 would round each of them to 1/256.
    """
    with full_precision(features.device):
        return layer(features.to(layer.weight.dtype))


def full_precision(device: torch.device) -> AbstractContextManager[object]:
    """No autocast on ``device`` within; devices that know none, such as "meta" where costs are counted, are left."""
    if not torch.amp.is_autocast_available(device.type):
        return nullcontext()
    return torch.autocast(device.type, enabled=False)


def pad_to_multiple(photo: Tensor, multiple: int) -> Tensor:
    """Repeat the right and bottom edge of (N, C, H, W) until both sides are multiples of ``multiple``."""
    height, width = photo.shape[-2:]
    return F.pad(photo, (0, -width % multiple, 0, -height % multiple), mode="replicate")

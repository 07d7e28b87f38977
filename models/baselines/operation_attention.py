"""Operation-wise attention: eight kinds of filter side by side, weighted anew for every photo.

Suganuma, Liu, Okatani, "Attention-Based Adaptive Selection of Operations for Image Restoration in the Presence of
Unknown Combined Distortions", CVPR 2019.

The weights come from a mean over the whole input, so the net must see tiles of the size it was trained on: run untiled
on large photos, the authors' own weights do worse than doing nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class OperationAttentionConfig:
    """Sizes; the authors' are 16, 10, 4.

    Attributes:
        width: channels throughout.
        num_groups: groups of layers that share one look at the photo.
        layers_per_group: operation layers of a group.
    """

    width: int
    num_groups: int
    layers_per_group: int


class OperationAttentionNetwork(nn.Module):
    """Maps a degraded photo (N, 3, H, W) in [0, 1] to a restored one, roughly in [0, 1]: nothing bounds the output.

    A 3x3 convolution and four depthwise residual blocks, the groups, a 3x3 convolution; no norm, no bias in any
    convolution, no path around the whole.
    """

    def __init__(self, config: OperationAttentionConfig) -> None:
        super().__init__()
        w = config.width
        self.head = nn.Sequential(nn.Conv2d(3, w, 3, padding=1, bias=False), *(_ResidualBlock(w) for _ in range(4)))
        self.groups = nn.ModuleList(OperationGroup(w, config.layers_per_group) for _ in range(config.num_groups))
        self.to_rgb = nn.Conv2d(w, 3, 3, padding=1, bias=False)

    def forward(self, degraded: Tensor) -> Tensor:
        """Restore ``degraded``, any size, best the size trained on."""
        features = self.head(degraded)
        for group in self.groups:
            features = group(features)
        return self.to_rgb(features)


class OperationGroup(nn.Module):
    """Layers of eight operations o_k each, whose weights depend on the group's input x.

    a = softmax_k(W2 relu(W1 mean(x))),   y_0 = relu(conv1(x)),
    y_l = relu(y_{l-1} + relu(conv1(cat_k a_{l,k} o_k(y_{l-1})))).
    """

    def __init__(self, width: int, num_layers: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(_operations(width) for _ in range(num_layers))
        num_operations = len(_operations(width))
        hidden = 2 * num_layers * num_operations
        self.attention = nn.Sequential(
            nn.Linear(width, hidden),
            nn.ReLU(),
            nn.Linear(hidden, num_layers * num_operations),
            nn.Unflatten(1, (num_layers, num_operations)),
            nn.Softmax(dim=-1),
        )
        self.enter = nn.Sequential(_pointwise(width, width), nn.ReLU())
        self.mixes = nn.ModuleList(
            nn.Sequential(_pointwise(num_operations * width, width), nn.ReLU()) for _ in range(num_layers)
        )

    def weigh(self, features: Tensor) -> Tensor:
        """Weights (N, layers, 8) of the operations for ``features`` (N, width, h, w); each layer's sum to 1."""
        return self.attention(features.mean(dim=(-2, -1)))

    def forward(self, features: Tensor) -> Tensor:
        """Map (N, width, h, w) to the same shape."""
        weights = self.weigh(features)[..., None, None, None]  # (N, layers, 8, 1, 1, 1)
        features = self.enter(features)
        for index, (operations, mix) in enumerate(zip(self.layers, self.mixes, strict=True)):
            assert isinstance(operations, nn.ModuleList)
            seen = [weights[:, index, k] * operation(features) for k, operation in enumerate(operations)]
            features = torch.relu(features + mix(torch.cat(seen, dim=1)))
        return features


class _ResidualBlock(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.body = nn.Sequential(_depthwise(width, 3), nn.ReLU(), _depthwise(width, 3))

    def forward(self, features: Tensor) -> Tensor:
        """Map (N, width, h, w) to the same shape."""
        return torch.relu(features + self.body(features))


def _operations(width: int) -> nn.ModuleList:
    """Separable convolutions twice over, dilated separable ones, and a mean."""
    return nn.ModuleList(
        [
            *(_separable_twice(width, kernel) for kernel in (1, 3, 5, 7)),
            *(nn.Sequential(_depthwise(width, kernel, 2), _pointwise(width, width)) for kernel in (3, 5, 7)),
            nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False),
        ]
    )


def _separable_twice(width: int, kernel: int) -> nn.Sequential:
    halves = [nn.Sequential(_depthwise(width, kernel), _pointwise(width, width)) for _ in range(2)]
    return nn.Sequential(halves[0], nn.ReLU(), halves[1])


def _depthwise(width: int, kernel: int, dilation: int = 1) -> nn.Conv2d:
    reach = dilation * (kernel // 2)
    return nn.Conv2d(width, width, kernel, padding=reach, dilation=dilation, groups=width, bias=False)


def _pointwise(inputs: int, outputs: int) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 1, bias=False)

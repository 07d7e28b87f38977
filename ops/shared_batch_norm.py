"""Batch normalisation over the photos of all training processes, so that their number does not change a training.

torch's own ``SyncBatchNorm`` refuses tensors on the CPU, where ours is tested; it serves every device instead.
"""

from __future__ import annotations

from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch import distributed as dist
from torch.nn.modules.batchnorm import _BatchNorm

from ops.processes import mean_of_all, part_here

N = TypeVar("N", bound=nn.Module)


def share_batch_norm(network: N) -> N:
    """Let every batch norm inside ``network`` see all processes; alone, everything stays as it is."""
    if dist.is_initialized():
        for module in network.modules():
            for name, child in module.named_children():
                if isinstance(child, _BatchNorm):
                    setattr(module, name, SharedBatchNorm(child))
    return network


class SharedBatchNorm(_BatchNorm):
    """(x - E[x]) / sqrt(Var[x] + eps) * weight + bias, mean and variance over all processes, each with as many photos.

    Ioffe and Szegedy, "Batch Normalization", ICML 2015, algorithm 1. It takes over the parameters and running
    statistics of ``alone``; their names stay, so a checkpoint fits both.
    """

    def __init__(self, alone: _BatchNorm) -> None:
        super().__init__(alone.num_features, alone.eps, alone.momentum, alone.affine, alone.track_running_stats)
        self.weight, self.bias = alone.weight, alone.bias
        self.running_mean, self.running_var = alone.running_mean, alone.running_var
        self.num_batches_tracked = alone.num_batches_tracked
        self.train(alone.training)

    def forward(self, features: Tensor) -> Tensor:
        """Normalise (N, C, ...); outside training as a batch norm of its own does."""
        if not self.training:
            return super().forward(features)
        axes = [0, *range(2, features.dim())]
        values = features.float()
        mean = _Mean.apply(values.mean(axes, keepdim=True))  # (1, C, 1, ...)
        centred = values - mean
        variance = _Mean.apply(centred.square().mean(axes, keepdim=True))
        self._follow(mean, variance, part_here().count * features.numel() // self.num_features)
        normalised = centred * (variance + self.eps).rsqrt()
        if self.affine:
            normalised = normalised * self.weight.view(mean.shape) + self.bias.view(mean.shape)
        return normalised.to(features.dtype)

    def _follow(self, mean: Tensor, variance: Tensor, count: int) -> None:
        """Move the running statistics; the variance is that of ``count - 1`` degrees of freedom, as torch keeps it."""
        if self.running_mean is None or self.running_var is None or self.num_batches_tracked is None:
            return
        assert self.momentum is not None, "no network here averages its statistics over all batches"
        with torch.no_grad():
            self.running_mean.lerp_(mean.flatten(), self.momentum)
            self.running_var.lerp_(variance.flatten() * count / max(1, count - 1), self.momentum)
            self.num_batches_tracked += 1

    def _check_input_dim(self, features: Tensor) -> None:
        """Any number of axes is welcome."""


class _Mean(torch.autograd.Function):
    """The mean over all processes; each gets the mean of their gradients, as the mean of their losses demands."""

    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:  # noqa: ANN401
        """The mean."""
        return mean_of_all(values)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:  # noqa: ANN401  # type: ignore[override]
        """Its gradient."""
        return mean_of_all(gradient)

"""What one of several training processes knows of the others: its part of every batch, sums and means over all.

A process of its own is the whole: every function here then gives back what it was given.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch import distributed as dist

from ops.parts import WHOLE, Part


def part_here() -> Part:
    """Which photos of every batch this process works on."""
    return Part(dist.get_rank(), dist.get_world_size()) if dist.is_initialized() else WHOLE


@contextmanager
def process_group(part: Part, meeting: str, device: str) -> Iterator[None]:
    """Join the other processes at ``meeting``, a URL of torch's, to compute on ``device``; leave them behind the block.

    A block that fails does not leave in order: that would wait for the others, who wait for this process.
    """
    backend = "nccl" if torch.device(device).type == "cuda" else "gloo"
    dist.init_process_group(backend, init_method=meeting, rank=part.number, world_size=part.count)
    yield
    dist.destroy_process_group()


def part_of_torchrun() -> Part | None:
    """The part that ``torchrun`` gave this process; None if it was started otherwise."""
    return Part(int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])) if dist.is_torchelastic_launched() else None


def check_devices(name: str, count: int) -> None:
    """Whether ``count`` processes of this machine can train on ``name``.

    Raises:
        ValueError: it is one certain device, or of a kind that processes cannot share, or there are not so many.
    """
    device = torch.device(name)
    if count == 1 or device.type == "cpu":
        return
    if device.type != "cuda" or device.index is not None:
        raise ValueError(
            f"{count} processes on ALBUMEN_DEVICE={name}: several train on cuda, a GPU each, or on cpu; give "
            "ALBUMEN_DEVICE=cuda without a number, and choose among the GPUs with CUDA_VISIBLE_DEVICES"
        )
    if torch.cuda.device_count() < count:
        raise ValueError(f"{count} processes on cuda, but this machine shows {torch.cuda.device_count()} CUDA devices")


def take_device(name: str, local_number: int) -> None:
    """Let ``cuda`` without a number mean the GPU ``local_number`` from now on, in this process."""
    device = torch.device(name)
    if device.type == "cuda" and device.index is None:
        torch.cuda.set_device(local_number)


def device_here(name: str) -> str:
    """``name`` with the number of the GPU that this process took."""
    device = torch.device(name)
    return f"cuda:{torch.cuda.current_device()}" if device.type == "cuda" and device.index is None else name


def sum_of_all(values: Tensor) -> Tensor:
    """The sum over all processes; no gradient flows through it."""
    if not dist.is_initialized():
        return values
    total = values.detach().clone().contiguous()
    dist.all_reduce(total)
    return total


def mean_of_all(values: Tensor) -> Tensor:
    """The mean over all processes; no gradient flows through it."""
    return sum_of_all(values) / part_here().count if dist.is_initialized() else values


def rows_of_all(rows: Tensor) -> Tensor:
    """The whole batch of which every process has its part (n, ...): (count n, ...), in the order of the batch."""
    if not dist.is_initialized():
        return rows
    parts = [torch.empty_like(rows) for _ in range(part_here().count)]
    dist.all_gather(parts, rows.contiguous())
    return torch.stack(parts, dim=1).flatten(0, 1)


def normal_rows(like: Tensor, generator: torch.Generator) -> Tensor:
    """Standard normal noise of the shape of ``like`` (n, ...): this process's part of what is drawn for the batch."""
    shape = (len(like) * part_here().count, *like.shape[1:])
    return part_here().of(torch.randn(shape, generator=generator, device=like.device, dtype=like.dtype))


def uniform_rows(like: Tensor, generator: torch.Generator) -> Tensor:
    """As ``normal_rows``, uniform in [0, 1)."""
    shape = (len(like) * part_here().count, *like.shape[1:])
    return part_here().of(torch.rand(shape, generator=generator, device=like.device, dtype=like.dtype))


def average_gradients(network: nn.Module) -> None:
    """Give every process the mean gradient: that of the whole batch, for parts of equal size and losses that are means.

    All gradients travel as one tensor, and with them which there are: a branch that only damaged photos take, such as
    the mapping's nonlocal block, may have been taken elsewhere alone. What has a gradient nowhere is left without.
    """
    if not dist.is_initialized():
        return
    learning = [parameter for parameter in network.parameters() if parameter.requires_grad]
    gradients = [torch.zeros_like(one) if one.grad is None else one.grad for one in learning]
    is_there = torch.tensor([one.grad is not None for one in learning], dtype=torch.float32)
    sent = torch.cat([*(gradient.flatten() for gradient in gradients), is_there.to(gradients[0].device)])
    *means, is_anywhere = mean_of_all(sent).split([*(one.numel() for one in learning), len(learning)])
    for parameter, mean, anywhere in zip(learning, means, is_anywhere.tolist(), strict=True):
        if anywhere:
            parameter.grad = torch.empty_like(parameter).copy_(mean.view(parameter.shape))


def average_terms(terms: Mapping[str, float], device: str) -> dict[str, float]:
    """Each of the ``terms`` of a loss as the mean over all processes: the same everywhere, so all stop if one must."""
    if not dist.is_initialized():
        return dict(terms)
    means = mean_of_all(torch.tensor(list(terms.values()), dtype=torch.float64, device=device))
    return dict(zip(terms, means.tolist(), strict=True))


def meet_at(step: int, device: str) -> None:
    """Wait until all processes are here.

    Raises:
        ValueError: they are not at the same ``step`` of the training.
    """
    if not dist.is_initialized():
        return
    steps = rows_of_all(torch.tensor([step], device=device)).tolist()
    if len(set(steps)) > 1:
        raise ValueError(
            f"the processes of this training stand at steps {steps}: they do not read the same checkpoints; put "
            "ALBUMEN_HOME where all of them see it"
        )

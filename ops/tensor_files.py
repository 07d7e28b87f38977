"""Tensors on disk as safetensors, written so that a reader never sees half a file. No pickle."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from safetensors.torch import load_file, save_file
from torch import Tensor, nn

N = TypeVar("N", bound=nn.Module)


def save_tensors(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """Write ``tensors`` to ``path`` by way of a temporary name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    save_file({name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}, temporary)
    temporary.replace(path)


def load_tensors(path: Path, prefix: str = "", device: str = "cpu") -> dict[str, Tensor]:
    """Read the tensors of ``path`` whose names start with ``prefix``, named without it."""
    found = load_file(path, device=device)
    return {name.removeprefix(prefix): tensor for name, tensor in found.items() if name.startswith(prefix)}


def load_weights(network: N, path: Path, prefix: str = "") -> N:
    """Fill ``network`` with the tensors of ``path`` whose names start with ``prefix``; every weight must be there."""
    network.load_state_dict(load_tensors(path, prefix), strict=True)
    return network

"""Tensors as large as a photo: small ones in memory, large ones in a temporary file that the system pages."""

from __future__ import annotations

import os
import sys
import tempfile
from math import prod

import torch
from torch import Tensor

LIMIT_BYTES = 48 * 2**20
"""A colour photo of 4 megapixels in float32: about what the networks hold for one tile anyway."""


def zeros(*shape: int, limit_bytes: int = LIMIT_BYTES) -> Tensor:
    """A float32 tensor of zeros; above ``limit_bytes`` its pages lie in a file without a name, gone with the tensor.

    The file lies where ``TMPDIR`` says; on a file system in memory (tmpfs) nothing is saved.

    Raises:
        OSError: the disk is too full. The space is taken at once: a full disk would else end the process later.
    """
    num_bytes = 4 * prod(shape)
    if num_bytes <= limit_bytes:
        return torch.zeros(shape)
    with tempfile.NamedTemporaryFile(prefix="albumen-") as file:
        try:
            if sys.platform == "linux":
                os.posix_fallocate(file.fileno(), 0, num_bytes)
        except OSError as error:
            text = f"{num_bytes / 1e9:.1f} GB in {tempfile.gettempdir()} for a large photo; make room or set TMPDIR"
            raise OSError(error.errno, f"{error.strerror}: {text}") from error
        return torch.from_file(file.name, shared=True, size=prod(shape), dtype=torch.float32).view(shape)

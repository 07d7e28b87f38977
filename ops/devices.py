"""Where tensors live: a torch device by name, refused with the reason before any work is done."""

from __future__ import annotations

import torch


def has_fast_bfloat16(name: str) -> bool:
    """Whether restoring on the device ``name`` is faster in bfloat16: processors that compute in it themselves.

    Measured on processors only (docs/decisions/0008); other devices stay with float32.
    """
    is_processor = torch.device(name).type == "cpu"
    return is_processor and (torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


def usable_device(name: str) -> str:
    """Return ``name`` if torch can compute there.

    Raises:
        ValueError: there is no such kind of device, or none of it in this machine or in this build of torch.
    """
    try:
        torch.zeros(1, device=name)
    except (RuntimeError, AssertionError) as error:  # torch raises either, depending on the build
        reason = str(error).splitlines()[0]
        raise ValueError(
            f"ALBUMEN_DEVICE={name} cannot be used here ({reason}); give cpu, cuda, cuda:1 or mps, and a torch "
            "build that has it (README, Your own photos)"
        ) from error
    return name

"""The tone of a photo taken back: read from a small copy of its intact pixels, applied to every pixel alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional as F

from models.tone import ToneCurves, ToneReader
from ops.network_layout import laid_out

LOOK_PX: Final = 64
"""The reader looks at a photo shrunk by a whole factor, as far as its short side stays at least this long."""

_CHANNELS: Final = ("red", "green", "blue")


class ToneRestorer:
    """A tone reader ready for photos of any size.

    Args:
        reader: says by which curves a photo comes nearer to what it was.
        least_sureness: in [0, 1]; of curves of which the reader is less sure none is used.
        strength: 1 takes the curves as they are, 0 leaves every tone, between them a blend.
        device: a torch device.

    Raises:
        ValueError: ``strength`` is no share.
    """

    def __init__(self, reader: ToneReader, least_sureness: float, strength: float = 1.0, device: str = "cpu") -> None:
        if not 0 <= strength <= 1:
            raise ValueError(f"the tone's strength lies between 0 (leave it) and 1 (restore it), got {strength}")
        self.reader = laid_out(reader, device)
        self.least_sureness = least_sureness
        self.strength = strength
        self.device = device

    @property
    def recipe(self) -> str:
        """The setting that decides the result beside the released model."""
        return f"tone_strength={self.strength:g}"

    @torch.inference_mode()
    def curves(self, old: Tensor, mask: Tensor, strength: float = 1.0) -> ToneCurves | None:
        """The curves for ``old`` (1, 3, H, W) read where ``mask`` (1, 1, H, W) is 0; None if it is to be left as it is.

        ``strength`` in [0, 1] of the whole restoration weakens them further.
        """
        scale = max(1, min(old.shape[-2:]) // LOOK_PX)
        small, damage = _shrunk(old, mask, scale)
        curves = self.reader(small.to(self.device), damage.to(self.device))
        strength *= self.strength
        return curves.weakened(strength) if strength > 0 and float(curves.sureness) >= self.least_sureness else None

    def __call__(self, degraded: Tensor, mask: Tensor | None) -> Tensor:
        """``degraded`` (1, 3, H, W) in its tone of before, as a ``Restorer``; without a mask all of it is read."""
        damage = torch.zeros_like(degraded[:, :1]) if mask is None else mask
        curves = self.curves(degraded, damage)
        return degraded if curves is None else curves(degraded.to(self.device)).to(degraded.device)


def tone_facts(curves: ToneCurves | None, change: float) -> Mapping[str, float]:
    """What was done to the tone, for the record: by which curve each channel, and their mean ``change`` in [0, 1]."""
    if curves is None:
        return {"tone_change": 0.0}
    named = {"gain": curves.gain, "lift": curves.lift, "gamma": curves.gamma}
    return {
        "tone_change": change,
        "tone_share": float(curves.share),
        "tone_sureness": float(curves.sureness),
        **{
            f"tone_{name}_{channel}": value
            for name, values in named.items()
            for channel, value in zip(_CHANNELS, values[0].tolist(), strict=True)
        },
    }


def _shrunk(old: Tensor, mask: Tensor, scale: int) -> tuple[Tensor, Tensor]:
    """Means of the intact pixels of cells of ``scale`` x ``scale``, and 1 where a cell has none; strip by strip."""
    photos, masks = [], []
    for top in range(0, old.shape[-2], 16 * scale):
        rows = slice(top, top + 16 * scale)
        strip, intact = old[..., rows, :], (mask[..., rows, :] <= 0).to(old.dtype)
        weight = F.avg_pool2d(intact, scale, ceil_mode=True)
        known = F.avg_pool2d(strip * intact, scale, ceil_mode=True) / weight.clamp_min(1e-6)
        photos.append(known.where(weight > 0, F.avg_pool2d(strip, scale, ceil_mode=True)))
        masks.append((weight <= 0).to(old.dtype))
    return torch.cat(photos, dim=-2), torch.cat(masks, dim=-2)

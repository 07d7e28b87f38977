"""Triplet domain translation: degraded encoder -> latent mapping -> clean decoder, behind the fidelity gate."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from models.blocks import pad_to_multiple
from models.fidelity_gate import FidelityGate
from models.mapping import LatentMapping, mask_to_latent
from models.vae import STRIDE, Vae


@dataclass(frozen=True)
class Translation:
    """One batch: ``restored`` and ``painted`` (N, 3, H, W), ``gate`` (N, 1, H, W), ``latent`` (N, C, h, w)."""

    restored: Tensor
    painted: Tensor
    gate: Tensor
    latent: Tensor


class TripletNetwork(nn.Module):
    """The three trained networks and the gate joined; it owns no weights of its own.

    restored = degraded + gate * (decode(map(encode(degraded), mask)) - degraded)

    Without a gate, as published, the painted photo is the restored one.
    """

    def __init__(self, degraded_vae: Vae, clean_vae: Vae, mapping: LatentMapping, gate: FidelityGate | None) -> None:
        super().__init__()
        self.degraded_vae = degraded_vae
        self.clean_vae = clean_vae
        self.mapping = mapping
        self.gate = gate

    def forward(self, degraded: Tensor, mask: Tensor) -> Translation:
        """Translate ``degraded`` (N, 3, H, W) in [0, 1] under the defect ``mask`` (N, 1, H, W); any H and W."""
        height, width = degraded.shape[-2:]
        photo, damage = pad_to_multiple(degraded, STRIDE), pad_to_multiple(mask, STRIDE)
        latent = self.mapping(self.degraded_vae.encode(photo).mean, mask_to_latent(damage, STRIDE))
        painted = self.clean_vae.decode(latent)[..., :height, :width].float()
        gate = torch.ones_like(mask) if self.gate is None else self.gate(degraded, painted, mask).float()
        return Translation(torch.lerp(degraded, painted, gate), painted, gate, latent)

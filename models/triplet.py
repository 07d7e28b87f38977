"""Triplet domain translation: degraded encoder -> latent mapping -> clean decoder, behind the fidelity gate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from models.blocks import Norm, pad_to_multiple
from models.fidelity_gate import FidelityGate
from models.first_fill import CELL_PX, REACH_PX, first_fill
from models.inpainter import Inpainter
from models.mapping import LatentMapping, Sources, mask_to_latent
from models.vae import STRIDE, Vae


@dataclass(frozen=True)
class Translation:
    """One batch: ``restored`` and ``painted`` (N, 3, H, W), ``gate`` (N, 1, H, W), ``latent`` (N, C, h, w)."""

    restored: Tensor
    painted: Tensor
    gate: Tensor
    latent: Tensor


class TripletNetwork(nn.Module):
    """The trained networks and the gate joined; it owns no weights of its own.

    restored = degraded + gate * (decode(map(encode(filled), mask)) - degraded)

    ``filled`` is the degraded photo with its damage painted by the inpainter, or filled by the first fill alone, or, as
    published, the degraded photo itself. Without a gate, as published, the painted photo is the restored one.
    """

    def __init__(
        self,
        degraded_vae: Vae,
        clean_vae: Vae,
        mapping: LatentMapping,
        gate: FidelityGate | None,
        inpainter: Inpainter | None = None,
    ) -> None:
        super().__init__()
        self.degraded_vae = degraded_vae
        self.clean_vae = clean_vae
        self.mapping = mapping
        self.gate = gate
        self.inpainter = inpainter

    @property
    def fill_reach_px(self) -> int:
        """How many pixels to each side decide a pixel of the fill."""
        if self.inpainter is not None:
            return self.inpainter.reach_px
        return REACH_PX if self.mapping.config.has_first_fill else 0

    @property
    def fill_grid_px(self) -> int:
        """The grid on which tiles of a photo have to start for the fill to be that of the photo."""
        return CELL_PX if self.inpainter is None else self.inpainter.grid_px

    @property
    def reach_px(self) -> int | None:
        """How many filled pixels to each side decide a pixel, what the nonlocal block reads apart; None: all."""
        if not self._is_local:
            return None
        gate_px = 0 if self.gate is None else self.gate.reach_px
        return self.degraded_vae.pixels_seen(self.clean_vae.cells_seen(gate_px) + self.mapping.reach_cells)

    @property
    def offer_reach_px(self) -> int | None:
        """How many filled pixels to each side decide what a cell offers; None: all."""
        return self.degraded_vae.pixels_seen(len(self.mapping.config.widths)) if self._is_local else None

    @property
    def _is_local(self) -> bool:
        norms = {self.degraded_vae.config.norm, self.clean_vae.config.norm, self.mapping.config.norm}
        return norms == {Norm.NONE}

    def forward(
        self,
        degraded: Tensor,
        mask: Tensor,
        sources: Sequence[Sources] | None = None,
        filled: Tensor | None = None,
    ) -> Translation:
        """Translate ``degraded`` (N, 3, H, W) in [0, 1] under the defect ``mask`` (N, 1, H, W); any H and W.

        When ``degraded`` are tiles, ``sources`` are what the whole photos offer (see ``offer``) and ``filled`` (see
        ``fill``) was made with more of the photo around.
        """
        height, width = degraded.shape[-2:]
        filled = self.fill(degraded, mask) if filled is None else filled
        latent = self.mapping(self._encode(filled), self.latent_mask(mask), sources)
        painted = self.clean_vae.decode(latent)[..., :height, :width].to(degraded.dtype)
        gate = torch.ones_like(mask) if self.gate is None else self.gate(degraded, painted, mask)
        return Translation(torch.lerp(degraded, painted, gate), painted, gate, latent)

    def latent_mask(self, mask: Tensor) -> Tensor:
        """Bring the defect ``mask`` (N, 1, H, W) to the latent grid (N, 1, h, w)."""
        return mask_to_latent(pad_to_multiple(mask, STRIDE), STRIDE)

    def fill(self, degraded: Tensor, mask: Tensor) -> Tensor:
        """What the encoder sees of ``degraded`` (N, 3, H, W) under ``mask`` (N, 1, H, W), of the same size."""
        if self.inpainter is not None:
            return self.inpainter(degraded, mask)
        return first_fill(degraded, mask) if self.mapping.config.has_first_fill else degraded

    def offer(self, filled: Tensor, mask: Tensor, chosen: Tensor) -> Sources:
        """What the ``chosen`` cells (h, w) of one filled photo or tile (1, 3, H, W) offer; ``mask`` (1, 1, H, W)."""
        features = self.mapping.rise(self._encode(filled))
        return self.mapping.nonlocal_block.offer(features[0], self.latent_mask(mask)[0, 0], chosen)

    def _encode(self, filled: Tensor) -> Tensor:
        return self.degraded_vae.encode(pad_to_multiple(filled, STRIDE)).mean

"""The latent mapping: from the latent of a degraded photo to the latent of the clean one."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.blocks import Norm, ResidualBlock, identity_convolution, silent


@dataclass(frozen=True)
class MappingConfig:
    """Sizes of the mapping.

    Attributes:
        latent_channels: channels of both latents.
        widths: the ladder of widths that 3x3 convolutions climb before the branches and descend after them.
        num_local_blocks: residual blocks of the local branch, which keeps intact regions.
        num_global_blocks: residual blocks behind the partial nonlocal block of the global branch.
        num_shared_blocks: residual blocks behind the fusion.
        attention_channels: channels of queries, keys and values.
        norm: what normalises features; see ``Norm``.
        has_nonlocal: whether damaged cells read intact ones; without, the block stays silent and learns nothing.
        has_soft_mask: whether a cell may be damaged in part; without, any damage counts in full, as published.
    """

    latent_channels: int
    widths: tuple[int, ...]
    num_local_blocks: int
    num_global_blocks: int
    num_shared_blocks: int
    attention_channels: int
    norm: Norm
    has_nonlocal: bool = True
    has_soft_mask: bool = True


class PartialNonlocalBlock(nn.Module):
    r"""Repaints damaged cells with what the intact cells hold.

    With queries q, keys k, values v and mask m (1 = damaged, soft values allowed)::

        a_ij = (1 - m_j) exp(q_i . k_j) / sum_k (1 - m_k) exp(q_i . k_k)
        o_i  = out(sum_j a_ij v_j)

    Wan et al., "Bringing Old Photos Back to Life", CVPR 2020, section 3.2, the partial nonlocal block. Only damaged
    cells ask (m_i > 0) and only cells that are not wholly damaged answer (m_j < 1), so memory grows with the number
    of cells, never with its square: the factor (1 - m_j) rides as ``log(1 - m_j)`` in one more channel of the key.
    """

    def __init__(self, channels: int, attention_channels: int) -> None:
        super().__init__()
        self.query = nn.Conv2d(channels, attention_channels, 1)
        self.key = nn.Conv2d(channels, attention_channels, 1)
        self.value = nn.Conv2d(channels, attention_channels, 1)
        self.out = nn.Conv2d(attention_channels, channels, 1)

    def forward(self, features: Tensor, mask: Tensor) -> Tensor:
        """Map ``features`` (N, C, h, w) under ``mask`` (N, 1, h, w) to what each damaged cell reads, (N, C, h, w).

        Intact cells come back as zero. A photo without an intact cell reads from all of its cells.
        """
        queries, keys, values = (
            project(features).flatten(2).mT  # (N, hw, A)
            for project in (self.query, self.key, self.value)
        )
        damage = mask.flatten(1)  # (N, hw)
        read = torch.stack([_read_intact(*photo) for photo in zip(queries, keys, values, damage, strict=True)])
        painted = self.out(read.mT.unflatten(2, features.shape[-2:]))
        return painted * (mask > 0)


def _read_intact(query: Tensor, key: Tensor, value: Tensor, damage: Tensor) -> Tensor:
    """What the damaged cells of one photo read: ``query``, ``key``, ``value`` (hw, A), ``damage`` (hw,) -> (hw, A)."""
    asking = damage > 0
    answering = damage < 1
    if not answering.any():
        damage, answering = torch.zeros_like(damage), torch.ones_like(answering)
    log_trust = torch.log1p(-damage[answering]).to(query.dtype)
    asked = torch.cat([query[asking], query.new_ones(int(asking.sum()), 1)], dim=1)  # (Q, A + 1)
    offered = torch.cat([key[answering], log_trust[:, None]], dim=1)  # (K, A + 1)
    answers = F.scaled_dot_product_attention(
        asked[None, None], offered[None, None], value[answering][None, None], scale=1.0
    )
    return torch.zeros_like(query).masked_scatter(asking[:, None], answers[0, 0])


class LatentMapping(nn.Module):
    """Local branch for intact regions, global branch for holes, fused by the mask.

    fused = (1 - m) local(x) + m global(x), as in section 3.2 of the report's method; the published code replaces the
    local branch by the identity. A 1x1 convolution that starts as the identity carries the latent past everything, so
    the branches only learn what has to change.
    """

    def __init__(self, config: MappingConfig) -> None:
        super().__init__()
        self.config = config
        norm = config.norm
        ladder = (config.latent_channels, *config.widths)
        width = config.widths[-1]
        self.rise = nn.Sequential(*(_rung(below, above, norm) for below, above in pairwise(ladder)))
        self.local_blocks = nn.Sequential(*(ResidualBlock(width, norm) for _ in range(config.num_local_blocks)))
        self.nonlocal_block = PartialNonlocalBlock(width, config.attention_channels)
        self.global_blocks = nn.Sequential(*(ResidualBlock(width, norm) for _ in range(config.num_global_blocks)))
        self.shared_blocks = nn.Sequential(*(ResidualBlock(width, norm) for _ in range(config.num_shared_blocks)))
        descent = list(reversed(config.widths))
        self.fall = nn.Sequential(
            *(_rung(above, below, norm) for above, below in pairwise(descent)),
            silent(nn.Conv2d(descent[-1], config.latent_channels, 3, padding=1, padding_mode="replicate")),
        )
        self.carry = identity_convolution(config.latent_channels, config.latent_channels)
        if not config.has_nonlocal:
            silent(self.nonlocal_block.out).requires_grad_(False)

    def forward(self, latent: Tensor, mask: Tensor) -> Tensor:
        """Map the degraded ``latent`` (N, C, h, w) under the latent ``mask`` (N, 1, h, w) to the clean latent."""
        features = self.rise(latent)
        mask = mask if self.config.has_soft_mask else (mask > 0).to(mask.dtype)
        fused = self.local_blocks(features)
        if bool((mask > 0).any()):
            repainted = self.global_blocks(features + self.nonlocal_block(features, mask))
            fused = torch.lerp(fused, repainted, mask.to(fused.dtype))
        return self.carry(latent) + self.fall(self.shared_blocks(fused))


def mask_to_latent(mask: Tensor, stride: int) -> Tensor:
    """Bring ``mask`` (N, 1, H, W) to the latent grid by its maximum, so that not even a one-pixel line is lost."""
    return F.max_pool2d(mask, stride)


def _rung(inputs: int, outputs: int, norm: Norm) -> nn.Sequential:
    """One step of the ladder of widths."""
    convolution = nn.Conv2d(inputs, outputs, 3, padding=1, padding_mode="replicate")
    return nn.Sequential(convolution, norm.layer(outputs), nn.ReLU())

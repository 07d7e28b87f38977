"""The latent mapping: from the latent of a degraded photo to the latent of the clean one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.blocks import Norm, ResidualBlock, identity_convolution, in_full_precision, silent


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
        has_first_fill: whether the encoder is shown the photo with its damage filled from around (``first_fill``);
            without, the damaged photo as it is, as published.
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
    has_first_fill: bool = False


MAX_SOURCES = 16_384
"""Cells that one photo's damaged cells may read from: all cells of 512 x 512 px."""


@dataclass(frozen=True)
class Sources:
    """What intact cells of one photo offer: ``keys`` and ``values`` (K, A), ``log_trust`` (K,) = log(1 - m)."""

    keys: Tensor
    values: Tensor
    log_trust: Tensor

    @classmethod
    def join(cls, parts: Sequence[Sources]) -> Sources:
        """Put together what the tiles of one photo offer; the order makes no difference."""
        keys, values, log_trust = (
            torch.cat([getattr(part, name) for part in parts]) for name in ("keys", "values", "log_trust")
        )
        return cls(keys, values, log_trust)


def source_stride(height: int, width: int) -> int:
    """Side of the blocks of cells that send one source each, for a latent of ``height`` x ``width`` cells."""
    stride = max(1, math.isqrt(height * width // MAX_SOURCES))
    while -(-height // stride) * -(-width // stride) > MAX_SOURCES:
        stride += 1
    return stride


def choose_sources(mask: Tensor) -> Tensor:
    """Which cells of a photo with the latent ``mask`` (h, w) may be read from, as truth values (h, w).

    Up to ``MAX_SOURCES`` cells all intact ones; in a larger latent each block of ``source_stride`` cells squared sends
    its most intact one, unless that is wholly damaged, too. A photo without an intact cell reads from damaged ones.
    """
    stride = source_stride(*mask.shape)
    trust, cells = F.max_pool2d(1 - mask[None, None].float(), stride, ceil_mode=True, return_indices=True)
    is_intact = trust > 0
    chosen = torch.zeros(mask.numel(), dtype=torch.bool, device=mask.device)
    chosen[cells[is_intact] if is_intact.any() else cells.flatten()] = True
    return chosen.view_as(mask)


class PartialNonlocalBlock(nn.Module):
    r"""Repaints damaged cells with what the intact cells hold.

    With queries q, keys k, values v and mask m (1 = damaged, soft values allowed)::

        a_ij = (1 - m_j) exp(q_i . k_j) / sum_k (1 - m_k) exp(q_i . k_k)
        o_i  = out(sum_j a_ij v_j)

    Wan et al., "Bringing Old Photos Back to Life", CVPR 2020, section 3.2, the partial nonlocal block. Only damaged
    cells ask (m_i > 0) and only cells that are not wholly damaged answer (m_j < 1), so memory grows with the number
    of cells, never with its square. The factor (1 - m_j) is added to the logits as ``log(1 - m_j)``. Photos above
    512 x 512 px offer an even choice of their intact cells (``choose_sources``, docs/decisions/0008).
    """

    def __init__(self, channels: int, attention_channels: int) -> None:
        super().__init__()
        self.query = nn.Conv2d(channels, attention_channels, 1)
        self.key = nn.Conv2d(channels, attention_channels, 1)
        self.value = nn.Conv2d(channels, attention_channels, 1)
        self.out = nn.Conv2d(attention_channels, channels, 1)

    def forward(self, features: Tensor, mask: Tensor, sources: Sequence[Sources] | None = None) -> Tensor:
        """Map ``features`` (N, C, h, w) under ``mask`` (N, 1, h, w) to what each damaged cell reads, (N, C, h, w).

        Intact cells come back as zero. ``sources`` are, for each photo, what the whole of it offers when ``features``
        are of a tile; without them ``features`` are the photo.
        """
        damage = mask[:, 0]  # (N, h, w)
        if sources is None:
            sources = [self.offer(*photo, choose_sources(photo[1])) for photo in zip(features, damage, strict=True)]
        return torch.stack([self._read(*photo) for photo in zip(features, damage, sources, strict=True)])

    def offer(self, features: Tensor, mask: Tensor, chosen: Tensor) -> Sources:
        """What the ``chosen`` cells (h, w) of ``features`` (C, h, w) under ``mask`` (h, w) offer."""
        damage = mask[chosen]  # (K,)
        log_trust = torch.log1p(-damage).where(damage < 1, 0)  # wholly damaged cells are only chosen if all cells are
        offered = features[:, chosen].mT  # (K, C)
        return Sources(_project(self.key, offered), _project(self.value, offered), log_trust)

    def _read(self, features: Tensor, mask: Tensor, sources: Sources) -> Tensor:
        """What the damaged cells of one photo or tile (C, h, w) read; zero in the intact ones."""
        asking = mask > 0
        query = _project(self.query, features[:, asking].mT)  # (Q, A)
        # The fused kernel wants one width for queries, keys and values; another one makes it write out all Q x K.
        answers = F.scaled_dot_product_attention(
            query[None, None],
            sources.keys[None, None],
            sources.values[None, None],
            attn_mask=sources.log_trust.to(query.dtype)[None, None, None],
            scale=1.0,
        )
        painted = _project(self.out, answers[0, 0]).mT  # (C, Q)
        return painted.new_zeros(features.shape).masked_scatter(asking, painted)


def _project(layer: nn.Conv2d, cells: Tensor) -> Tensor:
    """Apply a 1x1 convolution to single cells: (K, C) -> (K, D)."""
    return F.linear(cells, layer.weight.flatten(1), layer.bias)


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

    @property
    def reach_cells(self) -> int:
        """How many cells to each side decide a cell of the result, what the nonlocal block reads apart."""
        config = self.config
        num_blocks = max(config.num_local_blocks, config.num_global_blocks) + config.num_shared_blocks
        return 2 * len(config.widths) + 2 * num_blocks

    def forward(self, latent: Tensor, mask: Tensor, sources: Sequence[Sources] | None = None) -> Tensor:
        """Map the degraded ``latent`` (N, C, h, w) under the latent ``mask`` (N, 1, h, w) to the clean latent.

        ``sources`` are what the whole photos offer when ``latent`` is of tiles; see ``PartialNonlocalBlock``.
        """
        features = self.rise(latent)
        mask = mask if self.config.has_soft_mask else (mask > 0).to(mask.dtype)
        fused = self.local_blocks(features)
        if bool((mask > 0).any()):
            repainted = self.global_blocks(features + self.nonlocal_block(features, mask, sources))
            fused = torch.lerp(fused, repainted, mask.to(fused.dtype))
        return in_full_precision(self.carry, latent) + self.fall(self.shared_blocks(fused))


def mask_to_latent(mask: Tensor, stride: int) -> Tensor:
    """Bring ``mask`` (N, 1, H, W) to the latent grid by its maximum, so that not even a one-pixel line is lost."""
    return F.max_pool2d(mask, stride)


def _rung(inputs: int, outputs: int, norm: Norm) -> nn.Sequential:
    """One step of the ladder of widths."""
    convolution = nn.Conv2d(inputs, outputs, 3, padding=1, padding_mode="replicate")
    return nn.Sequential(convolution, norm.layer(outputs), nn.ReLU())

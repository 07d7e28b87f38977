"""The variational autoencoder of triplet domain translation.

Two instances of this one network carry the report's names: VAE1, which puts real old and synthetically degraded photos
into one latent space, and VAE2, whose decoder paints every restored photo.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.blocks import Norm, ResidualBlock, identity_convolution, in_full_precision, silent
from models.receptive_field import reach_of_doubled, reach_of_halved

STRIDE = 4
"""Pixels per side of one latent cell: two stride-2 convolutions, as published."""
PIXELS_PER_CELL = 3 * STRIDE * STRIDE


@dataclass(frozen=True)
class VaeConfig:
    """Sizes of one autoencoder.

    Attributes:
        widths: channels at full, half and quarter resolution.
        latent_channels: channels of the latent.
        num_blocks: residual blocks on each side of the latent.
        norm: what normalises features; see ``Norm``.
        has_pixel_shortcut: whether the 48 pixels of each latent cell also reach the latent, and leave it again, by a
            1x1 convolution that starts as the identity. The published network has no such path and caps the
            reconstruction of clean photos at 24 dB (docs/decisions/0003). Needs at least 48 latent channels.
    """

    widths: tuple[int, int, int]
    latent_channels: int
    num_blocks: int
    norm: Norm
    has_pixel_shortcut: bool


@dataclass(frozen=True)
class Posterior:
    """The diagonal Gaussian q(z|x) of one encoded batch; ``mean`` and ``logvar`` are (N, C, h, w)."""

    mean: Tensor
    logvar: Tensor

    def sample(self, noise: Tensor) -> Tensor:
        """Z = mean + exp(logvar / 2) * noise, noise ~ N(0, 1) (Kingma and Welling, ICLR 2014, equation 10)."""
        return self.mean + (0.5 * self.logvar).exp() * noise


class Vae(nn.Module):
    """Encoder x -> q(z|x) and decoder z -> x at a quarter of the photo's resolution."""

    def __init__(self, config: VaeConfig) -> None:
        super().__init__()
        self.config = config
        full, half, quarter = config.widths
        norm = config.norm
        self.encoder = nn.Sequential(
            nn.Conv2d(3, full, 7, padding=3, padding_mode="replicate"), norm.layer(full), nn.ReLU(),
            nn.Conv2d(full, half, 4, stride=2, padding=1, padding_mode="replicate"), norm.layer(half), nn.ReLU(),
            nn.Conv2d(half, quarter, 4, stride=2, padding=1, padding_mode="replicate"), norm.layer(quarter), nn.ReLU(),
            *(ResidualBlock(quarter, norm) for _ in range(config.num_blocks)),
        )  # fmt: skip
        self.posterior = nn.Conv2d(quarter, 2 * config.latent_channels, 1)
        self.decoder = nn.Sequential(
            nn.Conv2d(config.latent_channels, quarter, 1),
            *(ResidualBlock(quarter, norm) for _ in range(config.num_blocks)),
            nn.ConvTranspose2d(quarter, half, 4, stride=2, padding=1), norm.layer(half), nn.ReLU(),
            nn.ConvTranspose2d(half, full, 4, stride=2, padding=1), norm.layer(full), nn.ReLU(),
            nn.Conv2d(full, 3, 7, padding=3, padding_mode="replicate"),
        )  # fmt: skip
        self.pixels_in: nn.Conv2d | None = None
        self.pixels_out: nn.Conv2d | None = None
        if config.has_pixel_shortcut:
            if config.latent_channels < PIXELS_PER_CELL:
                raise ValueError(
                    f"a pixel shortcut needs latent_channels >= {PIXELS_PER_CELL}, got {config.latent_channels}"
                )
            self.pixels_in = identity_convolution(PIXELS_PER_CELL, config.latent_channels)
            self.pixels_out = identity_convolution(config.latent_channels, PIXELS_PER_CELL)
            silent(self.decoder[-1])
            silent(self.posterior)
            nn.init.constant_(
                self.posterior.get_parameter("bias")[config.latent_channels :], -8.0
            )  # a quiet start: sigma 0.02

    def encode(self, photo: Tensor) -> Posterior:
        """Encode ``photo`` (N, 3, H, W) in [0, 1], H and W multiples of 4, to a posterior on (N, C, H/4, W/4)."""
        signed = 2 * photo - 1
        mean, logvar = self.posterior(self.encoder(signed)).float().chunk(2, dim=1)  # bfloat16 spoils exp(logvar)
        if self.pixels_in is not None:
            mean = mean + in_full_precision(self.pixels_in, F.pixel_unshuffle(signed, STRIDE))
        return Posterior(mean, logvar.clamp(-12, 2))

    def decode(self, latent: Tensor) -> Tensor:
        """Decode ``latent`` (N, C, h, w) to (N, 3, 4h, 4w).

        The values lie around [0, 1] and may overshoot a little: a squashed output would give no gradient at paper
        white and ink black. Whoever shows or saves the photo clamps it.
        """
        signed = self.decoder(latent)
        if self.pixels_out is not None:
            signed = signed.float() + F.pixel_shuffle(in_full_precision(self.pixels_out, latent), STRIDE)
        return (signed.float() + 1) / 2

    def pixels_seen(self, reach_cells: int) -> int:
        """How many pixels to each side the encoder sees for ``reach_cells`` latent cells to each side."""
        quarter = reach_cells + 2 * self.config.num_blocks
        return reach_of_halved(reach_of_halved(quarter)) + 3

    def cells_seen(self, reach_px: int) -> int:
        """How many latent cells to each side the decoder sees for ``reach_px`` pixels to each side."""
        quarter = reach_of_doubled(reach_of_doubled(reach_px + 3))
        return quarter + 2 * self.config.num_blocks

    def forward(self, photo: Tensor) -> tuple[Tensor, Posterior]:
        """Encode, sample and decode ``photo`` as in training."""
        posterior = self.encode(photo)
        return self.decode(posterior.sample(torch.randn_like(posterior.mean))), posterior

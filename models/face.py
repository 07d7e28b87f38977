"""The face generator: from a small start it grows a face scale by scale, shown the degraded face at each of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

from models.blocks import silent


class Start(Enum):
    """What the smallest scale begins with.

    ``FACE`` is the degraded face, shrunk, as in the published code: the same face always gives the same result and
    nothing about a person is left to chance. ``LATENT`` is a vector of normal numbers, as the report writes; without
    one the generator takes zeros, the middle of what it was trained on.
    """

    FACE = "face"
    LATENT = "latent"


class FaceNorm(Enum):
    """What SPADE's ``norm`` is; it has no parameters of its own.

    ``BATCH`` is the published one: every channel by its mean and deviation over all faces of a batch; outside training
    its statistics stand still. ``PIXEL`` divides the channels of each cell by their root mean square (Karras et al.,
    "Progressive Growing of GANs", ICLR 2018, section 4.2): no face touches another in training either, small batches
    lose nothing, and the same network is trained and used.
    """

    BATCH = "batch"
    PIXEL = "pixel"

    def layer(self, channels: int) -> nn.Module:
        """The layer for a feature map of ``channels``."""
        return nn.BatchNorm2d(channels, affine=False) if self is FaceNorm.BATCH else PixelNorm()


@dataclass(frozen=True)
class FaceGeneratorConfig:
    """Sizes of the generator.

    Attributes:
        start_px: side of the smallest scale.
        widths: for every scale, from ``start_px`` doubling each time, the channels behind each of its blocks.
        condition_width: channels of the layer that reads the degraded face within a block.
        injection_px: sides of the scales at which the blocks see the degraded face.
        start: what the smallest scale begins with.
        latent_size: length of the vector of ``Start.LATENT``; unused otherwise.
        norm: what the blocks normalise their features by.
        is_spectral: divide every convolution of the blocks by its largest singular value.
        has_pixel_shortcut: add the result to the degraded face, so that training starts from leaving it alone.
    """

    start_px: int
    widths: tuple[tuple[int, ...], ...]
    condition_width: int
    injection_px: tuple[int, ...]
    start: Start
    latent_size: int
    norm: FaceNorm
    is_spectral: bool
    has_pixel_shortcut: bool

    @property
    def canvas_px(self) -> int:
        """Side of the faces it restores."""
        return self.start_px * 2 ** (len(self.widths) - 1)

    def without_last_scale(self) -> FaceGeneratorConfig:
        """The same generator on a canvas of half the side."""
        side = self.canvas_px // 2
        shown = tuple(px for px in self.injection_px if px <= side)
        return replace(self, widths=self.widths[:-1], injection_px=shown)


class PixelNorm(nn.Module):
    """h / sqrt(mean over channels of h^2), each cell on its own."""

    def forward(self, features: Tensor) -> Tensor:
        """Map (N, C, h, w) to (N, C, h, w)."""
        power = features.float().square().mean(dim=1, keepdim=True)  # squares overflow half precision
        return features * torch.rsqrt(power + 1e-6).to(features.dtype)


class SpatialNorm(nn.Module):
    """SPADE: a normalisation whose scale and shift are painted by the degraded face x.

        out = norm(h) * (1 + gamma(x)) + beta(x),  gamma, beta = conv(relu(conv(x at the size of h)))

    Park et al., "Semantic Image Synthesis with Spatially-Adaptive Normalization", CVPR 2019, equation 1; ``norm`` is a
    ``FaceNorm``. A scale that is not shown the face has one gamma and beta a channel instead.
    """

    def __init__(self, channels: int, config: FaceGeneratorConfig, *, is_shown: bool) -> None:
        super().__init__()
        self.is_shown = is_shown
        self.norm = config.norm.layer(channels)
        if is_shown:
            self.read = nn.Conv2d(3, config.condition_width, 3, padding=1)
            self.gamma = nn.Conv2d(config.condition_width, channels, 3, padding=1)
            self.beta = nn.Conv2d(config.condition_width, channels, 3, padding=1)
        else:
            self.still = nn.Parameter(torch.zeros(2, channels, 1, 1))

    def forward(self, features: Tensor, face: Tensor) -> Tensor:
        """Map ``features`` (N, C, h, w) and ``face`` (N, 3, h, w) in [-1, 1] to (N, C, h, w)."""
        gamma, beta = self._painted(face)
        return self.norm(features) * (1 + gamma) + beta

    def _painted(self, face: Tensor) -> tuple[Tensor, Tensor]:
        if not self.is_shown:
            return self.still[0], self.still[1]
        seen = F.relu(self.read(face))
        return self.gamma(seen), self.beta(seen)


class SpatialBlock(nn.Module):
    """shortcut(h) + conv(lrelu(SPADE(conv(lrelu(SPADE(h)))))), the shortcut learned where the width changes.

    Park et al., figure 4; the published face generator is a stack of these.
    """

    def __init__(self, inputs: int, outputs: int, config: FaceGeneratorConfig, *, is_shown: bool) -> None:
        super().__init__()
        between = min(inputs, outputs)
        self.first_norm = SpatialNorm(inputs, config, is_shown=is_shown)
        self.first = self._held(nn.Conv2d(inputs, between, 3, padding=1), config)
        self.second_norm = SpatialNorm(between, config, is_shown=is_shown)
        self.second = self._held(nn.Conv2d(between, outputs, 3, padding=1), config)
        self.shortcut_norm = SpatialNorm(inputs, config, is_shown=is_shown) if inputs != outputs else None
        self.shortcut = self._held(nn.Conv2d(inputs, outputs, 1, bias=False), config) if inputs != outputs else None

    def forward(self, features: Tensor, face: Tensor) -> Tensor:
        """Map ``features`` (N, C, h, w) and ``face`` (N, 3, h, w) in [-1, 1] to (N, C', h, w)."""
        straight = features
        if self.shortcut is not None and self.shortcut_norm is not None:
            straight = self.shortcut(self.shortcut_norm(features, face))
        between = self.first(F.leaky_relu(self.first_norm(features, face), 0.2))
        return straight + self.second(F.leaky_relu(self.second_norm(between, face), 0.2))

    @staticmethod
    def _held(convolution: nn.Conv2d, config: FaceGeneratorConfig) -> nn.Module:
        return spectral_norm(convolution) if config.is_spectral else convolution


class FaceGenerator(nn.Module):
    """Restores aligned faces (Wan et al., TPAMI 2022, section 4.3, with the blocks of Park et al., CVPR 2019)."""

    def __init__(self, config: FaceGeneratorConfig) -> None:
        super().__init__()
        scales = [config.start_px * 2**level for level in range(len(config.widths))]
        strangers = set(config.injection_px) - set(scales)
        if strangers:
            raise ValueError(f"the face cannot be injected at {sorted(strangers)} px; the scales are {scales}")
        self.config = config
        channels = config.widths[0][0]
        self.begin: nn.Module = (
            nn.Conv2d(3, channels, 3, padding=1)
            if config.start is Start.FACE
            else nn.Linear(config.latent_size, channels * config.start_px**2)
        )
        self.scales = nn.ModuleList()  # one list of blocks a scale
        for side, widths in zip(scales, config.widths, strict=True):
            blocks = nn.ModuleList()
            for width in widths:
                blocks.append(SpatialBlock(channels, width, config, is_shown=side in config.injection_px))
                channels = width
            self.scales.append(blocks)
        self.end = nn.Conv2d(channels, 3, 3, padding=1)
        self.apply(_loud)
        if config.has_pixel_shortcut:
            silent(self.end)

    def forward(self, degraded: Tensor, latent: Tensor | None = None) -> Tensor:
        """Restore ``degraded`` (N, 3, S, S) in [0, 1] on the canvas; ``Start.LATENT`` takes a ``latent`` (N, L)."""
        side = self.config.canvas_px
        if degraded.shape[-2:] != (side, side):
            raise ValueError(f"a face of {tuple(degraded.shape[-2:])} px; this generator restores {side} x {side}")
        face = 2 * degraded - 1
        features = self._begun(face, latent)
        for level, blocks in enumerate(self.scales):
            if level:
                features = F.interpolate(features, scale_factor=2, mode="nearest")
            shown = _resized(face, features.shape[-1])
            for block in blocks.children():
                features = block(features, shown)
        drawn = self.end(F.leaky_relu(features, 0.2))
        if self.config.has_pixel_shortcut:
            return (degraded + drawn).clamp(0, 1)
        return (drawn.tanh() + 1) / 2

    def grow_from(self, smaller: FaceGenerator) -> None:
        """Take over all scales of ``smaller``, which lacks the last one; that and the way out begin anew.

        Karras et al., "Progressive Growing of GANs", ICLR 2018, section 2. With the pixel shortcut it leaves faces
        alone at first, so there is nothing to fade in.
        """
        taken = {name: weight for name, weight in smaller.state_dict().items() if not name.startswith("end.")}
        self.load_state_dict({**self.state_dict(), **taken})

    def _begun(self, face: Tensor, latent: Tensor | None) -> Tensor:
        """The features of the smallest scale (N, C, start_px, start_px)."""
        start_px = self.config.start_px
        if self.config.start is Start.FACE:
            return self.begin(_resized(face, start_px))
        if latent is None:
            latent = face.new_zeros(len(face), self.config.latent_size)
        return self.begin(latent).unflatten(1, (-1, start_px, start_px))


def _loud(layer: nn.Module) -> None:
    """Weights that keep the power of what passes (He et al., ICCV 2015): torch's own start lets the face fade away."""
    if isinstance(layer, nn.Conv2d):
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")


def _resized(face: Tensor, side: int) -> Tensor:
    """(N, 3, S, S) at another side; averaged when it shrinks, so that grain does not become a pattern."""
    if face.shape[-1] == side:
        return face
    return F.interpolate(face, size=(side, side), mode="area" if face.shape[-1] > side else "bilinear")

"""The 70 x 70 patch discriminator as pix2pix, CycleGAN and EdgeConnect each built it.

Not ``models/discriminators.py``: that one pads by two and keeps biases, as pix2pixHD does, so its verdicts lie
elsewhere.
"""

from __future__ import annotations

from enum import Enum

from torch import Tensor, nn
from torch.nn.utils import parametrizations


class JudgeNorm(Enum):
    """What steadies the discriminator: one of these per method."""

    BATCH = "pix2pix: batch norm of one photo behind the middle layers, which then need no bias"
    INSTANCE = "CycleGAN: instance norm without weights behind the middle layers, biases kept"
    SPECTRAL = "EdgeConnect: every convolution of spectral norm one, no biases at all"


class PatchDiscriminator70(nn.Module):
    """Judges patches of 70 x 70 px: five 4x4 convolutions of stride 2, 2, 2, 1, 1, widths w, 2w, 4w, 8w, 1.

    Isola et al., CVPR 2017, appendix 6.1.2.
    """

    def __init__(self, in_channels: int, width: int, norm: JudgeNorm) -> None:
        super().__init__()
        widths = (in_channels, width, 2 * width, 4 * width, 8 * width)
        strides = (2, 2, 2, 1)
        layers = [_layer(widths[i], widths[i + 1], strides[i], norm, is_first=i == 0) for i in range(4)]
        last = nn.Conv2d(widths[-1], 1, 4, padding=1, bias=norm is not JudgeNorm.SPECTRAL)
        self.layers = nn.ModuleList([*layers, _spectral(last) if norm is JudgeNorm.SPECTRAL else last])

    def forward(self, photo: Tensor) -> list[Tensor]:
        """Judge (N, in_channels, H, W) in [-1, 1] or [0, 1], as the method has it.

        Returns:
            The output of every layer; the last, (N, 1, H/8 - 2, W/8 - 2), holds one logit per patch.
        """
        outputs = []
        for layer in self.layers:
            photo = layer(photo)
            outputs.append(photo.float())  # losses are measured in full precision also under autocast
        return outputs


def _layer(inputs: int, outputs: int, stride: int, norm: JudgeNorm, *, is_first: bool) -> nn.Sequential:
    has_bias = norm is JudgeNorm.INSTANCE or (is_first and norm is JudgeNorm.BATCH)
    conv = nn.Conv2d(inputs, outputs, 4, stride, padding=1, bias=has_bias)
    behind: list[nn.Module] = []
    if norm is JudgeNorm.SPECTRAL:
        _spectral(conv)
    elif not is_first:
        behind = [nn.InstanceNorm2d(outputs, affine=norm is JudgeNorm.BATCH)]
    return nn.Sequential(conv, *behind, nn.LeakyReLU(0.2))


def _spectral(conv: nn.Conv2d) -> nn.Module:
    return parametrizations.spectral_norm(conv)

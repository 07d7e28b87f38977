"""The initial weights of DCGAN (Radford et al., 2016), with which pix2pix, CycleGAN and EdgeConnect all begin."""

from __future__ import annotations

from torch import nn
from torch.nn.utils import parametrize


def draw_initial_weights(net: nn.Module) -> None:
    """Draw convolution weights from N(0, 0.02), those of norms from N(1, 0.02), and zero all biases.

    Convolutions under spectral norm keep their own: their scale is divided out again at every use.

    Chance comes from torch's generator, as for any freshly built network: build inside a seeded block.
    """
    for module in net.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            if not parametrize.is_parametrized(module):
                nn.init.normal_(module.weight, 0.0, 0.02)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.InstanceNorm2d) and module.affine:
            nn.init.normal_(module.weight, 1.0, 0.02)
            nn.init.zeros_(module.bias)

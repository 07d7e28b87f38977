"""What the networks of a recipe cost: parameters, and multiply-adds of their convolutions for one square photo."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from models.age import AgeReader
from models.damage_kinds import DamageKinds
from models.detector import DefectDetector
from models.discriminators import DiscriminatorConfig, MultiscaleDiscriminator
from models.fidelity_gate import FidelityGate
from models.inpainter import Inpainter
from models.mapping import LatentMapping, MappingConfig
from models.tone import ToneConfig, ToneReader, ToneReading
from models.vae import STRIDE, Vae
from ops.recipes import Recipe

_SMALL = 4  # the mapping asks its mask for values, so it is really run: on a photo 4 times smaller, 16 times cheaper


@dataclass(frozen=True)
class NetworkCost:
    """One network: its number of parameters and its billions of multiply-adds for one photo.

    Of the mapping only the convolutions are counted; ``attention_gmac`` has its attention.
    """

    network: str
    parameters: int
    gmac: float


def network_costs(recipe: Recipe, side_px: int = 256) -> list[NetworkCost]:
    """The costs of all networks of ``recipe`` for a photo of ``side_px``, a multiple of 16."""
    with torch.device("meta"):
        photo, latent_px = torch.empty(1, 3, side_px, side_px), side_px // STRIDE
        vaes = [_vae_costs("VAE1", Vae(recipe.degraded_vae.network), photo)]
        vaes.append(_vae_costs("VAE2", Vae(recipe.clean_vae.network), photo))
        detector = DefectDetector(recipe.detector.network)
        rest = [NetworkCost("defect detector", _parameters(detector), _gmac(lambda: detector.eval()(photo)))]
        kinds, maps = DamageKinds(recipe.kinds.network, recipe.detector.network), detector.features(photo)
        rest.append(NetworkCost("kinds of damage", _parameters(kinds), _gmac(lambda: kinds(maps))))
        if recipe.mapping.gate is not None:
            gate, mask = FidelityGate(recipe.mapping.gate), torch.empty(1, 1, side_px, side_px)
            rest.append(NetworkCost("fidelity gate", _parameters(gate), _gmac(lambda: gate(photo, photo, mask))))
        if recipe.inpainter is not None:
            painter, marks = Inpainter(recipe.inpainter.network), torch.empty(1, 1, side_px, side_px)
            cost = _gmac(lambda: painter.change(photo, marks))
            rest.append(NetworkCost("inpainter", _parameters(painter), cost))
        if recipe.tone is not None:
            rest.append(_tone_cost(recipe.tone.network))
        if recipe.age is not None:
            age, windows = AgeReader(recipe.age.network), torch.empty(4, 3, side_px // 2, side_px // 2)
            rest.append(NetworkCost("age reader", _parameters(age), _gmac(lambda: age(windows))))
        rest.append(_judge_cost("photo discriminator of the VAEs", recipe.degraded_vae.discriminator, 3, side_px))
        if recipe.degraded_vae.latent_discriminator is not None:
            channels = recipe.degraded_vae.network.latent_channels
            judged = recipe.degraded_vae.latent_discriminator
            rest.append(_judge_cost("latent discriminator of VAE1", judged, channels, latent_px))
        rest.append(_judge_cost("discriminator of the mapping", recipe.mapping.discriminator, 6, side_px))
    return [*(cost for pair in vaes for cost in pair), _mapping_cost(recipe.mapping.network, latent_px), *rest]


def attention_gmac(config: MappingConfig, side_px: int, damaged_share: float) -> float:
    """Billions of multiply-adds of the partial nonlocal block: damaged cells times intact cells times 2 channels.

    With everything damaged each cell reads from each, as the dense matrix of the published code always does.
    """
    cells = (side_px // STRIDE) ** 2
    intact = cells if damaged_share == 1 else (1 - damaged_share) * cells
    return 2 * damaged_share * cells * intact * config.attention_channels / 1e9


def _vae_costs(name: str, vae: Vae, photo: Tensor) -> list[NetworkCost]:
    latent = vae.encode(photo).mean
    shares = (vae.decoder, vae.pixels_out)
    decoding = sum(_parameters(part) for part in shares if part is not None)
    return [
        NetworkCost(f"{name} encoder", _parameters(vae) - decoding, _gmac(lambda: vae.encode(photo))),
        NetworkCost(f"{name} decoder", decoding, _gmac(lambda: vae.decode(latent))),
    ]


def _mapping_cost(config: MappingConfig, latent_px: int) -> NetworkCost:
    mapping, small = LatentMapping(config), latent_px // _SMALL
    latent, mask = torch.zeros(1, config.latent_channels, small, small), torch.ones(1, 1, small, small)
    return NetworkCost("latent mapping", _parameters(mapping), _SMALL**2 * _gmac(lambda: mapping(latent, mask)))


def _tone_cost(config: ToneConfig) -> NetworkCost:
    reader, side = ToneReader(config), config.thumbnail_px
    reading = ToneReading(torch.empty(1, 3, config.bins), torch.empty(1, 3, side, side), torch.empty(1))
    return NetworkCost("tone reader", _parameters(reader), _gmac(lambda: reader.values(reading)))


def _judge_cost(name: str, config: DiscriminatorConfig, channels: int, side: int) -> NetworkCost:
    judge = MultiscaleDiscriminator(channels, config)
    return NetworkCost(name, _parameters(judge), _gmac(lambda: judge(torch.empty(1, channels, side, side))))


def _parameters(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def _gmac(run: Callable[[], object]) -> float:
    """Billions of multiply-adds of the convolutions in ``run``; torch counts two operations each."""
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        run()
    counted = counter.get_flop_counts()["Global"]
    return sum(flops for operation, flops in counted.items() if "convolution" in str(operation)) / 2e9

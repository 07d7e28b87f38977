"""Recipes of a few weights and a source of pairs that needs no photo."""

from pathlib import Path

import torch
from torch.nn import functional as F

from models.discriminators import DiscriminatorConfig
from models.fidelity_gate import FidelityGateConfig
from models.mapping import MappingConfig
from ops.pairs.sources import PairBatch
from ops.parts import WHOLE, Part
from ops.stages.mapping import MappingRecipe, MappingWeights
from ops.stages.vae import VaeRecipe, VaeWeights
from ops.tracking import MemoryLog
from ops.training import Schedule, Workbench
from tests.ops.small_networks import VAE

JUDGE = DiscriminatorConfig(width=4, num_strided=2, num_scales=1)
SCHEDULE = Schedule(
    steps=30,
    steady_steps=20,
    batch_size=4,
    crop_px=32,
    learning_rate=3e-3,
    discriminator_rate=2e-4,
    betas=(0.9, 0.99),
    gradient_clip=1.0,
    ema_decay=0.0,
    is_bf16=False,
    seed=5,
)
VAE_RECIPE = VaeRecipe(
    network=VAE,
    discriminator=JUDGE,
    latent_discriminator=JUDGE,
    weights=VaeWeights(
        l1=10,
        l2=1,
        perceptual=1,
        kl=1e-3,
        adversarial=0.02,
        feature_matching=0.2,
        latent_adversarial=0.05,
        adversarial_from=0.5,
    ),
    schedule=SCHEDULE,
)
MAPPING_RECIPE = MappingRecipe(
    network=MappingConfig(48, (8,), 1, 1, 1, 4, VAE.norm),
    gate=FidelityGateConfig(4),
    discriminator=JUDGE,
    weights=MappingWeights(
        latent_l1=1,
        painted_l1=5,
        restored_l1=10,
        perceptual=1,
        adversarial=0.02,
        feature_matching=0.2,
        adversarial_from=0.5,
    ),
    mask_dropout=0.2,
    clean_share=0.0,
    schedule=SCHEDULE,
)


class FadedBlots:
    """Soft coloured blots; degraded is faded to half its contrast and has a white line under the mask."""

    def batch(self, step: int, size: int, crop_px: int, part: Part = WHOLE) -> PairBatch:
        generator = torch.Generator().manual_seed(step)
        clean = F.interpolate(torch.rand(size, 3, 4, 4, generator=generator), (crop_px, crop_px), mode="bilinear")
        mask = torch.zeros(size, 1, crop_px, crop_px)
        mask[..., crop_px // 2, :] = 1
        degraded = torch.lerp(0.5 * clean + 0.3, torch.ones(()), mask)
        return PairBatch(part.of(clean), part.of(degraded), part.of(mask))


def bench(folder: Path) -> Workbench:
    return Workbench(folder, MemoryLog(), lambda line: None)

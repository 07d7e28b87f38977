"""Training of the two autoencoders: VAE1 for degraded photos, real and synthetic, and VAE2 for clean ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.discriminators import DiscriminatorConfig, MultiscaleDiscriminator
from models.vae import Vae, VaeConfig
from ops.checkpoints import Checkpoint, config_to_json
from ops.images import encode_png
from ops.losses import feature_matching, kl, lsgan
from ops.pairs import OldCrops, PairSource
from ops.pictures import contact_sheet
from ops.tensor_files import load_weights
from ops.training import Facts, Schedule, Workbench, fit, seeded


@dataclass(frozen=True)
class VaeWeights:
    """What each term counts in the loss of an autoencoder; zero switches a term off."""

    l1: float
    l2: float
    kl: float
    adversarial: float
    feature_matching: float
    latent_adversarial: float


@dataclass(frozen=True)
class VaeRecipe:
    """Everything that decides how an autoencoder is trained.

    ``latent_discriminator`` is set for VAE1 alone: it has two domains whose latents shall not be told apart.
    """

    network: VaeConfig
    discriminator: DiscriminatorConfig
    latent_discriminator: DiscriminatorConfig | None
    weights: VaeWeights
    schedule: Schedule


@dataclass(frozen=True)
class DomainBatch:
    """Photos (N, 3, H, W) of one update: ``old`` real ones and ``synthetic`` ones; VAE2 sees ``synthetic`` alone."""

    synthetic: Tensor
    old: Tensor | None = None


class VaeStage:
    """Reconstruction, KL and adversarial terms; for VAE1 also the latent discriminator.

    The latent discriminator learns to call synthetic latents real and old ones fake; only the old ones receive the
    gradient that fools it, so real photos are drawn to the domain for which truth exists (Wan et al., section 3.1).
    """

    def __init__(self, recipe: VaeRecipe) -> None:
        self.weights = recipe.weights
        self.vae = Vae(recipe.network)
        self.trained: nn.Module = self.vae
        self.judge = MultiscaleDiscriminator(3, recipe.discriminator)
        self.latent_judge = (
            MultiscaleDiscriminator(recipe.network.latent_channels, recipe.latent_discriminator)
            if recipe.latent_discriminator is not None
            else None
        )
        judges = [self.judge] + ([self.latent_judge] if self.latent_judge is not None else [])
        self.adversaries: nn.Module = nn.ModuleList(judges)
        self._seen: tuple[Tensor, Tensor, Tensor | None, Tensor | None] | None = None

    def losses(self, batch: DomainBatch, generator: torch.Generator) -> tuple[Tensor, dict[str, float]]:
        """Weighted sum of the terms of ``VaeWeights`` on one batch, each term for the log."""
        photo = batch.synthetic if batch.old is None else torch.cat([batch.synthetic, batch.old])
        posterior = self.vae.encode(photo)
        reconstructed = self.vae.decode(posterior.sample(generator))
        verdicts = self.judge(reconstructed)
        terms = {
            "l1": self.weights.l1 * F.l1_loss(reconstructed, photo),
            "l2": self.weights.l2 * F.mse_loss(reconstructed, photo),
            "kl": self.weights.kl * kl(posterior),
            "adversarial": self.weights.adversarial * lsgan(verdicts, is_real=True),
            "feature_matching": self.weights.feature_matching * feature_matching(verdicts, self.judge(photo)),
        }
        synthetic_latent, old_latent = posterior.mean[: len(batch.synthetic)], posterior.mean[len(batch.synthetic) :]
        if self.latent_judge is not None and len(old_latent):
            fooled = lsgan(self.latent_judge(old_latent), is_real=True)
            terms["latent_adversarial"] = self.weights.latent_adversarial * fooled
        self._seen = (photo, reconstructed.detach(), synthetic_latent.detach(), old_latent.detach())
        return torch.stack(list(terms.values())).sum(), {name: float(term.detach()) for name, term in terms.items()}

    def adversary_losses(self) -> Tensor:
        """Half the sum of real and fake, for photos and, in VAE1, for latents."""
        assert self._seen is not None
        photo, reconstructed, synthetic_latent, old_latent = self._seen
        loss = (lsgan(self.judge(photo), is_real=True) + lsgan(self.judge(reconstructed), is_real=False)) / 2
        if self.latent_judge is not None and old_latent is not None and len(old_latent):
            told_apart = lsgan(self.latent_judge(synthetic_latent), is_real=True) + lsgan(
                self.latent_judge(old_latent), is_real=False
            )
            loss = loss + told_apart / 2
        return loss


def train_clean_vae(
    recipe: VaeRecipe, pairs: PairSource, held_out: Tensor, facts: Facts, bench: Workbench
) -> Checkpoint:
    """Train VAE2 on the clean photos of ``pairs``; ``held_out`` (N, 3, H, W) are photos to show its work on."""
    schedule = recipe.schedule

    def batches(step: int) -> DomainBatch:
        return DomainBatch(pairs.batch(step, schedule.batch_size, schedule.crop_px).clean.to(bench.device))

    return _train("clean_vae", recipe, batches, held_out, facts, bench)


def train_degraded_vae(
    recipe: VaeRecipe, pairs: PairSource, old: OldCrops | None, held_out: Tensor, facts: Facts, bench: Workbench
) -> Checkpoint:
    """Train VAE1, each batch half synthetic and half real old photos; wholly synthetic if there are no old ones."""
    schedule = recipe.schedule
    num_old = 0 if old is None else schedule.batch_size // 2

    def batches(step: int) -> DomainBatch:
        synthetic = pairs.batch(step, schedule.batch_size - num_old, schedule.crop_px).degraded.to(bench.device)
        crops = None if old is None else old.batch(step, num_old, schedule.crop_px).to(bench.device)
        return DomainBatch(synthetic, crops)

    return _train("degraded_vae", recipe, batches, held_out, facts, bench)


def _train(
    name: str,
    recipe: VaeRecipe,
    batches: Callable[[int], DomainBatch],
    held_out: Tensor,
    facts: Facts,
    bench: Workbench,
) -> Checkpoint:
    with seeded(recipe.schedule.seed):
        stage = VaeStage(recipe)
    checkpoint = fit(name, stage, batches, recipe.schedule, {"recipe": config_to_json(recipe), **facts}, bench)
    vae = load_weights(Vae(recipe.network), checkpoint.weights).eval()
    with torch.inference_mode():
        reconstructed = vae.decode(vae.encode(held_out).mean)
    cells = [[photo[None], again[None]] for photo, again in zip(held_out, reconstructed, strict=True)]
    bench.show(checkpoint, encode_png(contact_sheet(cells, ["photo", "through the latent"])))
    return checkpoint

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
from ops.feature_weights import feature_trunk
from ops.images import encode_png
from ops.losses import feature_matching, kl, lsgan, perceptual
from ops.pairs.sources import OldCrops, PairSource
from ops.pictures import contact_sheet
from ops.processes import normal_rows, part_here
from ops.spread_training import spread
from ops.tensor_files import load_weights
from ops.training import Facts, Schedule, Workbench, fit, seeded


@dataclass(frozen=True)
class VaeWeights:
    """What each term counts in the loss of an autoencoder; zero switches a term off.

    Attributes:
        l1: mean absolute distance of the pixels.
        l2: mean squared distance of the pixels.
        perceptual: distance of the features (``ops/feature_weights.py`` says which).
        kl: divergence of the posterior from the standard normal distribution.
        adversarial: fooling the photo discriminator.
        feature_matching: distance in the photo discriminator's inner layers.
        latent_adversarial: drawing the latents of old photos to those of synthetic ones, from the first step on.
        adversarial_from: share of the schedule after which the photo discriminator and its two terms join.
    """

    l1: float
    l2: float
    perceptual: float
    kl: float
    adversarial: float
    feature_matching: float
    latent_adversarial: float
    adversarial_from: float


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
    """Photos (N, 3, H, W) of one update: ``old`` real ones and ``synthetic`` ones; VAE2 sees ``synthetic`` alone.

    ``is_judged`` says whether the photo discriminator has joined by this update.
    """

    synthetic: Tensor
    is_judged: bool
    old: Tensor | None = None


class VaeStage:
    """Reconstruction, KL and adversarial terms; for VAE1 also the latent discriminator.

    The latent discriminator learns to call synthetic latents real and old ones fake; only the old ones receive the
    gradient that fools it, so real photos are drawn to the domain for which truth exists (Wan et al., section 3.1).
    """

    def __init__(self, recipe: VaeRecipe, features: nn.Module) -> None:
        self.weights = recipe.weights
        self.features = features
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
        self._seen: _Seen | None = None

    def losses(self, batch: DomainBatch, generator: torch.Generator) -> tuple[Tensor, dict[str, float]]:
        """Weighted sum of the terms of ``VaeWeights`` on one batch, each term for the log."""
        weights = self.weights
        photo = batch.synthetic if batch.old is None else torch.cat([batch.synthetic, batch.old])
        posterior = self.vae.encode(photo)
        reconstructed = self.vae.decode(posterior.sample(normal_rows(posterior.mean, generator)))
        terms = {
            "l1": weights.l1 * F.l1_loss(reconstructed, photo),
            "l2": weights.l2 * F.mse_loss(reconstructed, photo),
            "kl": weights.kl * kl(posterior),
        }
        if weights.perceptual:
            terms["perceptual"] = weights.perceptual * perceptual(self.features(reconstructed), self.features(photo))
        if batch.is_judged:
            verdicts = self.judge(reconstructed)
            terms["adversarial"] = weights.adversarial * lsgan(verdicts, is_real=True)
            terms["feature_matching"] = weights.feature_matching * feature_matching(verdicts, self.judge(photo))
        synthetic_latent, old_latent = posterior.mean.split([len(batch.synthetic), len(photo) - len(batch.synthetic)])
        is_aligned = self.latent_judge is not None and len(old_latent) > 0
        if self.latent_judge is not None and is_aligned:
            fooled = lsgan(self.latent_judge(old_latent), is_real=True)
            terms["latent_adversarial"] = weights.latent_adversarial * fooled
        self._seen = _Seen(
            (photo, reconstructed.detach()) if batch.is_judged else None,
            (synthetic_latent.detach(), old_latent.detach()) if is_aligned else None,
        )
        return torch.stack(list(terms.values())).sum(), {name: float(term.detach()) for name, term in terms.items()}

    def adversary_losses(self) -> Tensor | None:
        """Half the sum of real and fake, for photos and, in VAE1, for latents; None while neither is judged."""
        assert self._seen is not None
        told_apart = []
        if self._seen.photos is not None:
            real, fake = self._seen.photos
            told_apart += [lsgan(self.judge(real), is_real=True), lsgan(self.judge(fake), is_real=False)]
        if self._seen.latents is not None and self.latent_judge is not None:
            synthetic, old = self._seen.latents
            told_apart += [
                lsgan(self.latent_judge(synthetic), is_real=True),
                lsgan(self.latent_judge(old), is_real=False),
            ]
        return torch.stack(told_apart).sum() / 2 if told_apart else None


@dataclass(frozen=True)
class _Seen:
    """What the discriminators are to judge: photo and reconstruction, synthetic and old latents."""

    photos: tuple[Tensor, Tensor] | None
    latents: tuple[Tensor, Tensor] | None


@spread
def train_clean_vae(
    recipe: VaeRecipe, pairs: PairSource, held_out: Tensor, facts: Facts, bench: Workbench
) -> Checkpoint:
    """Train VAE2 on the clean photos of ``pairs``; ``held_out`` (N, 3, H, W) are photos to show its work on."""
    schedule = recipe.schedule

    def batches(step: int) -> DomainBatch:
        """Clean crops of one step, and whether they are judged by then."""
        clean = pairs.batch(step, schedule.batch_size, schedule.crop_px, part_here()).clean.to(bench.device)
        return DomainBatch(clean, schedule.has_passed(recipe.weights.adversarial_from, step))

    return _train("clean_vae", recipe, batches, held_out, facts, bench)


@spread
def train_degraded_vae(
    recipe: VaeRecipe, pairs: PairSource, old: OldCrops | None, held_out: Tensor, facts: Facts, bench: Workbench
) -> Checkpoint:
    """Train VAE1, each batch half synthetic and half real old photos; wholly synthetic if there are no old ones.

    Of several processes each has as many of both, so the latent discriminator sees both domains everywhere.
    """
    schedule = recipe.schedule
    num_old = 0 if old is None else schedule.batch_size // 2

    def batches(step: int) -> DomainBatch:
        """Degraded crops of one step, half of them real old ones, and whether they are judged by then."""
        num_synthetic, part = schedule.batch_size - num_old, part_here()
        synthetic = pairs.batch(step, num_synthetic, schedule.crop_px, part).degraded.to(bench.device)
        crops = None if old is None else old.batch(step, num_old, schedule.crop_px, part).to(bench.device)
        return DomainBatch(synthetic, schedule.has_passed(recipe.weights.adversarial_from, step), crops)

    return _train("degraded_vae", recipe, batches, held_out, facts, bench)


def _train(
    name: str,
    recipe: VaeRecipe,
    batches: Callable[[int], DomainBatch],
    held_out: Tensor,
    facts: Facts,
    bench: Workbench,
) -> Checkpoint:
    seen_through, features = feature_trunk(bench.vgg_weights)
    with seeded(recipe.schedule.seed):
        stage = VaeStage(recipe, features.to(bench.device))
    facts = {"recipe": config_to_json(recipe), "perceptual": seen_through, **facts}
    checkpoint = fit(name, stage, batches, recipe.schedule, facts, bench)
    vae = load_weights(Vae(recipe.network), checkpoint.weights).eval()
    with torch.inference_mode():
        reconstructed = vae.decode(vae.encode(held_out).mean)
    cells = [[photo[None], again[None]] for photo, again in zip(held_out, reconstructed, strict=True)]
    bench.show(checkpoint, encode_png(contact_sheet(cells, ["photo", "through the latent"])))
    return checkpoint

"""Training of the latent mapping and the fidelity gate, between two frozen autoencoders."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.discriminators import DiscriminatorConfig, MultiscaleDiscriminator
from models.fidelity_gate import FidelityGate, FidelityGateConfig
from models.inpainter import Inpainter
from models.mapping import LatentMapping, MappingConfig
from models.triplet import TripletNetwork
from models.vae import Vae
from ops.checkpoints import Checkpoint, config_from_json, config_to_json
from ops.feature_weights import feature_trunk
from ops.images import encode_png
from ops.losses import feature_matching, lsgan, perceptual
from ops.pairs.sources import PairBatch, PairSource
from ops.pictures import contact_sheet
from ops.processes import part_here, uniform_rows
from ops.spread_training import spread
from ops.stages.inpainter import load_inpainter
from ops.stages.vae import VaeRecipe
from ops.tensor_files import load_weights
from ops.training import Facts, Schedule, Workbench, fit, seeded


@dataclass(frozen=True)
class MappingWeights:
    """What each term counts in the loss of the mapping.

    Attributes:
        latent_l1: distance of the mapped latent to the latent of the clean photo in VAE2.
        painted_l1: distance of the decoded photo, before the gate, to the clean one.
        restored_l1: distance of the photo behind the gate to the clean one.
        perceptual: distance of its features (``ops/feature_weights.py`` says which).
        adversarial: fooling the discriminator, which sees degraded and restored photo together.
        feature_matching: distance in the discriminator's inner layers.
        adversarial_from: share of the schedule after which the discriminator and its two terms join.
    """

    latent_l1: float
    painted_l1: float
    restored_l1: float
    perceptual: float
    adversarial: float
    feature_matching: float
    adversarial_from: float


@dataclass(frozen=True)
class MappingRecipe:
    """Everything that decides how mapping and gate are trained.

    Attributes:
        network: layers of the mapping.
        gate: layers of the fidelity gate; None restores without one, as published.
        discriminator: layers of the judge of restored photos.
        weights: of the losses.
        mask_dropout: share of pairs whose mask is hidden, because a detector will miss defects, too.
        clean_share: of each batch is shown undamaged and has to come back as it is.
        schedule: of the training.
    """

    network: MappingConfig
    gate: FidelityGateConfig | None
    discriminator: DiscriminatorConfig
    weights: MappingWeights
    mask_dropout: float
    clean_share: float
    schedule: Schedule


@dataclass(frozen=True)
class MappingBatch:
    """The ``pairs`` of one update, and whether the discriminator has joined by it."""

    pairs: PairBatch
    is_judged: bool


class MappingStage:
    """The mapping's losses; autoencoders and inpainter are trained already and stay as they are."""

    def __init__(
        self,
        recipe: MappingRecipe,
        degraded_vae: Vae,
        clean_vae: Vae,
        features: nn.Module,
        inpainter: Inpainter | None = None,
    ) -> None:
        self.weights = recipe.weights
        self.features = features
        self.mask_dropout = recipe.mask_dropout
        self.clean_share = recipe.clean_share
        self.network = TripletNetwork(
            degraded_vae.requires_grad_(False),
            clean_vae.requires_grad_(False),
            LatentMapping(recipe.network),
            None if recipe.gate is None else FidelityGate(recipe.gate),
            None if inpainter is None else inpainter.requires_grad_(False),
        )
        self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # a tenth faster on a CPU
        self.trained = nn.ModuleDict({"mapping": self.network.mapping})
        if self.network.gate is not None:
            self.trained["gate"] = self.network.gate
        self.judge = MultiscaleDiscriminator(6, recipe.discriminator)
        self.adversaries: nn.Module = nn.ModuleList([self.judge])
        self._seen: tuple[Tensor, Tensor] | None = None

    def losses(self, batch: MappingBatch, generator: torch.Generator) -> tuple[Tensor, dict[str, float]]:
        """Weighted sum of the terms of ``MappingWeights`` on one batch, each term for the log."""
        weights, pairs = self.weights, partly_clean(batch.pairs, self.clean_share)
        is_seen = uniform_rows(pairs.mask[..., :1, :1], generator) >= self.mask_dropout  # (N, 1, 1, 1)
        translation = self.network(pairs.degraded, pairs.mask * is_seen)
        restored, clean = translation.restored, pairs.clean
        with torch.no_grad():
            clean_latent = self.network.clean_vae.encode(clean).mean
        terms = {
            "latent_l1": weights.latent_l1 * F.l1_loss(translation.latent.float(), clean_latent),
            "painted_l1": weights.painted_l1 * F.l1_loss(translation.painted, clean),
            "restored_l1": weights.restored_l1 * F.l1_loss(restored, clean),
        }
        if weights.perceptual:
            terms["perceptual"] = weights.perceptual * perceptual(self.features(restored), self.features(clean))
        self._seen = None
        if batch.is_judged:
            real, fake = (torch.cat([pairs.degraded, photo], dim=1) for photo in (clean, restored))
            verdicts = self.judge(fake)
            terms["adversarial"] = weights.adversarial * lsgan(verdicts, is_real=True)
            terms["feature_matching"] = weights.feature_matching * feature_matching(verdicts, self.judge(real))
            self._seen = (real, fake.detach())
        return torch.stack(list(terms.values())).sum(), {name: float(term.detach()) for name, term in terms.items()}

    def adversary_losses(self) -> Tensor | None:
        """Half the sum of real and fake; None while the discriminator has not joined."""
        if self._seen is None:
            return None
        real, fake = self._seen
        return (lsgan(self.judge(real), is_real=True) + lsgan(self.judge(fake), is_real=False)) / 2


@spread
def train_mapping(
    recipe: MappingRecipe,
    degraded_vae: Checkpoint,
    clean_vae: Checkpoint,
    pairs: PairSource,
    held_out: PairBatch,
    facts: Facts,
    bench: Workbench,
    inpainter: Checkpoint | None = None,
) -> Checkpoint:
    """Train mapping and gate between two trained autoencoders; ``held_out`` are pairs to show the work on.

    ``inpainter`` paints the damage before the encoder sees it; without, the first fill does, if ``recipe`` has one.

    Raises:
        ValueError: an autoencoder's latent does not fit the mapping.
    """
    schedule = recipe.schedule
    seen_through, features = feature_trunk(bench.vgg_weights)
    with seeded(schedule.seed):
        vaes = (_load_vae(degraded_vae, recipe), _load_vae(clean_vae, recipe))
        painter = None if inpainter is None else load_inpainter(inpainter)
        stage = MappingStage(recipe, *vaes, features.to(bench.device), painter)
    stage.network.to(bench.device)

    def batches(step: int) -> MappingBatch:
        """Pairs of one step, and whether the discriminator has joined by then."""
        fresh = pairs.batch(step, schedule.batch_size, schedule.crop_px, part_here()).to(bench.device)
        return MappingBatch(fresh, schedule.has_passed(recipe.weights.adversarial_from, step))

    grounds = {"degraded_vae": degraded_vae.sha256, "clean_vae": clean_vae.sha256}
    grounds |= {} if inpainter is None else {"inpainter": inpainter.sha256}
    facts = {"recipe": config_to_json(recipe), "perceptual": seen_through, **grounds, **facts}
    checkpoint = fit("latent_mapping", stage, batches, schedule, facts, bench)
    load_weights(stage.trained, checkpoint.weights)
    stage.network.cpu().eval()
    with torch.inference_mode():
        translation = stage.network(held_out.degraded, held_out.mask)
    columns = (
        held_out.degraded,
        held_out.mask,
        translation.painted,
        translation.gate,
        translation.restored,
        held_out.clean,
    )
    cells = [[one[None] for one in row] for row in zip(*columns, strict=True)]
    titles = ["degraded", "mask", "painted", "gate", "restored", "clean"]
    bench.show(checkpoint, encode_png(contact_sheet(cells, titles, cell_px=160)))
    return checkpoint


def partly_clean(pairs: PairBatch, share: float) -> PairBatch:
    """The same pairs, the first ``share`` of the batch undamaged: degraded and clean photo alike, mask 0."""
    part = part_here()
    count = len(part.of(range(round(share * len(pairs.clean) * part.count))))
    degraded = torch.cat([pairs.clean[:count], pairs.degraded[count:]])
    return PairBatch(pairs.clean, degraded, torch.cat([torch.zeros_like(pairs.mask[:count]), pairs.mask[count:]]))


def _load_vae(checkpoint: Checkpoint, recipe: MappingRecipe) -> Vae:
    network = config_from_json(VaeRecipe, checkpoint.facts["recipe"]).network
    if network.latent_channels != recipe.network.latent_channels:
        raise ValueError(
            f"{checkpoint.stage} has {network.latent_channels} latent channels, the mapping expects "
            f"{recipe.network.latent_channels}; materialize {checkpoint.stage} with the same scale first"
        )
    return load_weights(Vae(network), checkpoint.weights).eval()

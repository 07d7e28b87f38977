"""Trains and scores one ablation, at the same budget and on the same held-out pairs as every other."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from models.triplet import TripletNetwork
from ops.ablations.domain_gap import gap_crops, gap_plot, gap_table, measure_gap
from ops.ablations.variants import OURS, Ablation, ablation_named, shortened
from ops.checkpoints import Checkpoint
from ops.corpora.records import Corpus
from ops.pairs.sets import PairSet
from ops.pairs.sources import OldCrops, PairBatch, PairSource, old_crops, training_pairs, validation_sample
from ops.parts import WHOLE, Part
from ops.recipes import Recipe
from ops.stages.mapping import train_mapping
from ops.stages.vae import train_clean_vae, train_degraded_vae
from ops.trained_networks import trained_networks, used_inpainter
from ops.training import Facts, Workbench

NUM_GAP_CROPS = 64


@dataclass(frozen=True)
class AblationData:
    """What every ablation is trained with.

    Attributes:
        pairs: to train with.
        old: crops of real old photos; None if there are none.
        shown: held-out pairs to show each network's work on.
        facts: what the trainings of the scale record beside their recipe.
        old_sha256: of the old photos.
    """

    pairs: PairSource
    old: OldCrops | None
    shown: PairBatch
    facts: Facts
    old_sha256: str


def ablation_data(
    recipe: Recipe, clean: Corpus, textures: Corpus, old: Corpus, pairs: PairSet, facts: Facts, device: str
) -> AblationData:
    """The data of ``recipe``, exactly as its own training assets take it on ``device``."""
    schedule = recipe.degraded_vae.schedule
    return AblationData(
        training_pairs(pairs, clean, textures, recipe.dataset, device),
        old_crops(old, schedule.crop_px, schedule.seed),
        validation_sample(pairs),
        facts,
        old.sha256,
    )


class HalfCleanPairs:
    """Pairs whose degraded photo is the clean one in the first half of each batch: for one autoencoder of both."""

    def __init__(self, pairs: PairSource) -> None:
        self.pairs = pairs

    def batch(self, step: int, size: int, crop_px: int, part: Part = WHOLE) -> PairBatch:
        """``part`` of the ``size`` pairs of ``crop_px`` of one step."""
        drawn = self.pairs.batch(step, size, crop_px, part)
        half = len(part.of(range(size // 2)))
        return PairBatch(drawn.clean, torch.cat([drawn.clean[:half], drawn.degraded[half:]]), drawn.mask)


def train_ablation(
    ablation: Ablation,
    recipe: Recipe,
    data: AblationData,
    inpainter: Checkpoint | None,
    detector: Checkpoint,
    bench: Workbench,
) -> TripletNetwork:
    """Train the networks of ``recipe``, already changed and shortened; what another one trained alike is taken over.

    ``inpainter`` and ``detector`` are the scale's own, the same for all; the result does not depend on the detector,
    nor on the inpainter if ``recipe`` has none.
    """
    degraded_vae, clean_vae = train_vaes(ablation, recipe, data, bench)
    vaes = (degraded_vae, clean_vae)
    painter, part = used_inpainter(recipe, inpainter), bench.part("mapping")
    mapping = train_mapping(recipe.mapping, *vaes, data.pairs, data.shown, data.facts, part, painter)
    return trained_networks(recipe, *vaes, inpainter, mapping, detector).triplet


def train_vaes(
    ablation: Ablation, recipe: Recipe, data: AblationData, bench: Workbench
) -> tuple[Checkpoint, Checkpoint]:
    """VAE1 and VAE2 of an ablation, which may be one."""
    degraded_vae = train_vae1(ablation, recipe, data, bench.part("degraded_vae"))
    if ablation.has_one_vae:
        return degraded_vae, degraded_vae
    second = bench.part("clean_vae")
    return degraded_vae, train_clean_vae(recipe.clean_vae, data.pairs, data.shown.clean, data.facts, second)


def train_vae1(ablation: Ablation, recipe: Recipe, data: AblationData, bench: Workbench) -> Checkpoint:
    """VAE1 of an ablation."""
    pairs, facts = data.pairs, {**data.facts, "old photos": data.old_sha256}
    if ablation.has_one_vae:
        pairs, facts["photos"] = HalfCleanPairs(pairs), "half clean, half degraded"
    return train_degraded_vae(recipe.degraded_vae, pairs, data.old, data.shown.degraded, facts, bench)


def report_domain_gap(
    recipe: Recipe, share: float, data: AblationData, old: OldCrops, bench: Workbench
) -> tuple[str, bytes]:
    """Train VAE1 as ours and with two changes, and compare the gap between ``old`` and synthetic photos in each.

    Returns:
        The distances as Markdown, and the latents as a PNG.
    """
    crops = gap_crops(data.pairs, old, NUM_GAP_CROPS, recipe.degraded_vae.schedule.crop_px)
    gaps = {}
    for name in (OURS, "no latent discriminator", "no KL"):
        ablation = ablation_named(name)
        changed = shortened(ablation.apply(recipe), share)
        vae = train_vae1(ablation, changed, data, bench.part(ablation.slug))
        gaps[name] = measure_gap(vae, crops)
        slug = ablation.slug
        bench.log.scalars(vae.step, {f"frechet.{slug}": gaps[name].frechet, f"sliced.{slug}": gaps[name].sliced})
    plot = gap_plot(gaps)
    bench.log.picture("domain_gap.png", plot)
    return gap_table(gaps).markdown(), plot

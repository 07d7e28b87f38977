"""Training of the two translators: pix2pix from pairs, CycleGAN from photos that are no pairs."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.baselines.cyclegan import CycleGanConfig, CycleGanDiscriminator, CycleGanGenerator
from models.baselines.pix2pix import Pix2PixConfig, Pix2PixDiscriminator, Pix2PixGenerator
from ops.checkpoints import Checkpoint, config_from_json, config_to_json
from ops.losses import cross_entropy_gan, lsgan
from ops.pairs.sources import OldCrops, PairBatch, PairSource
from ops.parts import WHOLE, Part
from ops.processes import part_here, rows_of_all
from ops.restorers.feed_forward import FeedForwardRestorer
from ops.spread_training import spread
from ops.stages.image_pool import ImagePool
from ops.stages.memory_order import channels_last
from ops.stages.shown_pairs import show_pairs
from ops.tensor_files import load_weights
from ops.training import Facts, Schedule, Workbench, fit, seeded


@dataclass(frozen=True)
class Pix2PixRecipe:
    """Everything that decides how pix2pix is trained.

    Attributes:
        network: its sizes.
        l1: what the distance to the clean photo counts beside fooling the discriminator; the authors' is 100.
        schedule: how long and how fast.
    """

    network: Pix2PixConfig
    l1: float
    schedule: Schedule


class Pix2PixStage:
    """log(1 + exp(-D(x, G(x)))) + l1 |y - G(x)|, with x degraded, y clean (Isola et al., CVPR 2017, section 3.1)."""

    def __init__(self, recipe: Pix2PixRecipe) -> None:
        self.l1 = recipe.l1
        self.generator = Pix2PixGenerator(recipe.network)
        self.judge = Pix2PixDiscriminator(recipe.network)
        self.trained: nn.Module = self.generator
        self.adversaries: nn.Module = nn.ModuleList([self.judge])
        channels_last(self.trained, self.adversaries)
        self._seen: tuple[PairBatch, Tensor] | None = None

    def losses(self, batch: PairBatch, generator: torch.Generator) -> tuple[Tensor, dict[str, float]]:
        """Both terms on one batch; ``generator`` decides what the dropout drops."""
        drawn = int(torch.randint(2**31, (), generator=generator, device=generator.device))
        with seeded(drawn + part_here().number):  # the one draw that depends on how many processes there are
            restored = self.generator(batch.degraded).float()
        verdict = self.judge(batch.degraded, restored)[-1]
        terms = {
            "adversarial": cross_entropy_gan(verdict, is_real=True),
            "l1": self.l1 * F.l1_loss(restored, batch.clean),
        }
        self._seen = (batch, restored.detach())
        return torch.stack(list(terms.values())).sum(), {name: float(term.detach()) for name, term in terms.items()}

    def adversary_losses(self) -> Tensor:
        """Half the sum of real and fake."""
        assert self._seen is not None
        batch, restored = self._seen
        real, fake = (self.judge(batch.degraded, photo)[-1] for photo in (batch.clean, restored))
        return (cross_entropy_gan(real, is_real=True) + cross_entropy_gan(fake, is_real=False)) / 2


@spread
def train_pix2pix(
    recipe: Pix2PixRecipe, pairs: PairSource, shown: PairBatch, facts: Facts, bench: Workbench
) -> Checkpoint:
    """Train pix2pix on ``pairs``; ``shown`` are validation pairs to show its work on."""
    schedule = recipe.schedule
    with seeded(schedule.seed):
        stage = Pix2PixStage(recipe)

    def batches(step: int) -> PairBatch:
        """Pairs of one step."""
        return pairs.batch(step, schedule.batch_size, schedule.crop_px, part_here()).to(bench.device)

    checkpoint = fit("pix2pix", stage, batches, schedule, {"recipe": config_to_json(recipe), **facts}, bench)
    show_pairs(bench, checkpoint, load_pix2pix(checkpoint), shown)
    return checkpoint


def load_pix2pix(checkpoint: Checkpoint) -> FeedForwardRestorer:
    """The trained pix2pix of ``checkpoint``: one photo at a time, batch statistics, dropout silent."""
    recipe = config_from_json(Pix2PixRecipe, checkpoint.facts["recipe"])
    network = load_weights(Pix2PixGenerator(recipe.network), checkpoint.weights)
    return FeedForwardRestorer(network, multiple_px=network.stride_px)


@dataclass(frozen=True)
class CycleGanRecipe:
    """Everything that decides how CycleGAN is trained.

    Attributes:
        network: its sizes, the same in both directions.
        cycle: what the way there and back counts; the authors' is 10.
        identity: what leaving a photo of the target domain alone counts; the authors' is 5.
        schedule: how long and how fast.
    """

    network: CycleGanConfig
    cycle: float
    identity: float
    schedule: Schedule


@dataclass(frozen=True)
class UnpairedBatch:
    """``degraded`` and ``clean`` (N, 3, H, W) in [0, 1]; none of one is the truth of one of the other."""

    degraded: Tensor
    clean: Tensor


class CycleGanStage:
    """Two translators, G to clean and F to degraded, and a discriminator of each domain.

        (D(G(x)) - 1)^2 + (D'(F(y)) - 1)^2 + cycle (|F(G(x)) - x| + |G(F(y)) - y|) + identity (|G(y) - y| + |F(x) - x|)

    with x degraded, y clean (Zhu et al., ICCV 2017, sections 3 and 5.2).
    """

    def __init__(self, recipe: CycleGanRecipe) -> None:
        self.weights = recipe
        self.to_clean, self.to_degraded = (CycleGanGenerator(recipe.network) for _ in range(2))
        self.clean_judge, self.degraded_judge = (CycleGanDiscriminator(recipe.network) for _ in range(2))
        self.clean_pool, self.degraded_pool = (ImagePool(recipe.schedule.crop_px) for _ in range(2))
        self.trained: nn.Module = nn.ModuleDict({"to_clean": self.to_clean, "to_degraded": self.to_degraded})
        judges = [self.clean_judge, self.degraded_judge]
        channels_last(self.trained, *judges)
        self.adversaries: nn.Module = nn.ModuleList([*judges, self.clean_pool, self.degraded_pool])
        self._seen: tuple[UnpairedBatch, UnpairedBatch] | None = None

    def losses(self, batch: UnpairedBatch, generator: torch.Generator) -> tuple[Tensor, dict[str, float]]:
        """All terms on one batch; ``generator`` decides which earlier fakes the discriminators will see."""
        degraded, clean = batch.degraded, batch.clean
        restored, aged = self.to_clean(degraded).float(), self.to_degraded(clean).float()
        there_and_back = F.l1_loss(self.to_degraded(restored).float(), degraded) + F.l1_loss(
            self.to_clean(aged).float(), clean
        )
        fooled = [self.clean_judge(restored)], [self.degraded_judge(aged)]
        terms = {
            "adversarial": lsgan(fooled[0], is_real=True) + lsgan(fooled[1], is_real=True),
            "cycle": self.weights.cycle * there_and_back,
        }
        if self.weights.identity:
            left_alone = F.l1_loss(self.to_clean(clean).float(), clean)
            left_alone = left_alone + F.l1_loss(self.to_degraded(degraded).float(), degraded)
            terms["identity"] = self.weights.identity * left_alone
        fakes = UnpairedBatch(
            part_here().of(self.degraded_pool.exchange(rows_of_all(aged.detach()), generator)),
            part_here().of(self.clean_pool.exchange(rows_of_all(restored.detach()), generator)),
        )
        self._seen = (batch, fakes)
        return torch.stack(list(terms.values())).sum(), {name: float(term.detach()) for name, term in terms.items()}

    def adversary_losses(self) -> Tensor:
        """Half the sum of real and fake, of both domains."""
        assert self._seen is not None
        real, fake = self._seen
        told_apart = [
            lsgan([self.clean_judge(real.clean)], is_real=True),
            lsgan([self.clean_judge(fake.clean)], is_real=False),
            lsgan([self.degraded_judge(real.degraded)], is_real=True),
            lsgan([self.degraded_judge(fake.degraded)], is_real=False),
        ]
        return torch.stack(told_apart).sum() / 2


@spread
def train_cyclegan(
    recipe: CycleGanRecipe,
    pairs: PairSource,
    old: OldCrops | None,
    shown: PairBatch,
    facts: Facts,
    bench: Workbench,
) -> Checkpoint:
    """Train CycleGAN: half of its degraded photos are real ``old`` ones, if there are any, as VAE1's are."""
    schedule = recipe.schedule
    with seeded(schedule.seed):
        stage = CycleGanStage(recipe)

    def batches(step: int) -> UnpairedBatch:
        """Degraded and clean photos of one step that are no pairs."""
        batch = unpaired_batch(pairs, old, step, schedule, part_here())
        return UnpairedBatch(batch.degraded.to(bench.device), batch.clean.to(bench.device))

    facts = {"recipe": config_to_json(recipe), "unpaired": "half a training apart", **facts}
    checkpoint = fit("cyclegan", stage, batches, schedule, facts, bench)
    show_pairs(bench, checkpoint, load_cyclegan(checkpoint), shown)
    return checkpoint


def unpaired_batch(
    pairs: PairSource, old: OldCrops | None, step: int, schedule: Schedule, part: Part = WHOLE
) -> UnpairedBatch:
    """``part`` of degraded photos, every second an ``old`` one where there are some, and of clean ones of other pairs.

    The clean photos are those of the update half a training away, so that no degraded photo meets its truth, and every
    pair is seen once from either side.
    """
    size, crop_px = schedule.batch_size, schedule.crop_px
    num_old = 0 if old is None else size // 2
    degraded = pairs.batch(step, size, crop_px, part).degraded[part.even_size(num_old) :]
    elsewhere = (step + max(1, schedule.steps // 2)) % max(2, schedule.steps)
    if old is not None and num_old:
        degraded = torch.cat([degraded, old.batch(step, num_old, crop_px, part).to(degraded.device)])
    return UnpairedBatch(degraded, pairs.batch(elsewhere, size, crop_px, part).clean)


def load_cyclegan(checkpoint: Checkpoint) -> FeedForwardRestorer:
    """The trained translator to clean photos of ``checkpoint``."""
    recipe = config_from_json(CycleGanRecipe, checkpoint.facts["recipe"])
    network = load_weights(CycleGanGenerator(recipe.network), checkpoint.weights, "to_clean.")
    return FeedForwardRestorer(network, multiple_px=4)

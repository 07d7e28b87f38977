"""Training of EdgeConnect on clean photos with the holes of our pairs: first the edges, then what lies between them.

Nazeri et al., ICCV Workshops 2019, sections 3.1 and 3.2; the weights are those of the authors' example configuration.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.baselines.edge_connect import (
    EdgeConnectConfig,
    EdgeGenerator,
    InpaintGenerator,
    edge_discriminator,
    inpaint_discriminator,
)
from ops.canny import canny_edges, grey
from ops.checkpoints import Checkpoint, config_from_json, config_to_json
from ops.feature_weights import feature_trunk
from ops.losses import cross_entropy_gan, feature_matching, perceptual, style
from ops.pairs.sources import PairBatch, PairSource
from ops.processes import mean_of_all, part_here
from ops.restorers.edge_connect import EdgeConnect, complete_edges
from ops.spread_training import spread
from ops.stages.memory_order import channels_last
from ops.stages.shown_pairs import show_pairs
from ops.tensor_files import load_weights
from ops.training import Facts, Schedule, Workbench, fit, seeded

_LEAST_HOLE = 0.01  # the L1 term is divided by the share of the hole; batches with hardly any count as if with this


@dataclass(frozen=True)
class EdgeRecipe:
    """Everything that decides how the edge model is trained.

    Attributes:
        network: its sizes.
        canny_sigma: smoothing of the true edges, in pixels; the authors' is 2.
        feature_matching: weight of the distance in the discriminator's inner layers, beside fooling it at 1.
        schedule: how long and how fast.
    """

    network: EdgeConnectConfig
    canny_sigma: float
    feature_matching: float
    schedule: Schedule


@dataclass(frozen=True)
class CompletionRecipe:
    """Everything that decides how the completion model is trained.

    Attributes:
        network: its sizes.
        l1: weight of the pixels' distance, divided by the share of the hole.
        adversarial: weight of fooling the discriminator.
        perceptual: weight of the features' distance (``ops/feature_weights.py`` says which).
        style: weight of the distance of the features' Gram matrices inside the hole.
        predicted_from: share of the schedule after which the edges in the hole are no longer the true ones but those
            of the edge model: the authors' stages 2 and 3.
        schedule: how long and how fast.
    """

    network: EdgeConnectConfig
    l1: float
    adversarial: float
    perceptual: float
    style: float
    predicted_from: float
    schedule: Schedule


@dataclass(frozen=True)
class HoleBatch:
    """Clean photos (N, 3, H, W), their true ``edges`` and ``hole`` (N, 1, H, W) in {0, 1}."""

    clean: Tensor
    edges: Tensor
    hole: Tensor
    is_predicted: bool = False


class EdgeStage:
    """-log D(grey, edges) + weight * feature matching, edges drawn from grey, known edges and hole."""

    def __init__(self, recipe: EdgeRecipe) -> None:
        self.weight = recipe.feature_matching
        self.generator = EdgeGenerator(recipe.network)
        self.judge = edge_discriminator(recipe.network)
        self.trained: nn.Module = self.generator
        self.adversaries: nn.Module = nn.ModuleList([self.judge])
        channels_last(self.trained, self.adversaries)
        self._seen: tuple[Tensor, Tensor] | None = None

    def losses(self, batch: HoleBatch, generator: torch.Generator) -> tuple[Tensor, dict[str, float]]:
        """Both terms on one batch; nothing is left to chance."""
        brightness = grey(batch.clean)
        drawn = self.generator(brightness, batch.edges, batch.hole).float()
        real, fake = (torch.cat([brightness, edges], dim=1) for edges in (batch.edges, drawn))
        verdicts = self.judge(fake)
        terms = {
            "adversarial": cross_entropy_gan(verdicts[-1], is_real=True),
            "feature_matching": self.weight * feature_matching([verdicts], [self.judge(real)]),
        }
        self._seen = (real, fake.detach())
        return torch.stack(list(terms.values())).sum(), {name: float(term.detach()) for name, term in terms.items()}

    def adversary_losses(self) -> Tensor:
        """Half the sum of real and fake."""
        assert self._seen is not None
        return _told_apart(self.judge, *self._seen)


class CompletionStage:
    """The completion model's losses; the edge model is trained already and stays as it is."""

    def __init__(self, recipe: CompletionRecipe, edge_model: EdgeGenerator, features: nn.Module) -> None:
        self.weights = recipe
        self.features = features
        self.edge_model = edge_model.eval().requires_grad_(False)
        self.generator = InpaintGenerator(recipe.network)
        self.judge = inpaint_discriminator(recipe.network)
        self.trained: nn.Module = self.generator
        self.adversaries: nn.Module = nn.ModuleList([self.judge])
        channels_last(self.trained, self.adversaries)
        self._seen: tuple[Tensor, Tensor] | None = None

    def losses(self, batch: HoleBatch, generator: torch.Generator) -> tuple[Tensor, dict[str, float]]:
        """Weighted sum of the terms on one batch, each term for the log; nothing is left to chance."""
        weights, clean, hole = self.weights, batch.clean, batch.hole
        edges = complete_edges(self.edge_model, clean, batch.edges, hole) if batch.is_predicted else batch.edges
        painted = self.generator(clean, edges, hole).float()
        terms = {
            "l1": weights.l1 * F.l1_loss(painted, clean) / mean_of_all(hole.mean()).clamp(min=_LEAST_HOLE),
            "adversarial": weights.adversarial * cross_entropy_gan(self.judge(painted)[-1], is_real=True),
        }
        if weights.perceptual:
            terms["perceptual"] = weights.perceptual * perceptual(self.features(painted), self.features(clean))
        if weights.style:
            inside = (self.features(photo * hole) for photo in (painted, clean))
            terms["style"] = weights.style * style(*inside)
        self._seen = (clean, painted.detach())
        return torch.stack(list(terms.values())).sum(), {name: float(term.detach()) for name, term in terms.items()}

    def adversary_losses(self) -> Tensor:
        """Half the sum of real and fake."""
        assert self._seen is not None
        return _told_apart(self.judge, *self._seen)


@spread
def train_edge_model(
    recipe: EdgeRecipe, pairs: PairSource, shown: PairBatch, facts: Facts, bench: Workbench
) -> Checkpoint:
    """Train the edge model on the clean photos and masks of ``pairs``; ``shown`` are pairs to show its work on."""
    schedule = recipe.schedule
    with seeded(schedule.seed):
        stage = EdgeStage(recipe)

    def batches(step: int) -> HoleBatch:
        """Holes of one step with the true edges."""
        drawn = pairs.batch(step, schedule.batch_size, schedule.crop_px, part_here()).to(bench.device)
        return hole_batch(drawn, recipe.canny_sigma)

    checkpoint = fit("edge_model", stage, batches, schedule, {"recipe": config_to_json(recipe), **facts}, bench)
    network = load_edge_model(checkpoint)

    def draw(degraded: Tensor, mask: Tensor | None) -> Tensor:
        """The edges instead of a restored photo."""
        return _drawn(network, degraded, mask, recipe.canny_sigma)

    show_pairs(bench, checkpoint, draw, shown, "edges")
    return checkpoint


@spread
def train_completion(
    recipe: CompletionRecipe,
    edge_model: Checkpoint,
    pairs: PairSource,
    shown: PairBatch,
    facts: Facts,
    bench: Workbench,
) -> Checkpoint:
    """Train the completion model behind a trained edge model; ``shown`` are pairs to show the work of both on."""
    schedule, sigma = recipe.schedule, _edge_recipe(edge_model).canny_sigma
    seen_through, features = feature_trunk(bench.vgg_weights)
    with seeded(schedule.seed):
        stage = CompletionStage(recipe, load_edge_model(edge_model).to(bench.device), features.to(bench.device))

    def batches(step: int) -> HoleBatch:
        """Holes of one step, with predicted edges from the recipe's share of the schedule on."""
        drawn = pairs.batch(step, schedule.batch_size, schedule.crop_px, part_here()).to(bench.device)
        return hole_batch(drawn, sigma, is_predicted=schedule.has_passed(recipe.predicted_from, step))

    grounds = {"edge_model": edge_model.sha256, "perceptual": seen_through}
    facts = {"recipe": config_to_json(recipe), **grounds, **facts}
    checkpoint = fit("edge_connect", stage, batches, schedule, facts, bench)
    show_pairs(bench, checkpoint, load_edge_connect(edge_model, checkpoint), shown)
    return checkpoint


def hole_batch(pairs: PairBatch, canny_sigma: float, *, is_predicted: bool = False) -> HoleBatch:
    """The clean photos of ``pairs`` with the true edges, and with holes where the mask says damaged."""
    edges = canny_edges(grey(pairs.clean), None, canny_sigma)
    return HoleBatch(pairs.clean, edges, (pairs.mask >= 0.5).float(), is_predicted)


def load_edge_model(checkpoint: Checkpoint) -> EdgeGenerator:
    """The trained edge model of ``checkpoint``, to draw with: its spectral norms are folded into its weights."""
    return load_weights(EdgeGenerator(_edge_recipe(checkpoint).network), checkpoint.weights).eval().fold_norms()


def load_edge_connect(edge_model: Checkpoint, completion: Checkpoint) -> EdgeConnect:
    """Both trained models as one restorer."""
    recipe = config_from_json(CompletionRecipe, completion.facts["recipe"])
    network = load_weights(InpaintGenerator(recipe.network), completion.weights)
    return EdgeConnect(load_edge_model(edge_model), network, _edge_recipe(edge_model).canny_sigma)


def _edge_recipe(checkpoint: Checkpoint) -> EdgeRecipe:
    return config_from_json(EdgeRecipe, checkpoint.facts["recipe"])


def _told_apart(judge: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
    verdicts = judge(real)[-1], judge(fake)[-1]
    return (cross_entropy_gan(verdicts[0], is_real=True) + cross_entropy_gan(verdicts[1], is_real=False)) / 2


@torch.inference_mode()
def _drawn(network: EdgeGenerator, photo: Tensor, mask: Tensor | None, sigma: float) -> Tensor:
    """The photo's known and predicted edges, white on black, for people; sides are multiples of 4."""
    hole = torch.zeros_like(photo[:, :1]) if mask is None else (mask >= 0.5).float()
    known = canny_edges(grey(photo), hole, sigma)
    return complete_edges(network, photo, known, hole).expand(-1, 3, -1, -1)

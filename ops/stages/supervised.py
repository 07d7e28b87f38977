"""Training of the networks that only compare their answer with the truth: operation-wise attention and NAFNet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.baselines.nafnet import NafNet, NafNetConfig
from models.baselines.operation_attention import OperationAttentionConfig, OperationAttentionNetwork
from ops.checkpoints import Checkpoint, config_from_json, config_to_json
from ops.losses import negative_psnr
from ops.pairs.sources import PairBatch, PairSource
from ops.processes import part_here
from ops.restorers.feed_forward import FeedForwardRestorer
from ops.spread_training import spread
from ops.stages.memory_order import channels_last
from ops.stages.shown_pairs import show_pairs
from ops.tensor_files import load_weights
from ops.training import Facts, Schedule, Workbench, fit, seeded


@dataclass(frozen=True)
class OperationAttentionRecipe:
    """How operation-wise attention is trained: by L1 (Suganuma et al., CVPR 2019, section 4.1)."""

    network: OperationAttentionConfig
    schedule: Schedule


@dataclass(frozen=True)
class NafNetRecipe:
    """How NAFNet is trained: by the PSNR itself (Chen et al., ECCV 2022, section 5.1, and their code).

    Attributes:
        network: its layers.
        schedule: of the training.
        most_db: where the PSNR in the loss ends; the authors' code has 80 (docs/decisions/0012).
    """

    network: NafNetConfig
    schedule: Schedule
    most_db: float


class SupervisedStage:
    """One network and one ``distance`` (restored, clean) to the truth, which the log calls ``name``."""

    def __init__(self, network: nn.Module, name: str, distance: Callable[[Tensor, Tensor], Tensor]) -> None:
        channels_last(network)
        self.trained = network
        self.adversaries: nn.Module = nn.ModuleList()
        self.name = name
        self.distance = distance

    def losses(self, batch: PairBatch, generator: torch.Generator) -> tuple[Tensor, dict[str, float]]:
        """The distance on one batch; nothing is left to chance."""
        loss = self.distance(self.trained(batch.degraded).float(), batch.clean)
        return loss, {self.name: float(loss.detach())}

    def adversary_losses(self) -> None:
        """There is no adversary."""
        return


@spread
def train_operation_attention(
    recipe: OperationAttentionRecipe, pairs: PairSource, shown: PairBatch, facts: Facts, bench: Workbench
) -> Checkpoint:
    """Train operation-wise attention on ``pairs``; ``shown`` are validation pairs to show its work on."""
    with seeded(recipe.schedule.seed):
        stage = SupervisedStage(OperationAttentionNetwork(recipe.network), "l1", F.l1_loss)
    checkpoint = _fit("operation_attention", stage, recipe, pairs, facts, bench)
    show_pairs(bench, checkpoint, load_operation_attention(checkpoint), shown)
    return checkpoint


@spread
def train_nafnet(
    recipe: NafNetRecipe, pairs: PairSource, shown: PairBatch, facts: Facts, bench: Workbench
) -> Checkpoint:
    """Train NAFNet on ``pairs``; ``shown`` are validation pairs to show its work on."""
    with seeded(recipe.schedule.seed):
        stage = SupervisedStage(NafNet(recipe.network), "negative_psnr", partial(negative_psnr, most_db=recipe.most_db))
    checkpoint = _fit("nafnet", stage, recipe, pairs, facts, bench)
    show_pairs(bench, checkpoint, load_nafnet(checkpoint), shown)
    return checkpoint


def load_operation_attention(checkpoint: Checkpoint) -> FeedForwardRestorer:
    """The trained network of ``checkpoint``, in tiles of its training crop."""
    recipe = config_from_json(OperationAttentionRecipe, checkpoint.facts["recipe"])
    network = load_weights(OperationAttentionNetwork(recipe.network), checkpoint.weights)
    return FeedForwardRestorer(network, tile_px=recipe.schedule.crop_px)


def load_nafnet(checkpoint: Checkpoint) -> FeedForwardRestorer:
    """The trained NAFNet of ``checkpoint``, in tiles of its training crop."""
    recipe = config_from_json(NafNetRecipe, checkpoint.facts["recipe"])
    network = load_weights(NafNet(recipe.network), checkpoint.weights)
    return FeedForwardRestorer(network, multiple_px=network.stride_px, tile_px=recipe.schedule.crop_px)


def _fit(
    name: str,
    stage: SupervisedStage,
    recipe: OperationAttentionRecipe | NafNetRecipe,
    pairs: PairSource,
    facts: Facts,
    bench: Workbench,
) -> Checkpoint:
    schedule = recipe.schedule

    def batches(step: int) -> PairBatch:
        """Pairs of one step."""
        return pairs.batch(step, schedule.batch_size, schedule.crop_px, part_here()).to(bench.device)

    return fit(name, stage, batches, schedule, {"recipe": config_to_json(recipe), **facts}, bench)

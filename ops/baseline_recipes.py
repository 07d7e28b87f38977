"""Recipes of the trained baselines: the authors' networks, losses and rates, and as many training crops as ours sees.

A method's steps follow from that number and its batch size. ``PAPER`` has the authors' sizes. ``STANDARD`` and
``SMOKE`` have smaller networks on the crops of ours, at ``SMOKE`` none dearer a crop than ours (docs/decisions/0012);
the shares of the schedule and the weights of the losses stay the authors'. Where the authors let the rate fall along a
cosine, it falls linearly here from the first step on, as the training loop does it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from models.baselines.cyclegan import CycleGanConfig
from models.baselines.edge_connect import EdgeConnectConfig
from models.baselines.nafnet import NafNetConfig
from models.baselines.operation_attention import OperationAttentionConfig
from models.baselines.pix2pix import Pix2PixConfig
from ops import recipes
from ops.recipes import Recipe
from ops.restorers.deep_image_prior import DeepImagePrior, VarianceStop
from ops.stages.edge_connect import CompletionRecipe, EdgeRecipe
from ops.stages.supervised import NafNetRecipe, OperationAttentionRecipe
from ops.stages.translation import CycleGanRecipe, Pix2PixRecipe
from ops.training import Schedule


@dataclass(frozen=True)
class BaselineRecipes:
    """How each baseline is trained at one scale.

    Attributes:
        pix2pix: translation by pairs.
        cyclegan: translation without pairs.
        operation_attention: operation-wise attention.
        nafnet: what somebody who has pairs would train today.
        edge_model: the edges of EdgeConnect; half of its crops.
        edge_connect: the colours of EdgeConnect; the other half.
        stopped_prior: Deep Image Prior, ended by the variance of its outputs.
        shares_crops: every method learns from the very same crops, made once and kept as files; else each has its own
            made while it learns. It pays where making a pair costs as much as learning from it, and takes room: 7
            bytes a pixel.
    """

    pix2pix: Pix2PixRecipe
    cyclegan: CycleGanRecipe
    operation_attention: OperationAttentionRecipe
    nafnet: NafNetRecipe
    edge_model: EdgeRecipe
    edge_connect: CompletionRecipe
    stopped_prior: DeepImagePrior
    shares_crops: bool


@dataclass(frozen=True)
class Budget:
    """What every baseline is given: ``crops`` of ``crop_px``, as many as all networks of ours see together."""

    crops: int
    crop_px: int

    def schedule(
        self,
        batch_size: int,
        rates: tuple[float, float],
        betas: tuple[float, float],
        *,
        steady_share: float,
        is_bf16: bool = False,
        share: float = 1.0,
    ) -> Schedule:
        """The schedule that spends ``share`` of the budget in batches of ``batch_size``.

        ``rates`` are the network's and its adversary's, ``steady_share`` is the part at the full rate. No baseline
        averages its weights or clips gradients, for their authors do not.
        """
        steps = max(1, round(share * self.crops / batch_size))
        return Schedule(
            steps=steps,
            steady_steps=round(steady_share * steps),
            batch_size=batch_size,
            crop_px=self.crop_px,
            learning_rate=rates[0],
            discriminator_rate=rates[1],
            betas=betas,
            gradient_clip=1e9,
            ema_decay=0.0,
            is_bf16=is_bf16,
            seed=0,
        )


def stopped_by_variance(prior: DeepImagePrior, most_steps: int, stop: VarianceStop) -> DeepImagePrior:
    """``prior`` with its end found on each photo by itself, at most after ``most_steps``; no truth is looked at."""
    return replace(prior, fitting=replace(prior.fitting, steps=most_steps, stop=stop))


def budget_of(ours: Recipe) -> Budget:
    """The crops that both autoencoders and the mapping of ``ours`` see, at the size the mapping sees them."""
    schedules = (ours.degraded_vae.schedule, ours.clean_vae.schedule, ours.mapping.schedule)
    return Budget(sum(one.steps * one.batch_size for one in schedules), ours.mapping.schedule.crop_px)


def _pix2pix(network: Pix2PixConfig, budget: Budget, batch_size: int, *, is_bf16: bool) -> Pix2PixRecipe:
    """The authors learn one pair at a time at a rate of 2e-4; the rate grows with the batch."""
    rate = 2e-4 * batch_size
    schedule = budget.schedule(batch_size, (rate, rate), (0.5, 0.999), steady_share=0.5, is_bf16=is_bf16)
    return Pix2PixRecipe(network, l1=100, schedule=schedule)


def _cyclegan(network: CycleGanConfig, budget: Budget, batch_size: int, *, is_bf16: bool) -> CycleGanRecipe:
    schedule = budget.schedule(batch_size, (2e-4, 2e-4), (0.5, 0.999), steady_share=0.5, is_bf16=is_bf16)
    return CycleGanRecipe(network, cycle=10, identity=5, schedule=schedule)


def _attention(network: OperationAttentionConfig, budget: Budget, batch_size: int) -> OperationAttentionRecipe:
    """In float32: its depthwise convolutions are slower in bfloat16."""
    schedule = budget.schedule(batch_size, (1e-3, 0.0), (0.9, 0.999), steady_share=0.0)
    return OperationAttentionRecipe(network, schedule)


def _nafnet(network: NafNetConfig, budget: Budget, batch_size: int, most_db: float) -> NafNetRecipe:
    schedule = budget.schedule(batch_size, (1e-3, 0.0), (0.9, 0.9), steady_share=0.0)
    return NafNetRecipe(network, schedule, most_db)


def _edge_schedule(budget: Budget, *, is_bf16: bool) -> Schedule:
    """The authors' rates, which do not fall; their batches of 8; half of the crops, for there are two models."""
    return budget.schedule(8, (1e-4, 1e-5), (0.0, 0.9), steady_share=1.0, is_bf16=is_bf16, share=0.5)


def _edge_model(network: EdgeConnectConfig, schedule: Schedule) -> EdgeRecipe:
    # Published: 10 times the sum over the layers; the loss here is the mean over the discriminator's four inner ones.
    return EdgeRecipe(network, canny_sigma=2, feature_matching=40, schedule=schedule)


def _completion(network: EdgeConnectConfig, schedule: Schedule, style: float) -> CompletionRecipe:
    return CompletionRecipe(
        network, l1=1, adversarial=0.1, perceptual=0.1, style=style, predicted_from=0.5, schedule=schedule
    )


_PAPER, _STANDARD, _SMOKE = (budget_of(ours) for ours in (recipes.PAPER, recipes.STANDARD, recipes.SMOKE))

PAPER = BaselineRecipes(
    pix2pix=_pix2pix(Pix2PixConfig(width=64, depth=8, judge_width=64), _PAPER, batch_size=1, is_bf16=False),
    cyclegan=_cyclegan(CycleGanConfig(width=64, num_blocks=9, judge_width=64), _PAPER, batch_size=1, is_bf16=False),
    operation_attention=_attention(
        OperationAttentionConfig(width=16, num_groups=10, layers_per_group=4), _PAPER, batch_size=32
    ),
    nafnet=_nafnet(NafNetConfig(32, (2, 2, 4, 8), 12, (2, 2, 2, 2)), _PAPER, batch_size=32, most_db=80),
    edge_model=_edge_model(
        EdgeConnectConfig(width=64, num_blocks=8, judge_width=64), _edge_schedule(_PAPER, is_bf16=False)
    ),
    edge_connect=_completion(
        EdgeConnectConfig(width=64, num_blocks=8, judge_width=64), _edge_schedule(_PAPER, is_bf16=False), style=250
    ),
    stopped_prior=stopped_by_variance(recipes.PAPER.deep_image_prior, 5000, VarianceStop(window=100, patience=1000)),
    shares_crops=False,
)
STANDARD = BaselineRecipes(
    pix2pix=_pix2pix(Pix2PixConfig(width=32, depth=5, judge_width=24), _STANDARD, batch_size=1, is_bf16=True),
    cyclegan=_cyclegan(CycleGanConfig(width=24, num_blocks=6, judge_width=24), _STANDARD, batch_size=4, is_bf16=True),
    operation_attention=_attention(
        OperationAttentionConfig(width=16, num_groups=3, layers_per_group=4), _STANDARD, batch_size=8
    ),
    nafnet=_nafnet(NafNetConfig(16, (1, 1, 2), 2, (1, 1, 1)), _STANDARD, batch_size=8, most_db=40),
    edge_model=_edge_model(
        EdgeConnectConfig(width=24, num_blocks=6, judge_width=24), _edge_schedule(_STANDARD, is_bf16=True)
    ),
    edge_connect=_completion(
        EdgeConnectConfig(width=24, num_blocks=6, judge_width=24), _edge_schedule(_STANDARD, is_bf16=True), style=0
    ),  # style needs VGG
    stopped_prior=stopped_by_variance(recipes.STANDARD.deep_image_prior, 1000, VarianceStop(window=50, patience=300)),
    shares_crops=False,
)
SMOKE = BaselineRecipes(
    pix2pix=_pix2pix(Pix2PixConfig(width=8, depth=5, judge_width=8), _SMOKE, batch_size=8, is_bf16=True),
    cyclegan=_cyclegan(CycleGanConfig(width=4, num_blocks=1, judge_width=4), _SMOKE, batch_size=8, is_bf16=True),
    operation_attention=_attention(
        OperationAttentionConfig(width=8, num_groups=1, layers_per_group=1), _SMOKE, batch_size=8
    ),
    nafnet=_nafnet(NafNetConfig(8, (0, 1, 1), 1, (1, 1, 0)), _SMOKE, batch_size=8, most_db=40),
    edge_model=_edge_model(
        EdgeConnectConfig(width=8, num_blocks=2, judge_width=8), _edge_schedule(_SMOKE, is_bf16=True)
    ),
    edge_connect=_completion(
        EdgeConnectConfig(width=8, num_blocks=2, judge_width=8), _edge_schedule(_SMOKE, is_bf16=True), style=0
    ),  # style needs VGG
    stopped_prior=stopped_by_variance(recipes.SMOKE.deep_image_prior, 120, VarianceStop(window=20, patience=60)),
    shares_crops=True,
)

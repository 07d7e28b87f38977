"""EdgeConnect learns edges and paint, and touches nothing but the hole."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from models.baselines.edge_connect import EdgeConnectConfig
from ops.checkpoints import Checkpoint
from ops.metrics import roc_auc
from ops.pairs.sources import PairBatch
from ops.parts import WHOLE, Part
from ops.restorers.bm3d import BlindBm3d
from ops.restorers.edge_connect import EdgeConnect, complete_edges
from ops.restorers.sequential import Sequential
from ops.scores.evaluation import EvaluationPair
from ops.scores.held_out import HeldOut
from ops.scores.method_results import run_method
from ops.stages.edge_connect import (
    CompletionRecipe,
    EdgeRecipe,
    EdgeStage,
    hole_batch,
    load_edge_connect,
    load_edge_model,
    train_completion,
    train_edge_model,
)
from tests.ops.stages.stage_recipes import SCHEDULE, bench

NETWORK = EdgeConnectConfig(width=6, num_blocks=1, judge_width=4)
ADAM = replace(SCHEDULE, betas=(0.0, 0.9), learning_rate=2e-3, gradient_clip=1e9, batch_size=2)
EDGES = EdgeRecipe(NETWORK, canny_sigma=1, feature_matching=40, schedule=replace(ADAM, steps=25))
COMPLETION = CompletionRecipe(
    NETWORK, l1=1, adversarial=0.1, perceptual=0.1, style=250, predicted_from=0.5, schedule=replace(ADAM, steps=50)
)


class HoledDiscs:
    """A disc on a ground, with a square hole across its rim."""

    def batch(self, step: int, size: int, crop_px: int, part: Part = WHOLE) -> PairBatch:
        generator = torch.Generator().manual_seed(step)
        rows, columns = torch.meshgrid(torch.arange(crop_px), torch.arange(crop_px), indexing="ij")
        disc = ((rows - crop_px / 2) ** 2 + (columns - crop_px / 2) ** 2 < (crop_px / 3) ** 2).float()
        tones = torch.rand(size, 2, 3, 1, 1, generator=generator) * 0.4 + torch.tensor([0.0, 0.6])[:, None, None, None]
        clean = tones[:, 0] + (tones[:, 1] - tones[:, 0]) * disc
        mask = torch.zeros(size, 1, crop_px, crop_px)
        mask[..., 2:12, 10:20] = 1
        return PairBatch(clean, torch.where(mask.bool(), 0.5, clean), mask)


SHOWN = HoledDiscs().batch(99, 2, 32)


@pytest.fixture(scope="module")
def edge_model(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    return train_edge_model(EDGES, HoledDiscs(), SHOWN, {}, bench(tmp_path_factory.mktemp("edges")))


@pytest.fixture(scope="module")
def completion(edge_model: Checkpoint, tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    folder = tmp_path_factory.mktemp("completion")
    return train_completion(COMPLETION, edge_model, HoledDiscs(), SHOWN, {}, bench(folder))


@pytest.fixture(scope="module")
def restorer(edge_model: Checkpoint, completion: Checkpoint) -> EdgeConnect:
    return load_edge_connect(edge_model, completion)


def test_the_edge_model_comes_nearer_to_true_edges(edge_model: Checkpoint) -> None:
    _, untrained = EdgeStage(EDGES).losses(hole_batch(SHOWN, 1), torch.Generator())
    assert edge_model.history[-1]["feature_matching"] < 0.9 * untrained["feature_matching"]


def test_edges_in_the_hole_are_found_better_than_by_chance(edge_model: Checkpoint) -> None:
    """The drawn probability is higher on true edges than elsewhere in the hole, over photos it never saw."""
    unseen = hole_batch(HoledDiscs().batch(77, 8, 32), 1)
    known = unseen.edges * (1 - unseen.hole)
    drawn = complete_edges(load_edge_model(edge_model), unseen.clean, known, unseen.hole)
    inside = unseen.hole.bool()
    assert unseen.edges[inside].sum() > 20
    assert roc_auc(drawn[inside], unseen.edges[inside]) > 0.6


def test_paint_in_the_hole_is_nearer_to_the_truth_than_grey(restorer: EdgeConnect) -> None:
    hole = SHOWN.mask[:1].bool().expand(-1, 3, -1, -1)
    restored = restorer(SHOWN.degraded[:1], SHOWN.mask[:1])
    error, grey_error = ((photo - SHOWN.clean[:1])[hole].square().mean() for photo in (restored, SHOWN.degraded[:1]))
    assert error < 0.8 * grey_error


@pytest.mark.parametrize("size", [(32, 32), (37, 50), (9, 70)])
def test_only_pixels_in_the_hole_change(restorer: EdgeConnect, size: tuple[int, int]) -> None:
    photo, mask = torch.rand(1, 3, *size), torch.zeros(1, 1, *size)
    mask[..., 2:7, 5:30] = 0.8
    restored = restorer(photo, mask)
    changed = (restored != photo).any(dim=1, keepdim=True)
    assert not changed[mask == 0].any()
    assert changed[mask > 0].all()


@pytest.mark.parametrize("mask", [None, torch.zeros(1, 1, 20, 20), torch.full((1, 1, 20, 20), 0.4)])
def test_without_a_hole_nothing_changes(restorer: EdgeConnect, mask: Tensor | None) -> None:
    photo = torch.rand(1, 3, 20, 20)
    assert torch.equal(restorer(photo, mask), photo)


def test_its_work_is_counted(restorer: EdgeConnect, tmp_path: Path) -> None:
    """At least what the residual block of either network does on a photo of 8 by 8 cells."""
    pair = EvaluationPair("disc", SHOWN.clean[:1], SHOWN.degraded[:1], SHOWN.mask[:1])
    cost = run_method("EdgeConnect", restorer, HeldOut((pair,), "0" * 64), tmp_path, lambda line: None).cost
    assert cost is not None
    block_gflop = 2 * 2 * 9 * (4 * NETWORK.width) ** 2 * 8 * 8 / 1e9
    assert cost.gflop > 2 * block_gflop


def test_what_lies_in_the_hole_is_never_looked_at(restorer: EdgeConnect) -> None:
    scribbled = torch.where(SHOWN.mask[:1].bool(), torch.rand(1, 3, 32, 32), SHOWN.degraded[:1])
    assert torch.equal(restorer(scribbled, SHOWN.mask[:1]), restorer(SHOWN.degraded[:1], SHOWN.mask[:1]))


def test_sequential_is_bm3d_everywhere_but_in_the_hole(restorer: EdgeConnect) -> None:
    bm3d, noisy = BlindBm3d(least_levels=3, most_levels=50), SHOWN.clean[:1] + 0.05 * torch.randn(1, 3, 32, 32)
    noisy = noisy.clamp(0, 1)
    restored, denoised = Sequential(bm3d, restorer)(noisy, SHOWN.mask[:1]), bm3d(noisy, None)
    intact = (SHOWN.mask[:1] == 0).expand_as(noisy)
    assert torch.equal(restored[intact], denoised[intact])
    assert F.l1_loss(restored, denoised) > 0


def test_the_second_half_of_the_training_uses_predicted_edges(edge_model: Checkpoint, tmp_path: Path) -> None:
    never = train_completion(
        replace(COMPLETION, predicted_from=1.0, schedule=replace(ADAM, steps=2)),
        edge_model, HoledDiscs(), SHOWN, {}, bench(tmp_path),
    )  # fmt: skip
    late = train_completion(
        replace(COMPLETION, predicted_from=0.5, schedule=replace(ADAM, steps=2)),
        edge_model, HoledDiscs(), SHOWN, {}, bench(tmp_path),
    )  # fmt: skip
    assert never.history[-1]["l1"] != late.history[-1]["l1"]

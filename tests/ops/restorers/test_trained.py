"""A trained baseline restores again as it did when it was trained, and a record without its networks is refused."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from ops.checkpoints import Checkpoint
from ops.restorers.bm3d import BlindBm3d
from ops.restorers.restorer import Restorer
from ops.restorers.sequential import Sequential
from ops.restorers.trained import trained_restorer
from ops.scores.method_results import MethodResult
from ops.stages.edge_connect import load_edge_connect, train_completion, train_edge_model
from ops.stages.supervised import load_nafnet, load_operation_attention, train_nafnet, train_operation_attention
from ops.stages.translation import load_cyclegan, load_pix2pix, train_cyclegan, train_pix2pix
from ops.training import Schedule
from tests.ops.stages.stage_recipes import FadedBlots, bench
from tests.ops.stages.test_edge_connect_stages import COMPLETION, EDGES
from tests.ops.stages.test_supervised_stages import ATTENTION, NAFNET
from tests.ops.stages.test_translation_stages import CYCLEGAN, PIX2PIX

DENOISE = BlindBm3d(least_levels=3, most_levels=50)
PAIRS, SHOWN = FadedBlots(), FadedBlots().batch(1, 1, 32)


def brief(schedule: Schedule) -> Schedule:
    return replace(schedule, steps=2)


def attention(folder: Path) -> tuple[Restorer, list[Checkpoint]]:
    recipe = replace(ATTENTION, schedule=brief(ATTENTION.schedule))
    trained = train_operation_attention(recipe, PAIRS, SHOWN, {}, bench(folder))
    return load_operation_attention(trained), [trained]


def nafnet(folder: Path) -> tuple[Restorer, list[Checkpoint]]:
    trained = train_nafnet(replace(NAFNET, schedule=brief(NAFNET.schedule)), PAIRS, SHOWN, {}, bench(folder))
    return load_nafnet(trained), [trained]


def pix2pix(folder: Path) -> tuple[Restorer, list[Checkpoint]]:
    trained = train_pix2pix(replace(PIX2PIX, schedule=brief(PIX2PIX.schedule)), PAIRS, SHOWN, {}, bench(folder))
    return load_pix2pix(trained), [trained]


def cyclegan(folder: Path) -> tuple[Restorer, list[Checkpoint]]:
    recipe = replace(CYCLEGAN, schedule=brief(CYCLEGAN.schedule))
    trained = train_cyclegan(recipe, PAIRS, None, SHOWN, {}, bench(folder))
    return load_cyclegan(trained), [trained]


def sequential(folder: Path) -> tuple[Restorer, list[Checkpoint]]:
    edges = train_edge_model(replace(EDGES, schedule=brief(EDGES.schedule)), PAIRS, SHOWN, {}, bench(folder))
    recipe = replace(COMPLETION, schedule=brief(COMPLETION.schedule))
    paint = train_completion(recipe, edges, PAIRS, SHOWN, {}, bench(folder))
    return Sequential(DENOISE, load_edge_connect(edges, paint)), [edges, paint]


@pytest.mark.parametrize("train", [attention, nafnet, pix2pix, cyclegan, sequential])
def test_the_checkpoints_of_a_result_restore_as_its_method_did(
    train: Callable[[Path], tuple[Restorer, list[Checkpoint]]], tmp_path: Path
) -> None:
    restore, training = train(tmp_path)
    result = MethodResult("rival", "f" * 64, tmp_path / "rival.parquet", training=tuple(training))
    again = trained_restorer(result, DENOISE)
    assert torch.equal(again(SHOWN.degraded, SHOWN.mask), restore(SHOWN.degraded, SHOWN.mask))


def test_a_record_without_networks_is_refused() -> None:
    with pytest.raises(ValueError, match=r"record of BM3D .* no network.*materialize it again"):
        trained_restorer(MethodResult("BM3D", "f" * 64, Path("bm3d.parquet")), DENOISE)

"""Operation-wise attention and NAFNet learn, and are used in tiles of the size they were trained on."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from models.baselines.nafnet import NafNetConfig
from models.baselines.operation_attention import OperationAttentionConfig
from ops.losses import negative_psnr
from ops.metrics import psnr
from ops.pairs.sources import PairBatch
from ops.parts import WHOLE, Part
from ops.restorers.feed_forward import FeedForwardRestorer
from ops.stages.supervised import (
    NafNetRecipe,
    OperationAttentionRecipe,
    load_nafnet,
    load_operation_attention,
    train_nafnet,
    train_operation_attention,
)
from tests.ops.stages.stage_recipes import SCHEDULE, FadedBlots, bench

LONG = replace(SCHEDULE, steps=100, steady_steps=50, learning_rate=1e-2, batch_size=2, gradient_clip=1e9)
ATTENTION = OperationAttentionRecipe(OperationAttentionConfig(width=8, num_groups=1, layers_per_group=1), LONG)
NAFNET = NafNetRecipe(NafNetConfig(8, (1, 1), 1, (1, 1)), replace(LONG, steps=60, learning_rate=3e-3), most_db=40)


class NoisyBlots:
    """Soft blots under noise: nothing that needs an offset, for the attention network has no bias anywhere."""

    def batch(self, step: int, size: int, crop_px: int, part: Part = WHOLE) -> PairBatch:
        pairs = FadedBlots().batch(step, size, crop_px)
        noise = 0.15 * torch.randn(pairs.clean.shape, generator=torch.Generator().manual_seed(step))
        return PairBatch(pairs.clean, pairs.clean + noise, pairs.mask)


SHOWN = NoisyBlots().batch(99, 2, 32)


@pytest.fixture(scope="module")
def attention(tmp_path_factory: pytest.TempPathFactory) -> FeedForwardRestorer:
    folder = tmp_path_factory.mktemp("attention")
    return load_operation_attention(train_operation_attention(ATTENTION, NoisyBlots(), SHOWN, {}, bench(folder)))


@pytest.fixture(scope="module")
def nafnet(tmp_path_factory: pytest.TempPathFactory) -> FeedForwardRestorer:
    folder = tmp_path_factory.mktemp("nafnet")
    return load_nafnet(train_nafnet(NAFNET, NoisyBlots(), SHOWN, {}, bench(folder)))


@pytest.mark.parametrize("method", ["attention", "nafnet"])
def test_the_restored_photo_is_more_than_a_decibel_nearer_to_the_truth(
    method: str, request: pytest.FixtureRequest
) -> None:
    restorer = request.getfixturevalue(method)
    assert restored_psnr(restorer) > float(psnr(SHOWN.degraded[:1], SHOWN.clean[:1])) + 1


@pytest.mark.parametrize("method", ["attention", "nafnet"])
def test_a_large_photo_is_restored_in_tiles_of_the_training_crop(method: str, request: pytest.FixtureRequest) -> None:
    restorer = request.getfixturevalue(method)
    seen = set()
    watch = restorer.network.register_forward_pre_hook(lambda net, given: seen.add(tuple(given[0].shape[-2:])))
    photo = FadedBlots().batch(5, 1, 72).degraded
    in_tiles = restorer(photo, None)
    watch.remove()
    assert seen == {(32, 32)}
    assert in_tiles.shape == photo.shape
    assert not torch.allclose(in_tiles, FeedForwardRestorer(restorer.network, multiple_px=8)(photo, None), atol=1e-4)


def test_the_loss_is_the_psnr() -> None:
    clean = torch.rand(3, 3, 8, 8).mul(0.8)
    assert float(negative_psnr(clean + 0.1, clean, most_db=80)) == pytest.approx(-20, abs=1e-3)


def test_an_undamaged_photo_does_not_decide_what_nafnet_learns() -> None:
    """Its pull is weaker than that of a damaged one; with the authors' 80 dB it was stronger a hundred times over."""
    clean = torch.rand(1, 3, 8, 8).mul(0.8)

    def pull(error: float, most_db: float) -> float:
        restored = (clean + error).requires_grad_()
        negative_psnr(restored, clean, most_db).backward()
        assert restored.grad is not None
        return float(restored.grad.norm())

    assert pull(0.0001, most_db=80) > 100 * pull(0.05, most_db=80)
    assert pull(0.0001, most_db=40) < pull(0.05, most_db=40)


def restored_psnr(restorer: FeedForwardRestorer) -> float:
    restored: Tensor = restorer(SHOWN.degraded[:1], SHOWN.mask[:1])
    return float(psnr(restored, SHOWN.clean[:1]))

"""The translators learn what their papers say they learn, and a resume goes on exactly."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from models.baselines.cyclegan import CycleGanConfig
from models.baselines.pix2pix import Pix2PixConfig
from ops.checkpoints import Checkpoint
from ops.metrics import psnr
from ops.pairs.sources import PairBatch
from ops.parts import WHOLE, Part
from ops.stages.image_pool import POOL_SIZE, ImagePool
from ops.stages.translation import (
    CycleGanRecipe,
    CycleGanStage,
    Pix2PixRecipe,
    Pix2PixStage,
    load_cyclegan,
    load_pix2pix,
    train_cyclegan,
    train_pix2pix,
    unpaired_batch,
)
from ops.tensor_files import load_tensors
from ops.training import fit
from tests.ops.stages.stage_recipes import SCHEDULE, FadedBlots, bench

PIX2PIX = Pix2PixRecipe(
    Pix2PixConfig(width=8, depth=5, judge_width=4),
    l1=100,
    schedule=replace(SCHEDULE, betas=(0.5, 0.999), learning_rate=2e-3, gradient_clip=1e9),
)
CYCLEGAN = CycleGanRecipe(
    CycleGanConfig(width=4, num_blocks=2, judge_width=4),
    cycle=10,
    identity=5,
    schedule=replace(SCHEDULE, betas=(0.5, 0.999), gradient_clip=1e9, batch_size=2),
)
SHOWN = FadedBlots().batch(99, 2, 32)


class SamePairs:
    """The same pairs at every step."""

    def batch(self, step: int, size: int, crop_px: int, part: Part = WHOLE) -> PairBatch:
        return FadedBlots().batch(0, size, crop_px, part)


def test_pix2pix_learns_four_pairs_by_heart(tmp_path: Path) -> None:
    schedule = replace(PIX2PIX.schedule, steps=200, steady_steps=120, batch_size=4)
    pairs = SamePairs().batch(0, 4, 32)
    checkpoint = train_pix2pix(replace(PIX2PIX, schedule=schedule), SamePairs(), pairs, {}, bench(tmp_path))
    restore = load_pix2pix(checkpoint)
    decibels = [psnr(restore(pairs.degraded[n : n + 1], None), pairs.clean[n : n + 1]) for n in range(4)]
    assert min(decibels) > 30
    assert (checkpoint.folder / "samples.png").is_file()


def test_pix2pix_restores_a_photo_of_any_size_the_same_after_another(tmp_path: Path) -> None:
    brief = replace(PIX2PIX, schedule=replace(PIX2PIX.schedule, steps=2))
    restorer = load_pix2pix(train_pix2pix(brief, FadedBlots(), SHOWN, {}, bench(tmp_path)))
    photo = torch.rand(1, 3, 37, 50)
    first = restorer(photo, None)
    restorer(torch.rand(1, 3, 64, 32), None)
    assert first.shape == photo.shape
    assert torch.equal(restorer(photo, None), first)


def test_pix2pix_resumes_with_the_dropout_it_would_have_had(tmp_path: Path) -> None:
    config = replace(PIX2PIX.network, depth=6)  # the shallowest with dropout
    schedule = replace(SCHEDULE, steps=4, steady_steps=4, batch_size=2, crop_px=64)

    def train(folder: Path, steps: int) -> Checkpoint:
        torch.manual_seed(1)
        stage = Pix2PixStage(replace(PIX2PIX, network=config))
        torch.rand(len(str(folder)))  # the global generator stands elsewhere in every run
        whole = replace(schedule, steps=steps)
        return fit("pix2pix", stage, lambda step: FadedBlots().batch(step, 2, 64), whole, {}, bench(folder))

    train(tmp_path / "resumed", 2)
    resumed, at_once = train(tmp_path / "resumed", 4), train(tmp_path / "at-once", 4)
    assert_close(weights(resumed), weights(at_once), rtol=0, atol=0)


def test_cyclegan_learns_to_come_back(tmp_path: Path) -> None:
    """On the same eight: instance norm erases tone, so on new ones each time the way back would be slow to learn."""
    course = replace(CYCLEGAN.schedule, batch_size=8, crop_px=24)
    long = replace(course, steps=100, steady_steps=50, learning_rate=3e-3)
    recipe = replace(CYCLEGAN, network=CycleGanConfig(width=8, num_blocks=1, judge_width=4), schedule=long)
    checkpoint = train_cyclegan(recipe, SamePairs(), None, SHOWN, {}, bench(tmp_path))
    assert checkpoint.history[-1]["cycle"] < 0.5 * checkpoint.history[0]["cycle"]
    assert load_cyclegan(checkpoint)(torch.rand(1, 3, 30, 41), None).shape == (1, 3, 30, 41)


def test_translators_that_change_nothing_cost_no_cycle_and_no_identity() -> None:
    stage, batch = CycleGanStage(CYCLEGAN), unpaired_batch(FadedBlots(), None, 3, CYCLEGAN.schedule)
    stage.to_clean = stage.to_degraded = torch.nn.Identity()  # type: ignore[assignment]
    _, terms = stage.losses(batch, torch.Generator())
    assert terms["cycle"] == terms["identity"] == 0


@pytest.mark.parametrize("steps", [2, 7])
def test_no_clean_photo_stands_beside_its_degraded_one_and_each_is_seen_once(steps: int) -> None:
    schedule, numbered = replace(CYCLEGAN.schedule, steps=steps, batch_size=3), NumberedPairs()
    batches = [unpaired_batch(numbered, None, step, schedule) for step in range(steps)]
    seen = [([int(one) for one in photos[:, 0, 0, 0]]) for batch in batches for photos in (batch.degraded, batch.clean)]
    assert all(not set(degraded) & set(clean) for degraded, clean in zip(seen[::2], seen[1::2], strict=True))
    for side in (seen[::2], seen[1::2]):
        assert sorted(number for numbers in side for number in numbers) == list(range(3 * steps))


class NumberedPairs:
    """Pair k of all is filled with the number k, degraded and clean."""

    def batch(self, step: int, size: int, crop_px: int, part: Part = WHOLE) -> PairBatch:
        photo = part.of(torch.arange(step * size, (step + 1) * size)).float()[:, None, None, None].expand(-1, 3, 2, 2)
        return PairBatch(photo, photo, photo[:, :1])


def test_a_full_pool_hands_out_earlier_fakes_half_the_time_and_only_those_it_was_given() -> None:
    pool, generator = ImagePool(1), torch.Generator().manual_seed(0)
    given = [float(pool.exchange(torch.full((1, 3, 1, 1), float(n)), generator)[0, 0]) for n in range(500)]
    assert given[:POOL_SIZE] == list(range(POOL_SIZE))
    fresh = [number == n for n, number in enumerate(given)][POOL_SIZE:]
    assert 0.4 < sum(fresh) / len(fresh) < 0.6
    assert all(number <= n for n, number in enumerate(given))


def test_cyclegan_resumes_with_its_pools(tmp_path: Path) -> None:
    def train(folder: Path, steps: int) -> Checkpoint:
        torch.manual_seed(1)
        stage, size = CycleGanStage(CYCLEGAN), POOL_SIZE // 2
        whole = replace(CYCLEGAN.schedule, steps=4, batch_size=size)
        begun = replace(whole, steps=steps)
        return fit(
            "cyclegan", stage, lambda step: unpaired_batch(FadedBlots(), None, step, whole), begun, {}, bench(folder)
        )

    train(tmp_path / "resumed", 2)
    resumed, at_once = train(tmp_path / "resumed", 4), train(tmp_path / "at-once", 4)
    assert_close(weights(resumed), weights(at_once), rtol=0, atol=0)


def weights(checkpoint: Checkpoint) -> dict[str, Tensor]:
    return load_tensors(checkpoint.weights)

from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch.testing import assert_close

from models.tone import ToneConfig, ToneReader
from ops.degradation.recipe import STANDARD_DEGRADATION
from ops.pairs.sources import PairBatch
from ops.pairs.windows import FreshWindows, WindowShares
from ops.parts import WHOLE, Part
from ops.stages.tone import ToneRecipe, load_tone, train_tone
from ops.tone_samples import measure
from ops.tracking import MemoryLog
from ops.training import Workbench
from tests.ops.pairs.test_building import corpus
from tests.ops.stages.stage_recipes import SCHEDULE

RECIPE = ToneRecipe(
    network=ToneConfig(bins=16, thumbnail_px=4, width=32),
    num_windows=128,
    windows=WindowShares(clean=0.0, larger=0.5, varied=0.7),
    mask_dropout=0.5,
    sureness=3,
    least_gain=0.3,
    schedule=replace(SCHEDULE, steps=250, steady_steps=150, batch_size=16, crop_px=16),
)


@dataclass
class HalfFaded:
    """Noise of full contrast; the first half of each batch has lost two fifths of it."""

    seed: int = 0

    def batch(self, step: int, size: int, crop_px: int, part: Part = WHOLE) -> PairBatch:
        generator = torch.Generator().manual_seed(1000 * self.seed + step)
        clean = torch.rand(size, 3, crop_px, crop_px, generator=generator)
        faded = torch.cat([0.6 * clean[: size // 2] + 0.2, clean[size // 2 :]])
        return PairBatch(*(part.of(one) for one in (clean, faded, torch.zeros_like(clean[:, :1]))))


def test_it_learns_to_take_fading_back_and_when_to_leave_a_photo(tmp_path: Path) -> None:
    unseen = HalfFaded(seed=1).batch(0, 8, 16)
    bench = Workbench(tmp_path, MemoryLog(), lambda _: None)
    checkpoint = train_tone(RECIPE, HalfFaded(), unseen, {}, bench)
    curves = load_tone(checkpoint)(unseen.degraded, unseen.mask)
    before, after = ((photo - unseen.clean).square().mean() for photo in (unseen.degraded, curves(unseen.degraded)))
    assert after < before / 10
    assert curves.sureness[:4].min() > 0.8
    assert curves.sureness[4:].max() < 0.2
    assert (checkpoint.folder / "samples.png").is_file()
    assert checkpoint.history[-1]["error_db"] < checkpoint.history[0]["error_db"] - 3


def test_one_update_on_real_windows_is_the_same_each_time(tmp_path: Path) -> None:
    recipe = replace(RECIPE, schedule=replace(RECIPE.schedule, steps=2, steady_steps=1), num_windows=64)
    windows = FreshWindows(corpus(tmp_path).train, (), STANDARD_DEGRADATION, RECIPE.windows, seed=3)
    shown = windows.batch(9, 2, 16)
    first, second = (
        train_tone(recipe, windows, shown, {}, Workbench(tmp_path / name, MemoryLog(), lambda _: None))
        for name in ("first", "second")
    )
    assert first.sha256 == second.sha256


def test_the_error_of_a_curve_is_that_on_the_photo_itself() -> None:
    pairs = HalfFaded().batch(3, 4, 24)
    levels = PairBatch(pairs.clean, (pairs.degraded * 15).round() / 16 + 1 / 32, pairs.mask)  # the middles of 16 steps
    levels.mask[:, :, :5, 3:9] = 1
    reader = ToneReader(RECIPE.network)
    torch.nn.init.normal_(reader.head.weight, std=0.3)
    samples = measure(levels, reader, 0.0, torch.Generator())
    curves = reader(levels.degraded, levels.mask)
    for seen, errors in ((levels.degraded, samples.errors()), (curves(levels.degraded), samples.errors(curves))):
        squares = ((seen - levels.clean).square() * (levels.mask <= 0)).flatten(1).sum(1)
        assert_close(errors, squares / (3 * (levels.mask <= 0)).flatten(1).sum(1))

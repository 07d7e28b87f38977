from dataclasses import replace
from pathlib import Path

import torch

from models.age import AgeConfig
from ops.degradation.jpeg import JpegRanges
from ops.degradation.recipe import STANDARD_DEGRADATION
from ops.pairs.windows import FreshWindows, WindowShares
from ops.stages.age import AgeRecipe, load_age, train_age
from ops.tracking import MemoryLog
from ops.training import Workbench
from tests.ops.pairs.test_building import corpus
from tests.ops.stages.stage_recipes import SCHEDULE
from tests.ops.test_age_samples import never_aged

RECIPE = AgeRecipe(
    network=AgeConfig(widths=(6, 8, 12), hidden=12),
    num_windows=64,
    window_px=32,
    windows=WindowShares(clean=0.0, larger=0.0, varied=0.0),
    compression=JpegRanges(probability=0.0, quality=(80, 98), twice_share=0.0),
    sound_db=40,
    schedule=replace(SCHEDULE, steps=150, steady_steps=100, batch_size=16, crop_px=24),
)


def windows(folder: Path) -> FreshWindows:
    """Noise that is blurred by age, and by nothing else."""
    recipe = replace(never_aged(), blur=replace(STANDARD_DEGRADATION.blur, probability=1.0))
    return FreshWindows(corpus(folder).train, (), recipe, RECIPE.windows, seed=3)


def test_it_learns_to_tell_aged_photos_from_sound_ones(tmp_path: Path) -> None:
    source = windows(tmp_path)
    shown = source.batch(1_000_000, 16, 32)
    checkpoint = train_age(RECIPE, source, shown, {}, Workbench(tmp_path, MemoryLog(), lambda _: None))
    reader = load_age(checkpoint)
    with torch.inference_mode():
        aged, sound = (reader(photos).sigmoid() for photos in (shown.degraded, shown.clean))
    assert aged.min() > 0.8
    assert sound.max() < 0.2
    assert checkpoint.history[-1]["right"] > 0.9
    assert (checkpoint.folder / "samples.png").is_file()


def test_one_update_on_real_windows_is_the_same_each_time(tmp_path: Path) -> None:
    recipe = replace(RECIPE, schedule=replace(RECIPE.schedule, steps=2, steady_steps=1), num_windows=16)
    source = windows(tmp_path)
    first, second = (
        train_age(recipe, source, source.batch(9, 2, 16), {}, Workbench(tmp_path / name, MemoryLog(), lambda _: None))
        for name in ("first", "second")
    )
    assert first.sha256 == second.sha256

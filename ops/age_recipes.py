"""Recipes of the age reader, part of the complete ones in ``ops/recipes.py``; the report has none."""

from __future__ import annotations

from dataclasses import replace

from models.age import AgeConfig
from ops.degradation.jpeg import JpegRanges
from ops.pairs.windows import WindowShares
from ops.stages.age import AgeRecipe
from ops.standard_schedule import STANDARD_SCHEDULE

STANDARD_AGE = AgeRecipe(
    network=AgeConfig(widths=(16, 32, 64), hidden=64),
    num_windows=12_000,
    window_px=144,
    windows=WindowShares(clean=0.0, larger=0.5, varied=0.5),
    compression=JpegRanges(probability=0.6, quality=(80, 98), twice_share=0.0),
    sound_db=40,
    schedule=replace(STANDARD_SCHEDULE, steps=8_000, steady_steps=2_000, batch_size=32, learning_rate=2e-3),
)

SMOKE_AGE = replace(
    STANDARD_AGE,
    network=AgeConfig(widths=(8, 16, 32), hidden=32),
    num_windows=800,
    window_px=96,
    schedule=replace(STANDARD_AGE.schedule, steps=300, steady_steps=150, crop_px=64, ema_decay=0.98),
)

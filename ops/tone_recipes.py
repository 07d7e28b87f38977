"""Recipes of the tone reader, part of the complete ones in ``ops/recipes.py``; the report has none."""

from __future__ import annotations

from dataclasses import replace

from models.tone import ToneConfig
from ops.pairs.windows import WindowShares
from ops.stages.tone import ToneRecipe
from ops.standard_schedule import STANDARD_SCHEDULE

STANDARD_TONE = ToneRecipe(
    network=ToneConfig(bins=64, thumbnail_px=16, width=128),
    num_windows=128_000,
    windows=WindowShares(clean=0.3, larger=0.5, varied=0.7),
    mask_dropout=0.4,
    sureness=10,
    least_gain=0.3,
    schedule=replace(STANDARD_SCHEDULE, steps=8_000, steady_steps=3_000, batch_size=256, crop_px=64, ema_decay=0.998),
)

SMOKE_TONE = replace(
    STANDARD_TONE,
    num_windows=4_096,
    schedule=replace(STANDARD_TONE.schedule, steps=800, steady_steps=300),
)

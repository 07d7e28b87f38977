"""Recipes of the inpainter, part of the complete ones in ``ops/recipes.py``; the report has none."""

from __future__ import annotations

from dataclasses import replace

from models.inpainter import InpainterConfig
from ops.pairs.windows import WindowShares
from ops.stages.inpainter import InpainterRecipe
from ops.standard_schedule import STANDARD_SCHEDULE

STANDARD_INPAINTER = InpainterRecipe(
    network=InpainterConfig(widths=(48, 96, 128, 128), num_blocks=2),
    windows=WindowShares(clean=0.05, larger=0.5, varied=0.3),
    most_marks=4,
    schedule=replace(
        STANDARD_SCHEDULE, steps=9_000, steady_steps=3_500, crop_px=128, learning_rate=1.5e-3, is_bf16=True
    ),
)

SMOKE_INPAINTER = replace(
    STANDARD_INPAINTER,
    network=InpainterConfig(widths=(24, 48, 64), num_blocks=1),
    schedule=replace(
        STANDARD_INPAINTER.schedule, steps=600, steady_steps=300, crop_px=64, ema_decay=0.99, is_bf16=False
    ),
)

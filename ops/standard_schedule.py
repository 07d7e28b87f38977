"""The schedule that trainings of STANDARD begin from; each recipe says where its own differs."""

from __future__ import annotations

from ops.training import Schedule

STANDARD_SCHEDULE = Schedule(
    steps=5_000,
    steady_steps=2_000,
    batch_size=8,
    crop_px=96,
    learning_rate=1e-3,
    discriminator_rate=2e-4,
    betas=(0.9, 0.99),
    gradient_clip=1.0,
    ema_decay=0.999,
    is_bf16=False,
    seed=0,
)

"""Whether data keeps up with training: CPU seconds of a batch of fresh pairs beside those of one training step.

Both sides are measured in turn in one process on one thread, in CPU seconds, so a busy machine does not decide. The
photos are those that pip has installed; real ones of the same size cost the same.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import TypeVar

import cv2
import torch

from models.feature_trunk import GradientPyramid
from models.vae import Vae
from ops.corpora.package_photos import installed_pictures
from ops.detection.batches import FreshDefects
from ops.pairs import FreshPairs
from ops.recipes import SMOKE, STANDARD, Recipe
from ops.stages.detector import DetectorStage
from ops.stages.mapping import MappingBatch, MappingStage
from ops.training import Stage

ROUNDS = 5
B = TypeVar("B")


def main() -> None:
    """Print one table."""
    torch.set_num_threads(1)
    cv2.setNumThreads(0)
    print(
        "| recipe | batch | pairs/s a core | a batch, CPU s | mapping step, CPU s | detector step, CPU s | data share |"
    )
    print("|---|---|---:|---:|---:|---:|---:|")
    for recipe in (SMOKE, STANDARD):
        print(_row(recipe))


def _row(recipe: Recipe) -> str:
    schedule = recipe.mapping.schedule
    size, crop_px = schedule.batch_size, schedule.crop_px
    pairs = FreshPairs(installed_pictures(), (), recipe.dataset.degradation, seed=0)
    vaes = (Vae(recipe.degraded_vae.network), Vae(recipe.clean_vae.network))
    mapping = MappingStage(recipe.mapping, *vaes, GradientPyramid())
    detector = DetectorStage(recipe.detector)
    defects = FreshDefects(installed_pictures(), (), recipe.dataset.degradation, seed=0)
    batch, judged = pairs.batch(0, size, crop_px), defects.batch(0, size, crop_px)
    data, map_step, detect_step = [], [], []
    for number in range(ROUNDS):
        data.append(_cpu_seconds(partial(pairs.batch, number, size, crop_px)))
        map_step.append(_cpu_seconds(partial(_step, mapping, MappingBatch(batch, is_judged=True))))
        detect_step.append(_cpu_seconds(partial(_step, detector, judged)))
    a_batch, mapped, detected = (statistics.median(each) for each in (data, map_step, detect_step))
    share = a_batch / (a_batch + min(mapped, detected))
    seconds = f"{a_batch:.3f} | {mapped:.3f} | {detected:.3f}"
    return f"| {recipe.name} | {size} x {crop_px} px | {size / a_batch:.0f} | {seconds} | {share:.0%} |"


def _step(stage: Stage[B], batch: B) -> None:
    loss, _ = stage.losses(batch, torch.Generator().manual_seed(0))
    stage.trained.zero_grad(set_to_none=True)
    loss.backward()


def _cpu_seconds(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started

"""Whether data keeps up with training: CPU seconds of a batch of fresh pairs beside those of one training step.

Each stage with its own schedule and its own data. Both sides are measured in turn in one process on one thread, in CPU
seconds, so a busy machine does not decide; a step is loss and gradient, without adversary and optimiser. The
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
from ops.detection.batches import DefectBatch, FreshDefects
from ops.pairs.sources import FreshPairs
from ops.pairs.windows import FreshWindows
from ops.recipes import SMOKE, STANDARD, Recipe
from ops.stages.detector import DetectorStage
from ops.stages.mapping import MappingBatch, MappingStage
from ops.training import Schedule, Stage

ROUNDS = 5
B = TypeVar("B")


def main() -> None:
    """Print one table."""
    torch.set_num_threads(1)
    cv2.setNumThreads(0)
    print("| stage | recipe | batch | pairs/s a core | a batch, CPU s | a step, CPU s | data share |")
    print("|---|---|---|---:|---:|---:|---:|")
    for recipe in (SMOKE, STANDARD):
        print(_mapping_row(recipe))
        print(_detector_row(recipe))


def cpu_seconds(work: Callable[[], object]) -> float:
    """What ``work`` costs this process."""
    started = time.process_time()
    work()
    return time.process_time() - started


def _mapping_row(recipe: Recipe) -> str:
    schedule = recipe.mapping.schedule
    pairs = FreshPairs(installed_pictures(), (), recipe.dataset.degradation, seed=0)
    vaes = (Vae(recipe.degraded_vae.network), Vae(recipe.clean_vae.network))

    def batch(number: int) -> MappingBatch:
        """What the mapping sees in one step."""
        return MappingBatch(pairs.batch(number, schedule.batch_size, schedule.crop_px), is_judged=True)

    return _row("mapping", recipe, schedule, batch, MappingStage(recipe.mapping, *vaes, GradientPyramid()))


def _detector_row(recipe: Recipe) -> str:
    schedule = recipe.detector.schedule
    windows = FreshWindows(
        installed_pictures(), (), recipe.dataset.degradation, recipe.detector.windows, recipe.detector.schedule.seed
    )
    defects = FreshDefects(windows)

    def batch(number: int) -> DefectBatch:
        """What the detector sees in one step."""
        return defects.batch(number, schedule.batch_size, schedule.crop_px)

    return _row("detector", recipe, schedule, batch, DetectorStage(recipe.detector))


def _row(name: str, recipe: Recipe, schedule: Schedule, batch: Callable[[int], B], stage: Stage[B]) -> str:
    drawn, data, steps = batch(0), [], []
    for number in range(ROUNDS):
        data.append(cpu_seconds(partial(batch, number)))
        steps.append(cpu_seconds(partial(_step, stage, drawn, schedule)))
    a_batch, a_step = statistics.median(data), statistics.median(steps)
    size, share = schedule.batch_size, a_batch / (a_batch + a_step)
    of = f"{name} | {recipe.name} | {size} x {schedule.crop_px} px"
    return f"| {of} | {size / a_batch:.0f} | {a_batch:.3f} | {a_step:.3f} | {share:.0%} |"


def _step(stage: Stage[B], batch: B, schedule: Schedule) -> None:
    with torch.autocast("cpu", torch.bfloat16, enabled=schedule.is_bf16):
        loss, _ = stage.losses(batch, torch.Generator().manual_seed(0))
    stage.trained.zero_grad(set_to_none=True)
    loss.backward()

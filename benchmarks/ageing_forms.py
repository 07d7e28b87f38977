"""What ageing a batch costs the CPU: photo by photo in numpy, and as tensors on the GPU or, without one, here.

Both forms age the same damaged photos by the same plans, in turn, in one process on one thread. Beside them stands what
no form takes from the CPU: drawing plans and defects, and JPEG.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import cv2
import torch

from benchmarks.fresh_pairs import cpu_seconds
from ops.corpora.package_photos import installed_pictures
from ops.degradation.degrade import Pair, before_ageing, draw_plan
from ops.degradation.jpeg import DoubleJpeg, Jpeg
from ops.degradation.on_device.ageing import aged_on_device
from ops.degradation.plan import Plan
from ops.images import decode_rgb
from ops.pairs.building import large_enough, random_crop
from ops.recipes import SMOKE, STANDARD, Recipe

ROUNDS = 5
LARGE = (16, 256)  # photos and pixels of a batch as trainings on a GPU take it


def main() -> None:
    """Print one table."""
    torch.set_num_threads(1)
    cv2.setNumThreads(0)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    print(f"| recipe | batch | defects, CPU s | ageing in numpy, CPU s | of it JPEG | as tensors on {device}, CPU s |")
    print("|---|---|---:|---:|---:|---:|")
    for recipe in (SMOKE, STANDARD):
        schedule = recipe.mapping.schedule
        print(_row(recipe, schedule.batch_size, schedule.crop_px, device))
    print(_row(STANDARD, *LARGE, device))


def _row(recipe: Recipe, size: int, crop_px: int, device: str) -> str:
    generator = torch.Generator().manual_seed(0)
    photo = decode_rgb(large_enough(installed_pictures(), crop_px)[0].read())
    crops = [random_crop(photo, crop_px, generator) for _ in range(size)]
    spent: list[list[float]] = []
    for _ in range(ROUNDS):
        plans = [draw_plan(recipe.dataset.degradation, crop_px, crop_px, generator) for _ in crops]
        pairs: list[Pair] = []
        defects = cpu_seconds(partial(_damage, crops, plans, pairs.append))
        compressed = [
            replace(plan, ageing=tuple(step for step in plan.ageing if isinstance(step, Jpeg | DoubleJpeg)))
            for plan in plans
        ]
        in_numpy = cpu_seconds(partial(_age_in_numpy, pairs, plans))
        jpeg = cpu_seconds(partial(_age_in_numpy, pairs, compressed))
        spent.append([defects, in_numpy, jpeg, cpu_seconds(partial(_age_on_device, pairs, plans, device))])
    medians = " | ".join(f"{statistics.median(each):.3f}" for each in zip(*spent, strict=True))
    return f"| {recipe.name} | {size} x {crop_px} px | {medians} |"


def _damage(crops: Sequence[torch.Tensor], plans: Sequence[Plan], keep: Callable[[Pair], None]) -> None:
    for crop, plan in zip(crops, plans, strict=True):
        keep(before_ageing(crop, plan))


def _age_in_numpy(pairs: Sequence[Pair], plans: Sequence[Plan]) -> None:
    for pair, plan in zip(pairs, plans, strict=True):
        pixels = pair.degraded[0].permute(1, 2, 0).numpy()
        for step in plan.ageing:
            pixels = step.apply(pixels)


def _age_on_device(pairs: Sequence[Pair], plans: Sequence[Plan], device: str) -> None:
    aged_on_device(torch.cat([pair.degraded for pair in pairs]).to(device), plans).sum().item()  # waits for the device


if __name__ == "__main__":
    main()

"""What restoring costs, and what each measure against that cost saves: CPU seconds side by side, one thread.

Both sides of a ratio are measured in turn in one process; the ratio is the median over the rounds.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from functools import partial

import torch
from torch import Tensor

from benchmarks.any_size import random_restorer
from models.mapping import PartialNonlocalBlock
from ops.recipes import SMOKE, STANDARD, Recipe
from ops.restoration import PhotoRestorer

ROUNDS = 7
SIDE_PX = 512


def main() -> None:
    """Print two tables: layouts and precisions of the networks, and the nonlocal block against its equation."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    print(f"\n| {SIDE_PX} x {SIDE_PX} px | float32, channels first | channels last | and bfloat16 | ratio |")
    print("|---|---:|---:|---:|---:|")
    with torch.inference_mode():
        for recipe in (SMOKE, STANDARD):
            _compare_layouts(recipe)
        print("\n| nonlocal block, 5 % damaged | all cells by all cells, CPU s | as it is, CPU s | ratio |")
        print("|---|---:|---:|---:|")
        for side in (64, 96):
            _compare_attention(side)


def _compare_layouts(recipe: Recipe) -> None:
    """Seconds per megapixel of a scratched photo, after the detector and without."""
    first, last, fast = (random_restorer(recipe, is_bf16=is_bf16) for is_bf16 in (False, False, True))
    _lay_out_channels_first(first)
    photo, mask = torch.rand(1, 3, SIDE_PX, SIDE_PX), torch.zeros(1, 1, SIDE_PX, SIDE_PX)
    mask[..., ::100] = 1
    for title, work in {
        "detector": lambda restorer: restorer.find_defects(photo),
        "translation, intact": lambda restorer: restorer(photo, torch.zeros_like(mask)),
        "translation, scratched": lambda restorer: restorer(photo, mask),
    }.items():
        seconds = in_turn({name: partial(work, each) for name, each in zip("abc", (first, last, fast), strict=True)})
        medians = [statistics.median(each) * 1e6 / SIDE_PX**2 for each in seconds.values()]
        ratio = statistics.median(a / c for a, c in zip(seconds["a"], seconds["c"], strict=True))
        cells = " | ".join(f"{median:.2f}" for median in medians)
        print(f"| {recipe.name} {title}, CPU s/MP | {cells} | {ratio:.1f}x |", flush=True)


def _lay_out_channels_first(restorer: PhotoRestorer) -> None:
    for network in (restorer.find_defects.detector, restorer.network):
        for parameter in network.parameters():
            parameter.data = parameter.data.contiguous()
    for reader in (restorer, restorer.find_defects):
        reader._read = lambda photo, tile: photo[..., *tile.outer].contiguous()  # type: ignore[method-assign]


def _compare_attention(side: int) -> None:
    block = PartialNonlocalBlock(64, 64)
    features, mask = torch.randn(1, 64, side, side), (torch.rand(1, 1, side, side) < 0.05).float()
    seconds = in_turn({"naive": partial(_naive, block, features, mask), "ours": partial(block, features, mask)})
    naive, ours = (statistics.median(each) for each in seconds.values())
    ratio = statistics.median(a / b for a, b in zip(*seconds.values(), strict=True))
    print(f"| {side} x {side} cells | {naive:.3f} | {ours:.3f} | {ratio:.0f}x |", flush=True)


def _naive(block: PartialNonlocalBlock, features: Tensor, mask: Tensor) -> Tensor:
    q, k, v = (project(features).flatten(2).mT for project in (block.query, block.key, block.value))
    weights = torch.softmax(q @ k.mT, dim=-1) * (1 - mask.flatten(1))[:, None]
    return block.out((weights / weights.sum(-1, keepdim=True) @ v).mT.unflatten(2, features.shape[-2:]))


def in_turn(works: Mapping[str, Callable[[], object]]) -> dict[str, list[float]]:
    """CPU seconds of each work in each round, after one round that does not count."""
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for number in range(ROUNDS + 1):
        for name, work in works.items():
            started = time.process_time()
            work()
            if number > 0:
                seconds[name].append(time.process_time() - started)
    return seconds


if __name__ == "__main__":
    main()

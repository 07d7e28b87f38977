"""Would small photos of one size be restored faster together? The shipped networks on one at a time and on eight.

``python -m benchmarks.batched_photos``: CPU seconds of one thread for the same photos, both ways in turn in one
process; the ratio is the median over the rounds.
"""

from __future__ import annotations

import statistics
from functools import partial

import torch
from torch import Tensor

from benchmarks.restoration_speed import in_turn
from ops.chosen_model import SHIPPED_FOLDER
from ops.releases import load_release
from ops.restoration import PhotoRestorer

SIDES_PX, NUM_PHOTOS = (64, 128, 256, 384), 8


def main() -> None:
    """Print one table: sizes, and what a batch of eight saves."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    restorer = load_release(SHIPPED_FOLDER)
    print("| photos | one by one, CPU s a photo | eight together | ratio |")
    print("|---|---:|---:|---:|")
    with torch.inference_mode():
        for side in SIDES_PX:
            photos = torch.rand(NUM_PHOTOS, 3, side, side).contiguous(memory_format=torch.channels_last)
            alone, together = partial(_one_by_one, restorer, photos), partial(_pass, restorer, photos)
            seconds = in_turn({"alone": alone, "together": together})
            medians = [statistics.median(each) / NUM_PHOTOS for each in seconds.values()]
            ratio = statistics.median(a / b for a, b in zip(*seconds.values(), strict=True))
            print(f"| {side} x {side} | {medians[0]:.3f} | {medians[1]:.3f} | {ratio:.2f} |", flush=True)


def _one_by_one(restorer: PhotoRestorer, photos: Tensor) -> None:
    for photo in photos.split(1):
        _pass(restorer, photo)


def _pass(restorer: PhotoRestorer, photos: Tensor) -> None:
    """Detector and translation, as they are for photos of one tile."""
    probability = restorer.find_defects.detector(photos).sigmoid()
    restorer.network(photos, probability * (probability > restorer.find_defects.threshold))


if __name__ == "__main__":
    main()

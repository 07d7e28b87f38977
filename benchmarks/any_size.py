"""Memory and time of restoring one photo against its size; networks as in the demo, weights random, one thread.

Every size is measured in a process of its own, with a photo and a mask that lie in files: what remains is what the
restoration itself holds. ``python -m benchmarks.any_size 1 4 16 64 100`` takes about six CPU minutes.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from models.damage_kinds import DamageKinds
from models.detector import DefectDetector
from models.fidelity_gate import FidelityGate
from models.inpainter import Inpainter
from models.mapping import LatentMapping
from models.tone import ToneReader
from models.triplet import TripletNetwork
from models.vae import Vae
from ops import large_tensors
from ops.detection.finder import DefectFinder
from ops.devices import has_fast_bfloat16
from ops.recipes import SMOKE, STANDARD, Recipe
from ops.restoration import PhotoRestorer
from ops.tone import ToneRestorer

BAND_PX = 256


def main(megapixels: Sequence[float]) -> None:
    """Print one table, a row for each size."""
    print(
        "\n| photo | peak of own memory (RssAnon), MB | of it before restoring | with pages of files (VmHWM), MB "
        "| detector, CPU s/MP | translation, CPU s/MP | tiles | source stride |"
    )
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    for size in megapixels:
        subprocess.run([sys.executable, "-m", "benchmarks.any_size", "--one", str(size)], check=True)


def measure(megapixels: float) -> None:
    """Restore one photo of this size in this process and print its row."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    height = round((megapixels * 1e6 / 1.5) ** 0.5) | 1
    width = round(1.5 * height) | 1
    photo, mask = large_tensors.zeros(1, 3, height, width, limit_bytes=0), scratches(height, width)
    for top in range(0, height, BAND_PX):
        band = photo[..., top : top + BAND_PX, :]
        band.copy_(torch.rand(band.shape))
    restorer = random_restorer(SMOKE, is_bf16=has_fast_bfloat16("cpu"))
    with _Peak() as peak:
        started = time.process_time()
        restorer.find_defects(photo)
        found = time.process_time()
        facts = restorer(photo, mask).facts
        done = time.process_time()
    per_mp = [(found - started) / megapixels, (done - found) / megapixels]
    print(
        f"| {width} x {height} ({megapixels:g} MP) | {peak.own_mb:.0f} | {peak.before_mb:.0f} "
        f"| {_status_mb('VmHWM'):.0f} | {per_mp[0]:.2f} | {per_mp[1]:.2f} | {facts['tiles']} "
        f"| {facts['source_stride']} |",
        flush=True,
    )


def random_restorer(recipe: Recipe, *, is_bf16: bool) -> PhotoRestorer:
    """The networks of ``recipe`` with random weights, none of them silent."""
    network = TripletNetwork(
        Vae(recipe.degraded_vae.network),
        Vae(recipe.clean_vae.network),
        LatentMapping(recipe.mapping.network),
        None if recipe.mapping.gate is None else FidelityGate(recipe.mapping.gate),
        None if recipe.inpainter is None else Inpainter(recipe.inpainter.network),
    )
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.02)
    detector = DefectDetector(recipe.detector.network)
    kinds = DamageKinds(recipe.kinds.network, recipe.detector.network)
    threshold, confirm = 0.0, STANDARD.confirm  # all is marked, so that the looks from further away are taken, too
    tile_px, margin_px = recipe.tiling.tile_px, recipe.margin_px
    finder = DefectFinder(detector, threshold, tile_px, confirm=confirm, kinds=kinds, margin_px=margin_px)
    tone = None if recipe.tone is None else ToneRestorer(ToneReader(recipe.tone.network), least_sureness=0.0)
    return PhotoRestorer(finder, network, recipe.tiling, is_bf16=is_bf16, tone=tone)


def scratches(height: int, width: int) -> Tensor:
    """A mask in a file with vertical scratches and one hole: about two of a hundred pixels are damaged."""
    mask = large_tensors.zeros(1, 1, height, width, limit_bytes=0)
    mask[..., 100::200] = 1
    mask[..., 101::200] = 0.5
    mask[..., height // 3 : height // 3 + height // 10, width // 3 : width // 3 + width // 10] = 1
    return mask


class _Peak:
    """Looks at the process's own memory a hundred times a second; pages of files do not count."""

    def __enter__(self) -> _Peak:
        self.before_mb = self.own_mb = _status_mb("RssAnon")
        self._is_over = threading.Event()
        self._watch = threading.Thread(target=self._look)
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._watch.join()

    def _look(self) -> None:
        while not self._is_over.wait(0.01):
            self.own_mb = max(self.own_mb, _status_mb("RssAnon"))


def _status_mb(field: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{field}:"))


if __name__ == "__main__":
    if sys.argv[1] == "--one":
        measure(float(sys.argv[2]))
    else:
        main([float(size) for size in sys.argv[1:]])

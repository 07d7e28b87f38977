"""Small photos, a collection of them, and a restoration that is quick and counts itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from ops.archive.craft import Craft
from ops.archive.manifest import Shard, ShardLimits, take_snapshot
from ops.archive.provenance import ReleaseIdentity
from ops.archive.review_rules import ReviewRules
from ops.archive.shard import ShardReport, restore_shard
from ops.archive.streaming import Pace
from ops.decoding import decode_here
from ops.images import encode_jpeg, encode_png
from ops.restoration import Restoration
from ops.storage.protocol import Storage

RELEASE = ReleaseIdentity("albumen", "3", "ab" * 32)
GOOD = ("box 0/photo-0.png", "box 0/photo-2.png", "box 1/photo-1.png", "box 1/photo-3.png", "box 1/photo-4.jpg")
NO_RULES = ReviewRules(mean_change=1, damaged_fraction=1, confidence=0, face_change=1)
PACE = Pace(num_in_flight=4, num_pixels=10_000)
BAD = ("box 0/half.png", "notes.txt")


@dataclass
class Negative:
    """Restores a photo to its negative; the upper half counts as damaged."""

    seen: list[tuple[int, ...]] = field(default_factory=list)

    def __call__(self, old: Tensor) -> Restoration:
        self.seen.append(tuple(old.shape))
        mask = torch.zeros_like(old[:, :1])
        mask[..., : old.shape[-2] // 2, :] = 1
        return Restoration(1 - old, mask, {"damaged_fraction": 0.5, "mean_change": 0.25, "seconds": 0.0})


def photo_bytes(seed: int) -> bytes:
    """A PNG of noise, 24 pixels high and 32 wide."""
    return encode_png(torch.rand(1, 3, 24, 32, generator=torch.Generator().manual_seed(seed)))


def fill(source: Storage) -> None:
    """Put five good photos and two files that are none into an empty place."""
    for key in GOOD[:-1]:
        source.write_once(key, photo_bytes(int(key[-5])))
    source.write_once(GOOD[-1], encode_jpeg(torch.full((1, 3, 16, 24), 0.25)))
    source.write_once("box 0/half.png", photo_bytes(9)[:900])
    source.write_once("notes.txt", b"Found in the attic.")


def craft(
    restore: Callable[[Tensor], Restoration], recipe: str = "standard", release: ReleaseIdentity = RELEASE
) -> Craft:
    """The craft of a test: decodes in this process, flags nothing."""
    return Craft(restore, release, recipe, decode_here, NO_RULES, {"albumen": "0"})


def only_shard(source: Storage, target: Storage) -> Shard:
    """Take a snapshot of a collection that fits into one shard."""
    return take_snapshot(source, target, "attic", ShardLimits(100, 10**9, 10**9)).shard("attic-00000")


def run(source: Storage, target: Storage, restore: Callable[[Tensor], Restoration]) -> ShardReport:
    """Restore the only shard of the collection."""
    return restore_shard(only_shard(source, target), source, target, craft(restore), PACE)

"""Pairs restored as a user's photo would be: with a release's marks, which are fewer than those of the test set."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch

from ops.metrics import psnr
from ops.pairs.sets import PairSet
from ops.pairs.shards import read_pairs
from ops.restoration import PhotoRestorer
from ops.scores.left_alone import ENOUGH_DB


@dataclass(frozen=True)
class RestoredPair:
    """What became of one pair.

    Attributes:
        split: of its set.
        gain: PSNR of the restored photo over that of the degraded one, in dB; 0 if nothing was to be gained.
        clean_decibels: PSNR of its clean photo after it was restored as well, though it needed nothing.
        clean_marked: share of the clean photo's pixels that was taken for damaged.
    """

    split: str
    gain: float
    clean_decibels: float
    clean_marked: float


def restore_pairs(
    pairs: PairSet, splits: Sequence[str], restorer: PhotoRestorer, say: Callable[[str], None]
) -> list[RestoredPair]:
    """Restore both photos of every pair of ``splits``, found defects and all."""
    results = []
    for split in splits:
        for stored in read_pairs(pairs, split):
            pair = stored.pair
            before, after = (psnr(photo, pair.clean) for photo in (pair.degraded, restorer(pair.degraded).restored))
            clean = restorer(pair.clean)
            marked = clean.facts["damaged_fraction"]
            gain = 0.0 if before == after else after - before
            results.append(RestoredPair(split, gain, psnr(clean.restored, pair.clean), marked))
            say(f"{stored.name}: {gain:+.2f} dB, its clean photo {results[-1].clean_decibels:.1f} dB")
    return results


def restored_pair_table(results: Mapping[str, Sequence[RestoredPair]]) -> str:
    """A Markdown table, a row for each way of restoring and split."""
    lines = [
        "| how | pairs | gain, dB | worst pair, dB "
        f"| clean crops back within {ENOUGH_DB:g} dB | worst of them, dB | their pixels marked |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    for marks, pairs in results.items():
        for split in dict.fromkeys(one.split for one in pairs):
            part = [one for one in pairs if one.split == split]
            gains, clean = torch.tensor([one.gain for one in part]), [one.clean_decibels for one in part]
            alone = sum(each >= ENOUGH_DB for each in clean)
            marked = sum(one.clean_marked for one in part) / len(part)
            lines.append(
                f"| {marks} | {split} | {gains.mean():+.3f} | {gains.min():+.2f} | {alone} of {len(part)} "
                f"| {min(clean):.1f} | {marked:.3%} |"
            )
    return "\n".join(lines)

"""The held-out pairs as every method gets them: with the defects that the detector found, not the true ones."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ops.checkpoints import Checkpoint
from ops.corpora.records import HELD_OUT
from ops.detection.calibration import threshold_of
from ops.pairs.sets import PairSet
from ops.pairs.shards import read_pairs
from ops.scores.evaluation import EvaluationPair
from ops.stages.detector import load_detector


@dataclass(frozen=True)
class HeldOut:
    """The test set: ``pairs`` as every method gets them, and their checksum, by which scores are told apart.

    ``sha256`` is over the pairs and over what decides the masks: the detector's weights and its threshold. Scores on
    the masks of another detector are scores on another test set.
    """

    pairs: tuple[EvaluationPair, ...]
    sha256: str


def held_out(pairs: PairSet, detector: Checkpoint) -> HeldOut:
    """The held-out pairs with detected masks: the defect probability where it exceeds the threshold, else zero."""
    find_defects = defect_finder(detector)
    found = []
    for stored in read_pairs(pairs, HELD_OUT):
        mask = find_defects(stored.pair.degraded)
        share = float((stored.pair.mask > 0).float().mean())
        damages = tuple(dict.fromkeys(stored.pair.plan.names))
        found.append(EvaluationPair(stored.name, stored.pair.clean, stored.pair.degraded, mask, damages, share))
    return HeldOut(tuple(found), checksum_of(pairs, detector))


def checksum_of(pairs: PairSet, detector: Checkpoint) -> str:
    """Names pairs and masks without detecting them anew: another machine's last bits are no other test set."""
    decided_by = {"pairs": pairs.sha256, "detector": detector.sha256, "threshold": threshold_of(detector)}
    return hashlib.sha256(json.dumps(decided_by, sort_keys=True).encode()).hexdigest()


def defect_finder(detector: Checkpoint) -> Callable[[Tensor], Tensor]:
    """Photo (1, 3, H, W) -> the mask (1, 1, H, W) that every method is given of it."""
    network, threshold = load_detector(detector), threshold_of(detector)

    @torch.inference_mode()
    def find(photo: Tensor) -> Tensor:
        """The defect probability where it is above the threshold, else 0."""
        defect_prob = network(photo).sigmoid()
        return defect_prob * (defect_prob > threshold)

    return find

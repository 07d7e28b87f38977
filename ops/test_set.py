"""The held-out pairs as every method gets them: with the defects that the detector found, not the true ones."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from ops.checkpoints import Checkpoint
from ops.corpora.records import HELD_OUT
from ops.detection.calibration import threshold_of
from ops.evaluation import EvaluationPair
from ops.pair_sets import PairSet
from ops.pair_shards import read_pairs
from ops.stages.detector import load_detector


def held_out_pairs(pairs: PairSet, detector: Checkpoint) -> list[EvaluationPair]:
    """The held-out pairs with detected masks: the defect probability where it exceeds the threshold, else zero."""
    find_defects = defect_finder(detector)
    found = []
    for stored in read_pairs(pairs, HELD_OUT):
        mask = find_defects(stored.pair.degraded)
        share = float((stored.pair.mask > 0).float().mean())
        damages = tuple(dict.fromkeys(stored.pair.plan.names))
        found.append(EvaluationPair(stored.name, stored.pair.clean, stored.pair.degraded, mask, damages, share))
    return found


def defect_finder(detector: Checkpoint) -> Callable[[Tensor], Tensor]:
    """Photo (1, 3, H, W) -> the mask (1, 1, H, W) that every method is given of it."""
    network, threshold = load_detector(detector), threshold_of(detector)

    @torch.inference_mode()
    def find(photo: Tensor) -> Tensor:
        """The defect probability where it is above the threshold, else 0."""
        defect_prob = network(photo).sigmoid()
        return defect_prob * (defect_prob > threshold)

    return find

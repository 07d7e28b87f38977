"""The held-out pairs as every method gets them: with the defects that the detector found, not the true ones."""

from __future__ import annotations

import torch

from ops.checkpoints import Checkpoint
from ops.corpora.records import HELD_OUT
from ops.detection.calibration import threshold_of
from ops.evaluation import EvaluationPair
from ops.pair_sets import PairSet
from ops.pair_shards import read_pairs
from ops.stages.detector import load_detector


@torch.inference_mode()
def held_out_pairs(pairs: PairSet, detector: Checkpoint) -> list[EvaluationPair]:
    """The held-out pairs with detected masks: the defect probability where it exceeds the threshold, else zero."""
    network, threshold = load_detector(detector), threshold_of(detector)
    found = []
    for stored in read_pairs(pairs, HELD_OUT):
        defect_prob = network(stored.pair.degraded).sigmoid()
        mask = defect_prob * (defect_prob > threshold)
        share = float((stored.pair.mask > 0).float().mean())
        damages = tuple(dict.fromkeys(stored.pair.plan.names))
        found.append(EvaluationPair(stored.name, stored.pair.clean, stored.pair.degraded, mask, damages, share))
    return found

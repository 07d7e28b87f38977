"""The held-out pairs as every method gets them: with the defects that the detector found, not the true ones."""

from __future__ import annotations

import torch

from models.detector import DefectDetector
from ops.checkpoints import Checkpoint, config_from_json
from ops.corpora.records import HELD_OUT
from ops.evaluation import EvaluationPair
from ops.pair_sets import PairSet
from ops.pair_shards import read_pairs
from ops.stages.detector import DetectorRecipe
from ops.tensor_files import load_weights


@torch.inference_mode()
def held_out_pairs(pairs: PairSet, detector: Checkpoint, threshold: float) -> list[EvaluationPair]:
    """The held-out pairs with detected masks: the defect probability where it exceeds ``threshold``, else zero."""
    recipe = config_from_json(DetectorRecipe, detector.facts["recipe"])
    network = load_weights(DefectDetector(recipe.network), detector.weights).eval()
    found = []
    for stored in read_pairs(pairs, HELD_OUT):
        defect_prob = network(stored.pair.degraded).sigmoid()
        mask = defect_prob * (defect_prob > threshold)
        found.append(EvaluationPair(stored.name, stored.pair.clean, stored.pair.degraded, mask))
    return found

"""Training of the head that tells kinds of damage apart, on a detector that is finished and stays as it is."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from models.damage_kinds import DamageKinds, DamageKindsConfig
from models.detector import DefectDetector, DetectorConfig
from ops.checkpoints import Checkpoint, config_from_json, config_to_json
from ops.detection.kind_batches import FreshKinds, KindBatch
from ops.losses import kind_cross_entropy
from ops.processes import part_here
from ops.spread_training import spread
from ops.stages.detector import load_detector
from ops.tensor_files import load_weights
from ops.training import Facts, Schedule, Workbench, fit, seeded


@dataclass(frozen=True)
class DamageKindsRecipe:
    """The head and its training."""

    network: DamageKindsConfig
    schedule: Schedule


class DamageKindsStage:
    """Cross-entropy of the head where damage has a kind; ``detector`` is fixed and only looks."""

    def __init__(self, recipe: DamageKindsRecipe, detector: DefectDetector, device: str) -> None:
        self.kinds = DamageKinds(recipe.network, detector.config)
        self.trained: nn.Module = self.kinds
        self.adversaries: nn.Module = nn.ModuleList()
        self.detector = detector.eval().requires_grad_(requires_grad=False).to(device)

    def losses(self, batch: KindBatch, generator: torch.Generator) -> tuple[Tensor, dict[str, float]]:
        """The one term, also for the log."""
        height, width = batch.photo.shape[-2:]
        logits = self.kinds(self.detector.features(batch.photo))[..., :height, :width].float()
        loss = kind_cross_entropy(logits, batch.kinds)
        return loss, {"cross_entropy": float(loss.detach())}

    def adversary_losses(self) -> None:
        """The head has no adversary."""
        return


@spread
def train_damage_kinds(
    recipe: DamageKindsRecipe, detector: Checkpoint, source: FreshKinds, facts: Facts, bench: Workbench
) -> Checkpoint:
    """Train the head on the features of ``detector``."""
    looking, schedule = load_detector(detector), recipe.schedule
    with seeded(schedule.seed):
        stage = DamageKindsStage(recipe, looking, bench.device)
    facts = {
        "recipe": config_to_json(recipe),
        "detector": detector.sha256,
        "detector network": config_to_json(looking.config),
        **facts,
    }

    def batches(step: int) -> KindBatch:
        """Photos of one step with the kinds of their damage."""
        return source.batch(step, schedule.batch_size, schedule.crop_px, part_here()).to(bench.device)

    return fit("damage_kinds", stage, batches, schedule, facts, bench)


def load_damage_kinds(checkpoint: Checkpoint) -> DamageKinds:
    """The trained head of ``checkpoint``; it reads the features of the detector that it was trained on."""
    recipe = config_from_json(DamageKindsRecipe, checkpoint.facts["recipe"])
    detector = config_from_json(DetectorConfig, checkpoint.facts["detector network"])
    return load_weights(DamageKinds(recipe.network, detector), checkpoint.weights).eval()

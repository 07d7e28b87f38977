"""Training of the defect detector: on synthetic pairs, then on annotated photos mixed with more of them."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from models.detector import DefectDetector, DetectorConfig
from ops.checkpoints import Checkpoint, config_from_json, config_to_json
from ops.detection.batches import DefectBatch, DefectSource
from ops.detection.truth import LEAST_CHANGE
from ops.images import encode_png
from ops.losses import balanced_cross_entropy, focal
from ops.pairs.windows import WindowShares
from ops.pictures import contact_sheet
from ops.processes import part_here
from ops.spread_training import spread
from ops.tensor_files import load_weights
from ops.training import Facts, Schedule, Workbench, fit, seeded


@dataclass(frozen=True)
class DetectorWeights:
    """What each term counts.

    Attributes:
        focal: weight of the focal loss.
        cross_entropy: weight of the class-balanced cross-entropy.
        gamma: the focal exponent.
        max_balance: cap on the weight of damaged pixels.
    """

    focal: float
    cross_entropy: float
    gamma: float
    max_balance: float


@dataclass(frozen=True)
class DetectorRecipe:
    """Everything that decides how the detector is trained.

    Attributes:
        network: its layers.
        windows: which windows of clean photos it learns from.
        weights: of the losses.
        schedule: of the training on synthetic pairs.
        annotated_share: of each batch while it is fine-tuned; the rest stays synthetic, so that nothing is forgotten.
        finetuning: the schedule on annotated photos.
        clean_alarms: share of the pixels of clean photos that the calibrated threshold may mark.
    """

    network: DetectorConfig
    windows: WindowShares
    weights: DetectorWeights
    schedule: Schedule
    annotated_share: float
    finetuning: Schedule
    clean_alarms: float


class DetectorStage:
    """Focal loss plus class-balanced cross-entropy between the logits and the truth, where there is one."""

    def __init__(self, recipe: DetectorRecipe) -> None:
        self.weights = recipe.weights
        self.detector = DefectDetector(recipe.network)
        self.detector.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # a third faster on a CPU
        self.trained: nn.Module = self.detector
        self.adversaries: nn.Module = nn.ModuleList()

    def losses(self, batch: DefectBatch, generator: torch.Generator) -> tuple[Tensor, dict[str, float]]:
        """Weighted sum of both terms on one batch, each term for the log."""
        weights, truth = self.weights, batch.truth
        logits = self.detector(batch.photo.contiguous(memory_format=torch.channels_last)).float()
        balanced = balanced_cross_entropy(logits, truth.damaged, truth.judged, weights.max_balance)
        terms = {
            "focal": weights.focal * focal(logits, truth.damaged, truth.judged, weights.gamma),
            "cross_entropy": weights.cross_entropy * balanced,
        }
        return torch.stack(list(terms.values())).sum(), {name: float(term.detach()) for name, term in terms.items()}

    def adversary_losses(self) -> None:
        """The detector has no adversary."""
        return


@spread
def train_detector(
    recipe: DetectorRecipe, source: DefectSource, shown: DefectBatch, facts: Facts, bench: Workbench
) -> Checkpoint:
    """Train the detector on ``source``; ``shown`` are held-out pairs to show the work on."""
    with seeded(recipe.schedule.seed):
        stage = DetectorStage(recipe)
    facts = {"recipe": config_to_json(recipe), **facts}
    return _trained("pretrained_detector", stage, source, recipe.schedule, shown, facts, bench)


@spread
def finetune_detector(
    recipe: DetectorRecipe,
    pretrained: Checkpoint,
    source: DefectSource,
    shown: DefectBatch,
    facts: Facts,
    bench: Workbench,
) -> Checkpoint:
    """Go on from ``pretrained`` with the batches of ``source``, which mix annotated photos with synthetic pairs."""
    stage = DetectorStage(recipe)
    load_weights(stage.detector, pretrained.weights)
    facts = {"recipe": config_to_json(recipe), "pretrained": pretrained.sha256, **facts}
    return _trained("finetuned_detector", stage, source, recipe.finetuning, shown, facts, bench)


def load_detector(checkpoint: Checkpoint) -> DefectDetector:
    """The trained detector of ``checkpoint``, ready to find defects."""
    recipe = config_from_json(DetectorRecipe, checkpoint.facts["recipe"])
    return load_weights(DefectDetector(recipe.network), checkpoint.weights).eval()


def _trained(
    name: str,
    stage: DetectorStage,
    source: DefectSource,
    schedule: Schedule,
    shown: DefectBatch,
    facts: Facts,
    bench: Workbench,
) -> Checkpoint:
    def batches(step: int) -> DefectBatch:
        """Photos of one step with the truth about their pixels."""
        return source.batch(step, schedule.batch_size, schedule.crop_px, part_here()).to(bench.device)

    facts = {**facts, "damaged from": LEAST_CHANGE}
    checkpoint = fit(name, stage, batches, schedule, facts, bench)
    with torch.inference_mode():
        defect_prob = load_detector(checkpoint)(shown.photo).sigmoid()
    rows = zip(shown.photo, shown.truth.damaged, shown.truth.judged, defect_prob, strict=True)
    cells = [[one[None] for one in row] for row in rows]
    bench.show(checkpoint, encode_png(contact_sheet(cells, ["photo", "damaged", "judged", "found"])))
    return checkpoint

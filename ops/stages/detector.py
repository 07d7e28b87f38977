"""Training of the defect detector."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from models.detector import DefectDetector, DetectorConfig
from ops.checkpoints import Checkpoint, config_to_json
from ops.images import encode_png
from ops.losses import balanced_cross_entropy, focal
from ops.pairs import PairBatch, PairSource
from ops.pictures import contact_sheet
from ops.tensor_files import load_weights
from ops.training import Facts, Schedule, Workbench, fit, seeded


@dataclass(frozen=True)
class DetectorWeights:
    """What each term counts, and what counts as damage.

    Attributes:
        focal: weight of the focal loss.
        cross_entropy: weight of the class-balanced cross-entropy.
        gamma: the focal exponent.
        max_balance: cap on the weight of damaged pixels.
        least_opacity: from this opacity on a defect is to be found; fainter ones are left to the restoration.
    """

    focal: float
    cross_entropy: float
    gamma: float
    max_balance: float
    least_opacity: float


@dataclass(frozen=True)
class DetectorRecipe:
    """Everything that decides how the detector is trained."""

    network: DetectorConfig
    weights: DetectorWeights
    schedule: Schedule


class DetectorStage:
    """Focal loss plus class-balanced cross-entropy between the logits and the mask of the structured damage."""

    def __init__(self, recipe: DetectorRecipe) -> None:
        self.weights = recipe.weights
        self.detector = DefectDetector(recipe.network)
        self.trained: nn.Module = self.detector
        self.adversaries: nn.Module = nn.ModuleList()

    def losses(self, batch: PairBatch, generator: torch.Generator) -> tuple[Tensor, dict[str, float]]:
        """Weighted sum of both terms on one batch, each term for the log."""
        weights = self.weights
        logits = self.detector(batch.degraded).float()
        target = (batch.mask >= weights.least_opacity).float()
        terms = {
            "focal": weights.focal * focal(logits, target, weights.gamma),
            "cross_entropy": weights.cross_entropy * balanced_cross_entropy(logits, target, weights.max_balance),
        }
        return torch.stack(list(terms.values())).sum(), {name: float(term.detach()) for name, term in terms.items()}

    def adversary_losses(self) -> None:
        """The detector has no adversary."""
        return


def train_detector(
    recipe: DetectorRecipe, pairs: PairSource, held_out: PairBatch, facts: Facts, bench: Workbench
) -> Checkpoint:
    """Train the detector on the masks of ``pairs``; ``held_out`` are pairs to show the work on."""
    schedule = recipe.schedule
    with seeded(schedule.seed):
        stage = DetectorStage(recipe)

    def batches(step: int) -> PairBatch:
        return pairs.batch(step, schedule.batch_size, schedule.crop_px).to(bench.device)

    facts = {"recipe": config_to_json(recipe), **facts}
    checkpoint = fit("defect_detector", stage, batches, schedule, facts, bench)
    detector = load_weights(DefectDetector(recipe.network), checkpoint.weights).eval()
    with torch.inference_mode():
        defect_prob = detector(held_out.degraded).sigmoid()
    rows = zip(held_out.degraded, held_out.mask, defect_prob, strict=True)
    cells = [[one[None] for one in row] for row in rows]
    bench.show(checkpoint, encode_png(contact_sheet(cells, ["degraded", "true mask", "found"])))
    return checkpoint

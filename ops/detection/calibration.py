"""From scores to probabilities, and the threshold from which a pixel is treated as damaged.

Balanced losses make a detector overstate: its 0.5 is not one in two. Two numbers put that right (Platt, "Probabilistic
Outputs for Support Vector Machines", 1999): p = sigmoid(a z + b), fitted by likelihood on pairs whose photos it never
saw. They become part of the weights; the threshold stands in the checkpoint's facts.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from scipy.optimize import minimize
from sklearn.metrics import precision_recall_curve
from torch.nn import functional as F

from ops.checkpoints import Checkpoint, config_to_json, fingerprint, write_checkpoint
from ops.detection.verdicts import Verdicts
from ops.stages.detector import load_detector
from ops.tensor_files import save_tensors

_MOST_PIXELS: Final = 500_000  # two numbers are fitted; more pixels change nothing


@dataclass(frozen=True)
class Calibration:
    """How the scores of one detector are to be read.

    Attributes:
        scale: a of ``p = sigmoid(a z + b)``.
        shift: b of it.
        threshold: probability from which a pixel counts as damaged.
        clean_alarms: share of pixels it marks on photos without structured damage.
    """

    scale: float
    shift: float
    threshold: float
    clean_alarms: float


def calibrate(verdicts: Verdicts, most_alarms: float) -> Calibration:
    """Fit probabilities to ``verdicts``, then choose the threshold.

    The threshold is the one with the best F1, or the higher one from which at most ``most_alarms`` of the pixels of
    undamaged photos are marked.

    Raises:
        ValueError: all pixels are of one kind, or there is no undamaged photo.
    """
    damaged = verdicts.damaged
    if damaged.all() or not damaged.any() or not len(verdicts.sound_logits):
        raise ValueError(
            f"calibration needs damaged pixels ({int(damaged.sum())}), intact ones ({int((~damaged).sum())}) and "
            f"undamaged photos ({len(verdicts.sound_logits)} pixels); bring more photos or more damage"
        )
    scale, shift = _platt(verdicts)
    prob = (scale * verdicts.logits + shift).sigmoid().numpy()
    sound = (scale * verdicts.sound_logits + shift).sigmoid().numpy()
    precision, recall, thresholds = precision_recall_curve(damaged.numpy(), prob)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    threshold = max(float(thresholds[f1[:-1].argmax()]), float(np.quantile(sound, 1 - most_alarms)))
    threshold = min(threshold, 0.99)
    return Calibration(scale, shift, threshold, float((sound > threshold).mean()))


def calibrated(checkpoint: Checkpoint, calibration: Calibration, root: Path) -> Checkpoint:
    """The detector of ``checkpoint`` with ``calibration`` in its weights and its facts, as ``defect_detector``."""
    detector = load_detector(checkpoint)
    detector.recalibrate(calibration.scale, calibration.shift)
    facts = {**checkpoint.facts, "trained": checkpoint.sha256, "calibration": config_to_json(calibration)}
    folder = root / f"defect_detector-{fingerprint(facts)}"
    save_tensors(folder / "weights.safetensors", detector.state_dict())
    (folder / "samples.png").write_bytes((checkpoint.folder / "samples.png").read_bytes())
    return write_checkpoint(folder, "defect_detector", checkpoint.step, facts, checkpoint.history)


def threshold_of(detector: Checkpoint) -> float:
    """The calibrated threshold of a ``defect_detector``.

    Raises:
        ValueError: it was never calibrated.
    """
    calibration = detector.facts.get("calibration")
    if calibration is None:
        raise ValueError(f"{detector.folder} is no calibrated detector; materialize defect_detector again")
    return float(calibration["threshold"])


def _platt(verdicts: Verdicts) -> tuple[float, float]:
    """The scale and the shift of greatest likelihood."""
    step = max(1, len(verdicts.logits) // _MOST_PIXELS)
    logits, damaged = verdicts.logits[::step].double(), verdicts.damaged[::step].double()

    def loss(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        """Cross-entropy and its gradient at (log scale, shift)."""
        at = torch.tensor(parameters, dtype=torch.float64, requires_grad=True)
        value = F.binary_cross_entropy_with_logits(at[0].exp() * logits + at[1], damaged)  # exp keeps the order
        (gradient,) = torch.autograd.grad(value, at)
        return float(value.detach()), gradient.numpy()

    log_scale, shift = minimize(loss, np.zeros(2), jac=True, method="L-BFGS-B", bounds=[(-3, 3), (-15, 15)]).x
    return float(np.exp(log_scale)), float(shift)

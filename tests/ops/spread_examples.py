"""What the tests of several processes train: every process imports it, so nothing here is large."""

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from models.detector import DetectorConfig
from models.face import FaceGeneratorConfig, FaceNorm, Start
from models.face_finder import FaceInspector
from models.feature_trunk import GradientPyramid
from models.inpainter import InpainterConfig
from models.vae import Vae
from ops.checkpoints import Checkpoint
from ops.degradation.recipe import STANDARD_DEGRADATION
from ops.detection.batches import DefectBatch
from ops.detection.truth import DefectTruth
from ops.faces.find import Search
from ops.faces.scenes import FaceScenes
from ops.faces.settings import FaceSettings
from ops.inpainting.marked_windows import MarkedBatch
from ops.pairs.sources import PairBatch
from ops.pairs.windows import WindowShares
from ops.parts import Part
from ops.processes import average_gradients, normal_rows, part_here
from ops.shared_batch_norm import share_batch_norm
from ops.spread_training import spread
from ops.stages.detector import DetectorRecipe, DetectorStage, DetectorWeights
from ops.stages.face import FaceBatch, FaceRecipe, FaceStage, FaceWeights
from ops.stages.inpainter import InpainterRecipe, InpainterStage
from ops.stages.mapping import MappingBatch, MappingStage
from ops.stages.vae import DomainBatch, VaeStage
from ops.tensor_files import save_tensors
from ops.tracking import MemoryLog
from ops.training import Schedule, Stage, Workbench, fit, seeded
from tests.ops.small_networks import VAE
from tests.ops.stages.stage_recipes import JUDGE, MAPPING_RECIPE, SCHEDULE, VAE_RECIPE, FadedBlots

SIZE = 4
DETECTOR = DetectorRecipe(
    network=DetectorConfig((4, 6)),
    windows=WindowShares(clean=0.05, larger=0.0, varied=0.0),
    weights=DetectorWeights(focal=10, cross_entropy=1, gamma=2, max_balance=20),
    schedule=SCHEDULE,
    annotated_share=0.5,
    finetuning=SCHEDULE,
    clean_alarms=0.005,
)
INPAINTER = InpainterRecipe(InpainterConfig((4, 6), 1), DETECTOR.windows, 2, SCHEDULE)
FACE = FaceRecipe(
    network=FaceGeneratorConfig(
        16,
        ((8,), (8,), (6,)),
        4,
        (16, 32, 64),
        Start.LATENT,
        4,
        FaceNorm.BATCH,
        is_spectral=True,
        has_pixel_shortcut=True,
    ),
    discriminator=JUDGE,
    weights=FaceWeights(
        decibel=0.1, adversarial=0.02, feature_matching=0.2, adversarial_from=0.5, perceptual=0.3, structure=0.5
    ),
    beginning=None,
    schedule=SCHEDULE,
    scenes=FaceScenes(behind=0.5, turned=0.5, lit=0.5, varied=0.5),
    degradation=STANDARD_DEGRADATION,
    settings=FaceSettings(Search(longest_px=512, turns=(0.0,)), 64, 4, 1.0, 10, 0.15, 0.25, 0.95, 0.06, 0.08, 0.0),
    study_steps=1,
)


def old_and_synthetic(part: Part) -> DomainBatch:
    """Half of each."""
    synthetic, old = (FadedBlots().batch(step, SIZE, 32, part).degraded for step in (1, 2))
    return DomainBatch(synthetic, is_judged=True, old=old)


def pairs(part: Part) -> PairBatch:
    """The second photo alone is damaged: the first process does not go through the nonlocal block."""
    drawn = FadedBlots().batch(3, SIZE, 64)
    mask = drawn.mask * (torch.arange(SIZE) == 1).view(-1, 1, 1, 1)
    return PairBatch(part.of(drawn.clean), part.of(drawn.degraded), part.of(mask))


def lines(part: Part) -> DefectBatch:
    """Every photo has a line of its own length, and its own area that is not judged."""
    drawn = FadedBlots().batch(4, SIZE, 32)
    length = 4 * torch.arange(1, SIZE + 1).view(-1, 1, 1, 1)
    columns = torch.arange(32)
    damaged, judged = drawn.mask * (columns < 2 * length), (columns < 32 - length).expand_as(drawn.mask).float()
    return DefectBatch(part.of(drawn.degraded), DefectTruth(part.of(damaged * judged), part.of(judged)))


def marks(part: Part) -> MarkedBatch:
    """Every photo has as many marks as its number."""
    drawn = FadedBlots().batch(5, SIZE, 32)
    mask = (torch.rand(SIZE, 1, 32, 32, generator=torch.Generator().manual_seed(9)) < 0.1).float()
    mask *= torch.arange(32) < 8 * torch.arange(1, SIZE + 1).view(-1, 1, 1, 1)
    return MarkedBatch(part.of(drawn.degraded), part.of(drawn.clean), part.of(mask))


EXAMPLES: dict[str, tuple[Callable[[], Stage[Any]], Callable[[Part], Any]]] = {
    "degraded_vae": (lambda: VaeStage(VAE_RECIPE, GradientPyramid()), old_and_synthetic),
    "mapping": (
        lambda: MappingStage(replace(MAPPING_RECIPE, clean_share=0.25), Vae(VAE), Vae(VAE), GradientPyramid()),
        lambda part: MappingBatch(pairs(part), is_judged=True),
    ),
    "inpainter": (lambda: InpainterStage(INPAINTER), marks),
    "detector": (lambda: DetectorStage(DETECTOR), lines),
    "face": (lambda: FaceStage(FACE, FaceInspector(), "cpu"), lambda part: FaceBatch(pairs(part), is_judged=True)),
}


def one_step(name: str) -> dict[str, Tensor]:
    """Gradients and buffers of one example after losses and adversary losses, of all processes together."""
    make, batch = EXAMPLES[name]
    with seeded(5):
        stage = make()
    known = {}
    for role, network in (("trained", share_batch_norm(stage.trained)), ("judge", share_batch_norm(stage.adversaries))):
        if role == "trained":
            loss: Tensor | None = stage.losses(batch(part_here()), torch.Generator().manual_seed(6))[0]
        else:
            stage.adversaries.zero_grad()
            loss = stage.adversary_losses()
        if loss is None:
            continue
        loss.backward()
        average_gradients(network)
        known |= {f"{role}.{key}": one.grad for key, one in network.named_parameters() if one.grad is not None}
        known |= {f"{role}.{key}": one for key, one in network.named_buffers()}
    return known


class DoublingStage:
    """Learns y = 2 x from noisy answers; its adversary learns y = 3 x, only so that there is one."""

    def __init__(self) -> None:
        self.trained: nn.Module = nn.Sequential(nn.BatchNorm1d(1), nn.Linear(1, 8), nn.ReLU(), nn.Linear(8, 1))
        self.adversaries: nn.Module = nn.ModuleList([nn.Linear(1, 1)])
        self.batch = torch.zeros(0)

    def losses(self, batch: Tensor, generator: torch.Generator) -> tuple[Tensor, dict[str, float]]:
        self.batch = batch
        loss = (self.trained(batch) - 2 * batch + 0.1 * normal_rows(batch, generator)).square().mean()
        return loss, {"l2": float(loss.detach())}

    def adversary_losses(self) -> Tensor:
        return (self.adversaries[0](self.batch) - 3 * self.batch).square().mean()  # type: ignore[index]


class PhotoGoneError(Exception):
    """What one process may meet."""


def doubling(steps: int, bench: Workbench, fails_at: int = -1) -> Checkpoint:
    """Train ``DoublingStage`` up to ``steps`` of twelve; the second process may fail."""

    def batches(step: int) -> Tensor:
        if step == fails_at and part_here().number == 1:
            raise PhotoGoneError("photo 17 is gone")
        return part_here().of(torch.randn(64, 1, generator=torch.Generator().manual_seed(step)))

    schedule = Schedule(steps, 6, 64, 8, 0.05, 0.05, (0.9, 0.99), 1.0, 0.9, is_bf16=False, seed=7)
    with seeded(3):
        stage = DoublingStage()
    return fit("doubling", stage, batches, schedule, {}, bench)


@spread
def gradients_and_six_steps(folder: Path, bench: Workbench) -> Checkpoint:
    """The gradients of all examples into ``folder``, then the first half of ``doubling``."""
    for name in EXAMPLES:
        known = one_step(name)
        if part_here().number == 0:
            save_tensors(folder / f"{name}.safetensors", known)
    return doubling(6, bench)


@spread
def doubling_that_fails(bench: Workbench) -> Checkpoint:
    """The second process fails at the ninth step."""
    return doubling(12, bench, fails_at=8)


@spread
def doubling_to_the_end(bench: Workbench) -> Checkpoint:
    """The whole of ``doubling``."""
    return doubling(12, bench)


if __name__ == "__main__":  # torchrun --nproc-per-node=2 -m tests.ops.spread_examples FOLDER
    said: list[str] = []
    doubling_to_the_end(Workbench(Path(sys.argv[1]), MemoryLog(), said.append))
    sys.stdout.write("".join(f"{line}\n" for line in said))

"""Training of the inpainter: what stands under a mark, from what stands around it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from models.first_fill import first_fill
from models.inpainter import Inpainter, InpainterConfig
from ops.checkpoints import Checkpoint, config_from_json, config_to_json
from ops.images import encode_png
from ops.inpainting.marked_windows import MarkedBatch, MarkedSource
from ops.pairs.windows import WindowShares
from ops.pictures import contact_sheet
from ops.processes import mean_of_all, part_here
from ops.spread_training import spread
from ops.stages.memory_order import channels_last
from ops.tensor_files import load_weights
from ops.training import Facts, Schedule, Workbench, fit, seeded


@dataclass(frozen=True)
class InpainterRecipe:
    """Everything that decides how the inpainter is trained.

    Attributes:
        network: its sizes.
        windows: which windows of clean photos it learns from.
        most_marks: how many others' marks a photo without defects is covered with at most.
        schedule: of the training.
    """

    network: InpainterConfig
    windows: WindowShares
    most_marks: int
    schedule: Schedule


class InpainterStage:
    """Mean absolute error of what is painted, over the marked pixels and no others: the others are not painted."""

    def __init__(self, recipe: InpainterRecipe) -> None:
        self.inpainter = Inpainter(recipe.network)
        self.trained: nn.Module = self.inpainter
        self.adversaries: nn.Module = nn.ModuleList()
        channels_last(self.trained)

    def losses(self, batch: MarkedBatch, generator: torch.Generator) -> tuple[Tensor, dict[str, float]]:
        """The one term on one batch, and beside it in the log what the first fill would have cost."""
        painted = self.inpainter.painted(batch.photo, batch.mask).float()
        loss = _error(painted, batch)
        with torch.no_grad():
            begun = _error(first_fill(batch.photo, batch.mask), batch)
        return loss, {"painted_l1": float(loss.detach()), "first_fill_l1": float(begun)}

    def adversary_losses(self) -> None:
        """The inpainter has no adversary."""
        return


@spread
def train_inpainter(
    recipe: InpainterRecipe, source: MarkedSource, shown: MarkedBatch, facts: Facts, bench: Workbench
) -> Checkpoint:
    """Train the inpainter on ``source``; ``shown`` are validation pairs to show its work on."""
    schedule = recipe.schedule
    with seeded(schedule.seed):
        stage = InpainterStage(recipe)

    def batches(step: int) -> MarkedBatch:
        """Marked windows of one step."""
        return source.batch(step, schedule.batch_size, schedule.crop_px, part_here()).to(bench.device)

    checkpoint = fit("inpainter", stage, batches, schedule, {"recipe": config_to_json(recipe), **facts}, bench)
    with torch.inference_mode():
        painted = load_inpainter(checkpoint)(shown.photo, shown.mask)
    columns = (shown.photo, shown.mask, first_fill(shown.photo, shown.mask), painted, shown.undamaged)
    cells = [[one[None] for one in row] for row in zip(*columns, strict=True)]
    bench.show(checkpoint, encode_png(contact_sheet(cells, ["damaged", "mask", "first fill", "painted", "undamaged"])))
    return checkpoint


def load_inpainter(checkpoint: Checkpoint) -> Inpainter:
    """The trained inpainter of ``checkpoint``."""
    recipe = config_from_json(InpainterRecipe, checkpoint.facts["recipe"])
    return load_weights(Inpainter(recipe.network), checkpoint.weights).eval()


def _error(painted: Tensor, batch: MarkedBatch) -> Tensor:
    """Mean absolute error over the marked pixels of all processes; 0 where there are none."""
    error = (painted - batch.undamaged).abs().mean(dim=1, keepdim=True)
    return (error * batch.mask).sum() / mean_of_all(batch.mask.sum()).clamp_min(1)

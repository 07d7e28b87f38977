"""Training of the age reader: whether a window has aged, whatever defects it has."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.age import AgeConfig, AgeReader
from ops.age_samples import AgeBatch, gather
from ops.checkpoints import Checkpoint, config_from_json, config_to_json
from ops.degradation.jpeg import JpegRanges
from ops.images import encode_png
from ops.pairs.fresh_crops import step_generator
from ops.pairs.sources import PairBatch
from ops.pairs.windows import FreshWindows, WindowShares
from ops.pictures import contact_sheet
from ops.stages.memory_order import channels_last
from ops.tensor_files import load_weights
from ops.training import Facts, Schedule, Workbench, fit, seeded


@dataclass(frozen=True)
class AgeRecipe:
    """The reader and its training.

    Attributes:
        network: its sizes.
        num_windows: windows that are aged to learn from.
        window_px: their side; each update sees crops of them.
        windows: which there are; none is left clean, for each has its sound counterpart.
        compression: of the sound ones.
        sound_db: PSNR that ageing leaves of a window which is neither aged nor sound.
        schedule: of the training.
    """

    network: AgeConfig
    num_windows: int
    window_px: int
    windows: WindowShares
    compression: JpegRanges
    sound_db: float
    schedule: Schedule


class AgeStage:
    """Cross-entropy of the question whether a crop has aged, half of a batch being sound."""

    def __init__(self, recipe: AgeRecipe) -> None:
        self.reader = AgeReader(recipe.network)
        self.trained: nn.Module = self.reader
        self.adversaries: nn.Module = nn.ModuleList()
        channels_last(self.trained)

    def losses(self, batch: AgeBatch, generator: torch.Generator) -> tuple[Tensor, dict[str, float]]:
        """The one term on one batch, and beside it in the log how often the likelier answer is right."""
        logits = self.reader(batch.photo)
        loss = F.binary_cross_entropy_with_logits(logits, batch.age)
        is_right = (logits > 0) == (batch.age > 0.5)
        return loss, {"age": float(loss.detach()), "right": float(is_right.float().mean())}

    def adversary_losses(self) -> None:
        """The reader has no adversary."""
        return


def train_age(recipe: AgeRecipe, windows: FreshWindows, shown: PairBatch, facts: Facts, bench: Workbench) -> Checkpoint:
    """Train the reader on ``windows``, in one process; ``shown`` are pairs to show what it says of."""
    schedule = recipe.schedule
    with seeded(schedule.seed):
        stage = AgeStage(recipe)
    samples = gather(windows, recipe.compression, recipe.sound_db, recipe.num_windows, recipe.window_px, bench.report)

    def batches(step: int) -> AgeBatch:
        """Crops of one step."""
        drawn = samples.batch(schedule.batch_size, schedule.crop_px, step_generator(schedule.seed, step))
        photo = drawn.photo.to(bench.device, memory_format=torch.channels_last)
        return AgeBatch(photo, drawn.age.to(bench.device))

    checkpoint = fit("age_reader", stage, batches, schedule, {"recipe": config_to_json(recipe), **facts}, bench)
    reader = load_age(checkpoint)
    with torch.inference_mode():
        degraded, clean = (reader(photos).sigmoid().tolist() for photos in (shown.degraded, shown.clean))
    rows = [[one[None] for one in row] for row in zip(shown.degraded, shown.clean, strict=True)]
    titles = [f"aged {old:.2f}, {new:.2f}" for old, new in zip(degraded, clean, strict=True)]
    bench.show(checkpoint, encode_png(contact_sheet(rows, ["degraded", "clean"], titles, 160)))
    return checkpoint


def load_age(checkpoint: Checkpoint) -> AgeReader:
    """The trained reader of ``checkpoint``."""
    recipe = config_from_json(AgeRecipe, checkpoint.facts["recipe"])
    return load_weights(AgeReader(recipe.network), checkpoint.weights).eval()

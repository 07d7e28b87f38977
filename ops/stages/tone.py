"""Training of the tone reader: which curves take fading, yellowing and casts back, and when it is sure of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.tone import ToneConfig, ToneReader
from ops.checkpoints import Checkpoint, config_from_json, config_to_json
from ops.images import encode_png
from ops.pairs.fresh_crops import step_generator
from ops.pairs.sources import PairBatch, PairSource
from ops.pairs.windows import WindowShares
from ops.pictures import contact_sheet
from ops.tensor_files import load_weights
from ops.tone_samples import ToneSamples, gather
from ops.training import Facts, Schedule, Workbench, fit, seeded

_LEAST_ERROR: Final = 3e-4
"""Added to every mean square error before its logarithm: beyond 35 dB grain and blur decide, not tone."""


@dataclass(frozen=True)
class ToneRecipe:
    """The reader and its training.

    Attributes:
        network: its sizes.
        num_windows: pairs that are damaged to learn from, a whole number of 64.
        windows: which there are; the curves of those left clean have to be straight, and varied colours teach that
            strong ones alone are not faded.
        mask_dropout: share of the windows whose damage it is not told of, as the detector misses some.
        sureness: weight of the question whether its curves help.
        least_gain: in dB, from which on they do.
        schedule: of the training.
    """

    network: ToneConfig
    num_windows: int
    windows: WindowShares
    mask_dropout: float
    sureness: float
    least_gain: float
    schedule: Schedule


class ToneStage:
    """Mean error in dB over intact pixels behind the curves, and whether they helped as a yes-or-no question."""

    def __init__(self, recipe: ToneRecipe) -> None:
        self.recipe = recipe
        self.reader = ToneReader(recipe.network)
        self.trained: nn.Module = self.reader
        self.adversaries: nn.Module = nn.ModuleList()

    def losses(self, batch: ToneSamples, generator: torch.Generator) -> tuple[Tensor, dict[str, float]]:
        """Sum of both terms on one batch, each term for the log."""
        values = self.reader.values(batch.reading)
        before, after = (_decibels(batch.errors(by)) for by in (None, self.reader.curves(batch.reading, values)))
        has_helped = (before - after.detach() > self.recipe.least_gain).float()
        terms = {
            "error_db": after.mean(),
            "sureness": self.recipe.sureness * F.binary_cross_entropy_with_logits(values[:, -1], has_helped),
        }
        return torch.stack(list(terms.values())).sum(), {name: float(term.detach()) for name, term in terms.items()}

    def adversary_losses(self) -> None:
        """The reader has no adversary."""
        return


def train_tone(recipe: ToneRecipe, windows: PairSource, shown: PairBatch, facts: Facts, bench: Workbench) -> Checkpoint:
    """Train the reader on ``windows``, in one process; ``shown`` are held-out pairs to show the work on."""
    schedule = recipe.schedule
    with seeded(schedule.seed):
        stage = ToneStage(recipe)
    crop_px, report = schedule.crop_px, bench.report
    samples = gather(windows, stage.reader, recipe.num_windows, crop_px, recipe.mask_dropout, report).to(bench.device)

    def batches(step: int) -> ToneSamples:
        """Samples of one step."""
        generator = step_generator(schedule.seed, step)
        return samples[torch.randint(len(samples), (schedule.batch_size,), generator=generator).to(bench.device)]

    checkpoint = fit("tone_reader", stage, batches, schedule, {"recipe": config_to_json(recipe), **facts}, bench)
    reader = load_tone(checkpoint)
    with torch.inference_mode():
        curves = reader(shown.degraded, shown.mask)
        toned = curves(shown.degraded)
    rows = [[one[None] for one in row] for row in zip(shown.degraded, toned, shown.clean, strict=True)]
    titles = [f"sure {sureness:.2f}" for sureness in curves.sureness.tolist()]
    bench.show(checkpoint, encode_png(contact_sheet(rows, ["degraded", "by its curves", "clean"], titles, 160)))
    return checkpoint


def load_tone(checkpoint: Checkpoint) -> ToneReader:
    """The trained reader of ``checkpoint``."""
    recipe = config_from_json(ToneRecipe, checkpoint.facts["recipe"])
    return load_weights(ToneReader(recipe.network), checkpoint.weights).eval()


def _decibels(errors: Tensor) -> Tensor:
    """Mean square errors (N,) in dB: the lower, the better."""
    return 10 * (errors + _LEAST_ERROR).log10()

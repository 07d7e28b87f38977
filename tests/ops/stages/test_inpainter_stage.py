from dataclasses import dataclass, replace
from pathlib import Path

import torch

from models.first_fill import first_fill
from models.inpainter import InpainterConfig
from ops.inpainting.marked_windows import MarkedBatch
from ops.pairs.windows import WindowShares
from ops.parts import WHOLE, Part
from ops.stages.inpainter import InpainterRecipe, InpainterStage, load_inpainter, train_inpainter
from tests.ops.stages.stage_recipes import SCHEDULE, bench

RECIPE = InpainterRecipe(
    network=InpainterConfig(widths=(16, 16), num_blocks=1),
    windows=WindowShares(clean=0.0, larger=0.0, varied=0.0),
    most_marks=1,
    schedule=replace(SCHEDULE, steps=150, steady_steps=80, batch_size=8, crop_px=16),
)


@dataclass
class StripedBlots:
    """Fine stripes, of which the mean of the surroundings is grey, under square blots."""

    def batch(self, step: int, size: int, crop_px: int, part: Part = WHOLE) -> MarkedBatch:
        generator = torch.Generator().manual_seed(step)
        stripes = (torch.arange(crop_px) // 2 % 2).float().expand(size, 3, crop_px, crop_px)
        bright = 0.5 + 0.5 * torch.rand(size, 3, 1, 1, generator=generator)
        undamaged, mask = stripes * bright, torch.zeros(size, 1, crop_px, crop_px)
        for number in range(size):
            row, column = torch.randint(2, crop_px - 6, (2,), generator=generator).tolist()
            mask[number, :, row : row + 4, column : column + 4] = 1
        photo = torch.where(mask > 0, 1.0, undamaged)
        return MarkedBatch(*(part.of(one) for one in (photo, undamaged, mask)))


def test_it_learns_to_go_on_with_what_is_around(tmp_path: Path) -> None:
    unseen = StripedBlots().batch(10_000, 8, 16)
    checkpoint = train_inpainter(RECIPE, StripedBlots(), unseen, {}, bench(tmp_path))
    inpainter = load_inpainter(checkpoint)
    with torch.inference_mode():
        painted = torch.lerp(unseen.photo, inpainter.painted(unseen.photo, unseen.mask).clamp(0, 1), unseen.mask)
    begun = first_fill(unseen.photo, unseen.mask)
    error, error_of_fill = ((photo - unseen.undamaged).abs().sum() for photo in (painted, begun))
    assert error < error_of_fill / 4
    assert checkpoint.history[-1]["painted_l1"] < checkpoint.history[-1]["first_fill_l1"] / 2
    assert (checkpoint.folder / "samples.png").is_file()


def test_only_what_is_marked_counts() -> None:
    stage, batch = InpainterStage(RECIPE), StripedBlots().batch(0, 4, 16)
    elsewhere = torch.where(batch.mask > 0, batch.undamaged, torch.rand_like(batch.undamaged))
    generator = torch.Generator()
    expected, terms = stage.losses(batch, generator)
    loss, _ = stage.losses(replace(batch, undamaged=elsewhere), generator)
    assert torch.equal(loss, expected)
    assert terms["painted_l1"] == terms["first_fill_l1"] > 0  # a fresh one paints what the first fill does
    nothing, _ = stage.losses(replace(batch, mask=torch.zeros_like(batch.mask)), generator)
    assert nothing == 0
    nothing.backward()


def test_bfloat16_changes_the_loss_by_less_than_a_fiftieth() -> None:
    torch.manual_seed(1)
    stage, batch = InpainterStage(RECIPE), StripedBlots().batch(0, 4, 16)
    for parameter in stage.inpainter.parameters():
        torch.nn.init.normal_(parameter, std=0.05)
    exact, _ = stage.losses(batch, torch.Generator())
    with torch.autocast("cpu", torch.bfloat16):
        rough, _ = stage.losses(batch, torch.Generator())
    assert rough.dtype == torch.float32
    assert (rough - exact).abs() < exact / 50

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.testing import assert_close

from models.first_fill import REACH_PX as FIRST_FILL_REACH
from models.first_fill import first_fill
from models.inpainter import RIM_PX, Inpainter, InpainterConfig
from ops.tiles import cut, put


def lively(config: InpainterConfig) -> Inpainter:
    """Random weights everywhere, also where a fresh one is silent."""
    torch.manual_seed(3)
    inpainter = Inpainter(config).eval()
    for parameter in inpainter.parameters():
        nn.init.normal_(parameter, std=0.15)
    return inpainter


def marked(height: int, width: int) -> Tensor:
    """Thin lines, a block, and a block that is marked in part."""
    mask = torch.zeros(1, 1, height, width)
    mask[..., ::37, :] = 1
    mask[..., height // 3 : height // 2, width // 3 : width // 2] = 1
    mask[..., : height // 5, : width // 5] = 0.4
    return mask


CONFIG = InpainterConfig(widths=(4, 6, 6), num_blocks=1)


def test_a_fresh_one_paints_what_the_first_fill_does() -> None:
    photo, mask = torch.rand(2, 3, 33, 50), (torch.rand(2, 1, 33, 50) < 0.1).float()
    assert_close(Inpainter(CONFIG).painted(photo, mask), first_fill(photo, mask))


@pytest.mark.parametrize(("height", "width"), [(1, 1), (30, 71), (64, 64)])
@torch.inference_mode()
def test_only_what_is_marked_is_painted(height: int, width: int) -> None:
    photo, mask = torch.rand(1, 3, height, width), marked(height, width)
    filled = lively(CONFIG)(photo, mask)
    assert torch.equal(filled.where(mask == 0, 0), photo.where(mask == 0, 0))
    assert (filled - photo).abs().amax(dim=1, keepdim=True)[mask == 1].min() > 0
    assert 0 <= filled.min() <= filled.max() <= 1


def test_an_intact_photo_is_returned_as_it_is() -> None:
    photo = torch.rand(2, 3, 9, 10)
    assert lively(CONFIG)(photo, torch.zeros(2, 1, 9, 10)) is photo


@torch.inference_mode()
def test_neither_what_is_marked_nor_its_rim_leaves_a_trace() -> None:
    photo, mask = torch.rand(1, 3, 50, 61), (marked(50, 61) == 1).float()
    rim = F.max_pool2d(mask, 3, stride=1, padding=1)
    other = torch.where(rim == 1, torch.rand_like(photo), photo)
    filled, filled_other = lively(CONFIG)(photo, mask), lively(CONFIG)(other, mask)
    assert_close(filled_other.where(mask == 1, 0), filled.where(mask == 1, 0))


@torch.inference_mode()
def test_what_is_marked_in_part_stays_in_part() -> None:
    photo, mask = torch.rand(1, 3, 40, 40), torch.zeros(1, 1, 40, 40)
    mask[..., 20] = 1
    inpainter = lively(CONFIG)
    half, whole = inpainter(photo, 0.5 * mask), inpainter(photo, mask)
    assert_close(half, (photo + whole) / 2)


@pytest.mark.parametrize("config", [InpainterConfig((4, 5), 1), InpainterConfig((3, 4, 5), 2)])
@torch.inference_mode()
def test_a_photo_in_tiles_is_painted_as_the_whole(config: InpainterConfig) -> None:
    inpainter, photo, mask = lively(config), torch.rand(1, 3, 633, 391), marked(633, 391)
    whole, in_tiles = inpainter(photo, mask), torch.empty_like(photo)
    tiles = list(cut(633, 391, 48, inpainter.reach_px, inpainter.grid_px))
    assert len(tiles) > 1
    for tile in tiles:
        put(in_tiles, tile, inpainter(photo[..., *tile.outer], mask[..., *tile.outer]))
    assert_close(in_tiles, whole, atol=1e-5, rtol=0)


@pytest.mark.parametrize(("widths", "num_blocks"), [((3, 4), 0), ((3, 4), 2), ((2, 3, 4), 1)])
def test_it_sees_as_far_as_it_says(widths: tuple[int, ...], num_blocks: int) -> None:
    inpainter = Inpainter(InpainterConfig(widths, num_blocks)).double()
    for parameter in inpainter.parameters():  # cancels nothing: all that is seen has a gradient above zero
        nn.init.uniform_(parameter, 0.01, 0.2)
    begun = torch.rand(1, 3, 256, 256, dtype=torch.double, requires_grad=True)
    reached = 0
    for at in range(124, 124 + inpainter.grid_px):
        change = inpainter.change(begun, torch.zeros_like(begun[:, :1]))
        (gradient,) = torch.autograd.grad(change[..., at, at].sum(), begun)
        reached = max(reached, int((gradient.abs().sum((0, 1, 3)).nonzero()[:, 0] - at).abs().max()))
    of_network = inpainter.reach_px - FIRST_FILL_REACH - RIM_PX
    assert of_network - 2 * inpainter.grid_px <= reached <= of_network

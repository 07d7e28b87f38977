import math

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from models.first_fill import CELL_PX, REACH_PX, first_fill
from ops.tiles import cut


def damaged_photo(height: int, width: int) -> tuple[Tensor, Tensor]:
    """Noise under thin lines, a block, and a block that is damaged perhaps."""
    photo, mask = torch.rand(1, 3, height, width), torch.zeros(1, 1, height, width)
    mask[..., ::17, :] = 1
    mask[..., height // 3 : height // 2, width // 3 : width // 2] = 1
    mask[..., : height // 4, : width // 4] = 0.4
    return photo, mask


def test_an_intact_photo_is_returned_as_it_is() -> None:
    photo = torch.rand(2, 3, 9, 10)
    assert first_fill(photo, torch.zeros(2, 1, 9, 10)) is photo


def test_intact_pixels_stay_to_the_bit() -> None:
    photo, mask = damaged_photo(50, 61)
    filled = first_fill(photo, mask)
    assert torch.equal(filled.where(mask == 0, 0), photo.where(mask == 0, 0))


def test_what_is_damaged_for_sure_leaves_no_trace() -> None:
    photo, mask = damaged_photo(50, 61)
    other = torch.where(mask == 1, torch.rand_like(photo), photo)
    assert_close(first_fill(other, mask), first_fill(photo, mask))


def test_what_is_damaged_perhaps_stays_in_part() -> None:
    photo, mask = torch.full((1, 3, 20, 20), 0.5), torch.zeros(1, 1, 20, 20)
    photo[..., 10], mask[..., 10] = 1.0, 0.3
    assert_close(first_fill(photo, mask)[..., 10], torch.full((1, 3, 20), 0.7 * 1.0 + 0.3 * 0.5))


def test_a_scratch_across_a_ramp_takes_the_colour_of_the_ramp() -> None:
    clean = torch.linspace(0, 1, 64).expand(1, 3, 64, 64)
    mask = torch.zeros(1, 1, 64, 64)
    mask[..., 30:33] = 1
    filled = first_fill(torch.where(mask == 1, 1.0, clean), mask)
    assert float((filled - clean).abs().max()) < 0.03  # a white scratch was wrong by half of the range


@pytest.mark.parametrize("radius_px", [2, 6, 12])
def test_a_hole_is_filled_however_wide_up_to_the_reach(radius_px: int) -> None:
    photo, mask = torch.full((1, 3, 80, 80), 0.25), torch.zeros(1, 1, 80, 80)
    hole = (slice(40 - radius_px, 40 + radius_px),) * 2
    photo[..., *hole], mask[..., *hole] = 1.0, 1.0
    assert_close(first_fill(photo, mask), torch.full_like(photo, 0.25), atol=0.02, rtol=0)


def test_a_photo_without_an_intact_pixel_keeps_its_own() -> None:
    photo = torch.rand(1, 3, 30, 30)
    assert_close(first_fill(photo, torch.ones(1, 1, 30, 30)), photo)


def test_the_narrowest_spread_is_the_mean_of_its_formula() -> None:
    photo, mask = torch.rand(1, 3, 33, 33), torch.zeros(1, 1, 33, 33)
    mask[..., 16, 16] = 1  # so much around is intact that the narrowest spread decides alone
    total, weights = torch.zeros(3, dtype=torch.double), 0.0
    for row in range(-3, 4):
        for column in range(-3, 4):
            if (row, column) != (0, 0):
                weight = math.exp(-(row**2 + column**2) / 2)
                total += weight * photo[0, :, 16 + row, 16 + column]
                weights += weight
    assert_close(first_fill(photo, mask)[0, :, 16, 16], (total / weights).float())


@pytest.mark.parametrize(("height", "width"), [(211, 333), (64, 190), (7, 300)])
def test_in_tiles_it_is_what_it_is_in_the_whole(height: int, width: int) -> None:
    photo, mask = damaged_photo(height, width)
    whole, in_tiles = first_fill(photo, mask), torch.full_like(photo, torch.nan)
    for tile in cut(height, width, tile_px=64, reach_px=REACH_PX, grid_px=CELL_PX):
        filled = first_fill(photo[..., *tile.outer], mask[..., *tile.outer])
        in_tiles[..., *tile.middle] = filled[..., *tile.inner]
    assert_close(in_tiles, whole)


def test_it_is_made_in_full_precision_under_autocast() -> None:
    photo, mask = damaged_photo(40, 40)
    with torch.autocast("cpu", torch.bfloat16):
        under = first_fill(photo, mask)
    assert torch.equal(under, first_fill(photo, mask))

import pytest
import torch
from torch.nn import functional as F
from torch.testing import assert_close

from ops.detection.second_look import confirm, reach_px, shrunk
from ops.tiles import cut


def test_a_mark_stays_where_the_photo_looks_damaged_from_further_away_as_well() -> None:
    mask = torch.zeros(1, 1, 30, 300)
    mask[..., 10:20, 10:20] = mask[..., 10:20, 270:280] = 0.8
    from_afar = torch.zeros(1, 1, 15, 150)
    from_afar[..., 6:9, 5:10] = 0.9  # about the first alone
    expected = mask.clone()
    expected[..., 200:] = 0
    assert_close(confirm(mask, from_afar, scale=2, least=0.3), expected)


def test_what_lies_around_a_mark_does_not_vouch_for_it() -> None:
    mask = torch.zeros(1, 1, 40, 40)
    mask[..., 4:8, 4:8] = 1
    from_afar = torch.ones(1, 1, 20, 20)
    from_afar[..., :6, :6] = 0
    assert not confirm(mask, from_afar, scale=2, least=0.1).any()


def test_an_unconfirmed_end_of_a_confirmed_crack_stays() -> None:
    mask, from_afar = torch.zeros(1, 1, 9, 40), torch.zeros(1, 1, 5, 20)
    mask[..., 4:6, :] = 1
    from_afar[..., 2, :15] = 0.9
    assert_close(confirm(mask, from_afar, scale=2, least=0.15), mask)


@pytest.mark.parametrize("scale", [2, 4])
def test_a_hairline_cannot_be_seen_from_afar_and_stays(scale: int) -> None:
    mask = torch.zeros(1, 1, 80, 80)
    mask[..., 33 : 33 + scale // 2, :] = 1
    side = 80 // scale
    assert_close(confirm(mask, torch.zeros(1, 1, side, side), scale, least=0.1), mask)


def test_a_line_almost_as_wide_as_a_cell_is_looked_for() -> None:
    mask = torch.zeros(1, 1, 80, 80)
    mask[..., 33:36, :] = 1
    assert not confirm(mask, torch.zeros(1, 1, 20, 20), scale=4, least=0.1).any()


def test_cells_at_odd_borders_are_the_means_of_what_they_hold() -> None:
    photo = torch.arange(9.0).view(1, 1, 3, 3)
    assert_close(shrunk(photo, 2), torch.tensor([[2.0, 3.5], [6.5, 8.0]])[None, None])


@pytest.mark.parametrize("scale", [2, 4])
def test_tiles_that_see_as_far_agree_with_the_whole_photo(scale: int) -> None:
    mask = F.interpolate(torch.rand(1, 1, 20, 30), (451, 371), mode="bilinear")
    mask *= mask > 0.6
    height, width = -(-451 // scale), -(-371 // scale)
    from_afar = F.interpolate(torch.rand(1, 1, 3, 4), (height, width), mode="bilinear")
    least = float(from_afar.mean())
    whole, in_tiles = confirm(mask, from_afar, scale, least), torch.full_like(mask, torch.nan)
    for tile in cut(451, 371, tile_px=32, reach_px=reach_px(scale), grid_px=scale):
        rows, columns = (slice(side.start // scale, -(-side.stop // scale)) for side in tile.outer)
        seen = confirm(mask[..., *tile.outer], from_afar[..., rows, columns], scale, least)
        in_tiles[..., *tile.middle] = seen[..., *tile.inner]
    assert_close(in_tiles, whole)
    assert 0.1 < float((whole > 0).sum() / (mask > 0).sum()) < 0.9

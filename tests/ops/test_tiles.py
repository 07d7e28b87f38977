import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

from ops.tiles import cut


def in_tiles(network: nn.Module, photo: Tensor, tile_px: int, reach_px: int, grid_px: int) -> Tensor:
    result = torch.full_like(network(photo), torch.nan)
    for tile in cut(*photo.shape[-2:], tile_px, reach_px, grid_px):
        assert result[..., *tile.middle].isnan().all(), "no pixel is given twice"
        result[..., *tile.middle] = network(photo[..., *tile.outer])[..., *tile.inner]
    return result


@pytest.mark.parametrize(("height", "width"), [(40, 40), (65, 33), (100, 16), (1, 1), (201, 7)])
@pytest.mark.parametrize("grid_px", [1, 4])
def test_tiles_with_enough_halo_equal_the_whole(height: int, width: int, grid_px: int) -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 5, padding=2), nn.Conv2d(4, 2, 3, padding=1))
    photo = torch.rand(1, 3, height, width)
    assert_close(in_tiles(network, photo, 16, 3, grid_px), network(photo))


def test_a_photo_no_larger_than_a_tile_with_its_halo_is_not_cut() -> None:
    assert len(list(cut(24, 12, tile_px=16, reach_px=4, grid_px=4))) == 1
    assert len(list(cut(25, 12, tile_px=16, reach_px=4, grid_px=4))) == 2


@pytest.mark.parametrize("length", [23, 100, 1000, 40_001])
@pytest.mark.parametrize("grid_px", [4, 16])
def test_tiles_lie_on_the_grid_and_stay_small(length: int, grid_px: int) -> None:
    tiles = list(cut(length, 8, tile_px=64, reach_px=20, grid_px=grid_px))
    halo = -(-20 // grid_px) * grid_px
    assert all(tile.outer[0].start % grid_px == 0 == tile.middle[0].start % grid_px for tile in tiles)
    assert max(tile.outer[0].stop - tile.outer[0].start for tile in tiles) <= 64 + grid_px + 2 * halo

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from ops.tiles import Tiling, map_tiles


@pytest.mark.parametrize(("height", "width"), [(40, 40), (65, 33), (100, 16)])
def test_tiles_with_enough_halo_equal_the_whole(height: int, width: int) -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 5, padding=2), nn.Conv2d(4, 2, 3, padding=1))
    photo = torch.rand(1, 3, height, width)
    assert_close(map_tiles(network, photo, Tiling(tile_px=16, halo_px=4)), network(photo))


def test_a_small_photo_is_not_cut() -> None:
    calls = []
    map_tiles(lambda tile: calls.append(tile.shape) or tile, torch.rand(1, 3, 16, 12), Tiling(16, 4))
    assert calls == [(1, 3, 16, 12)]

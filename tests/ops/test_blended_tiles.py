"""Tiles have the size they shall have and join without a seam."""

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from ops.blended_tiles import restore_in_tiles


@pytest.mark.parametrize("size", [(128, 128), (64, 64), (100, 40), (129, 200)])
def test_what_treats_pixels_alike_gives_the_whole_photo(size: tuple[int, int]) -> None:
    photo = torch.rand(1, 3, *size)
    assert_close(restore_in_tiles(lambda tile: 0.5 * tile + 0.1, photo, 64), 0.5 * photo + 0.1)


def test_every_tile_has_the_size_asked_for() -> None:
    sizes = set()

    def see(tile: Tensor) -> Tensor:
        sizes.add(tuple(tile.shape[-2:]))
        return tile

    restore_in_tiles(see, torch.rand(1, 3, 130, 200), 64)
    assert sizes == {(64, 64)}


def test_tiles_that_disagree_meet_without_a_step() -> None:
    photo = torch.zeros(1, 3, 64, 112)
    tones = iter([0.0, 1.0])
    joined = restore_in_tiles(lambda tile: tile + next(tones), photo, 64)
    assert_close(joined[..., 0], torch.zeros(1, 3, 64))
    assert_close(joined[..., -1], torch.ones(1, 3, 64))
    assert joined.diff(dim=-1).max() < 1.5 / 16

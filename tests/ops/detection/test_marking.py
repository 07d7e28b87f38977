import torch
from torch.testing import assert_close

from ops.detection.marking import REACH_PX, mark
from ops.tiles import cut


def test_an_unsure_pixel_counts_only_beside_a_sure_one() -> None:
    defect_prob = torch.zeros(1, 1, 9, 40)
    defect_prob[..., 4, :] = 0.4  # a line that is sure at one place
    defect_prob[..., 4, 20] = 0.8
    mask = mark(defect_prob, threshold=0.3, sure=0.7)
    expected = torch.zeros_like(mask)
    expected[..., 4, 20 - REACH_PX : 21 + REACH_PX] = defect_prob[..., 4, 20 - REACH_PX : 21 + REACH_PX]
    assert_close(mask, expected)


def test_what_is_unsure_all_over_is_not_marked() -> None:
    assert not mark(torch.full((1, 1, 30, 30), 0.5), threshold=0.3, sure=0.7).any()


def test_below_the_threshold_nothing_is_marked_however_near_something_sure_is() -> None:
    defect_prob = torch.full((1, 1, 5, 5), 0.2)
    defect_prob[..., 2, 2] = 0.9
    assert int((mark(defect_prob, threshold=0.3, sure=0.7) > 0).sum()) == 1


def test_without_a_bound_to_be_sure_the_threshold_decides_alone() -> None:
    defect_prob = torch.rand(1, 1, 20, 20)
    assert_close(mark(defect_prob, 0.3, sure=0.0), defect_prob * (defect_prob > 0.3))


def test_tiles_that_see_as_far_agree_with_the_whole_photo() -> None:
    defect_prob = torch.rand(1, 1, 70, 90) ** 4
    whole, in_tiles = mark(defect_prob, 0.1, 0.8), torch.full_like(defect_prob, torch.nan)
    for tile in cut(70, 90, tile_px=32, reach_px=REACH_PX, grid_px=4):
        in_tiles[..., *tile.middle] = mark(defect_prob[..., *tile.outer], 0.1, 0.8)[..., *tile.inner]
    assert_close(in_tiles, whole)

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch.testing import assert_close

from ops.releases import assemble
from ops.restoration import PhotoRestorer
from ops.tiles import Tiling
from tests.ops.small_networks import CONFIG, small_weights


def restorer(
    folder: Path, tiling: Tiling = CONFIG.tiling, strength: float = 1.0, threshold: float = 0.5
) -> PhotoRestorer:
    torch.manual_seed(2)
    networks = assemble(replace(CONFIG, tiling=tiling), small_weights(folder))
    return PhotoRestorer(networks.detector, networks.triplet, threshold, tiling, strength)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (37, 90), (130, 71)])
def test_the_result_has_the_size_and_range_of_the_photo(tmp_path: Path, height: int, width: int) -> None:
    restoration = restorer(tmp_path)(torch.rand(1, 3, height, width))
    assert restoration.restored.shape == (1, 3, height, width)
    assert restoration.mask.shape == (1, 1, height, width)
    assert 0 <= restoration.restored.min() <= restoration.restored.max() <= 1


def test_without_strength_the_photo_comes_back_as_it_was(tmp_path: Path) -> None:
    photo = torch.rand(1, 3, 40, 40)
    assert torch.equal(restorer(tmp_path, strength=0.0)(photo).restored, photo)


def test_a_photo_in_tiles_equals_the_photo_as_a_whole_where_nothing_is_damaged(tmp_path: Path) -> None:
    photo = torch.rand(1, 3, 200, 150)
    whole = restorer(tmp_path, Tiling(tile_px=256, halo_px=0), threshold=1.0)
    tiled = restorer(tmp_path, Tiling(tile_px=64, halo_px=64), threshold=1.0)
    assert (whole(photo).restored - photo).abs().max() > 0.05
    assert_close(tiled(photo).restored, whole(photo).restored, atol=1e-5, rtol=0)
    assert_close(tiled.find_defects(photo), whole.find_defects(photo), atol=1e-5, rtol=0)


def test_facts_say_how_much_was_changed(tmp_path: Path) -> None:
    photo = torch.rand(1, 3, 40, 40)
    restoration = restorer(tmp_path)(photo)
    assert restoration.facts["mean_change"] == pytest.approx(float((restoration.restored - photo).abs().mean()))
    assert 0 <= restoration.facts["damaged_fraction"] <= 1


@pytest.mark.parametrize("strength", [-0.1, 1.5])
def test_an_impossible_strength_is_refused(tmp_path: Path, strength: float) -> None:
    with pytest.raises(ValueError, match=r"strength lies between 0 .* and 1"):
        restorer(tmp_path, strength=strength)

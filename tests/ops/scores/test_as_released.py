import math
from pathlib import Path

import pytest
import torch

from ops.degradation.degrade import degrade
from ops.degradation.recipe import STANDARD_DEGRADATION
from ops.detection.finder import DefectFinder
from ops.pairs.sets import PairSet
from ops.pairs.shards import StoredPair, write_shard
from ops.releases import assemble
from ops.restoration import PhotoRestorer
from ops.scores.as_released import RestoredPair, restore_pairs, restored_pair_table
from tests.ops.small_networks import CONFIG, small_weights


@pytest.fixture
def two_pairs(tmp_path: Path) -> PairSet:
    """A damaged photo, and one of which nothing was taken."""
    clean = torch.randint(256, (1, 3, 48, 48)) / 255
    damaged = degrade(clean, STANDARD_DEGRADATION, torch.Generator().manual_seed(3))
    spared = degrade(clean, STANDARD_DEGRADATION, torch.Generator().manual_seed(3))
    object.__setattr__(spared, "degraded", clean)
    stored = [StoredPair(f"held_out-{n:05d}", "a photo", "5ha", n, clean, p) for n, p in enumerate((damaged, spared))]
    write_shard(tmp_path / "held_out-00000.parquet", stored, STANDARD_DEGRADATION.version)
    return PairSet(tmp_path, STANDARD_DEGRADATION.version, 0, 0, 2, 0, 48, 0.1, "")


def restorer(folder: Path, threshold: float, strength: float) -> PhotoRestorer:
    networks = assemble(CONFIG, small_weights(folder))
    finder = DefectFinder(networks.detector, threshold, CONFIG.tiling.tile_px)
    return PhotoRestorer(finder, networks.triplet, CONFIG.tiling, strength)


def test_a_restorer_that_leaves_everything_gains_nothing_and_harms_nothing(two_pairs: PairSet, tmp_path: Path) -> None:
    lines: list[str] = []
    results = restore_pairs(two_pairs, ["held_out"], restorer(tmp_path, threshold=1.0, strength=0.0), lines.append)
    assert results == 2 * [RestoredPair("held_out", 0.0, math.inf, 0.0)]
    assert lines[1] == "held_out-00001: +0.00 dB, its clean photo inf dB"


def test_a_restorer_that_paints_everything_over_harms_what_was_clean(two_pairs: PairSet, tmp_path: Path) -> None:
    results = restore_pairs(two_pairs, ["held_out"], restorer(tmp_path, threshold=0.0, strength=1.0), lambda line: None)
    assert results[1].gain == -math.inf
    for one in results:
        assert one.clean_decibels < 40
        assert one.clean_marked == 1


def test_the_table_has_a_row_for_every_way_of_marking_and_split() -> None:
    some = [RestoredPair("validation", 1.0, 39.0, 0.02), RestoredPair("validation", -0.5, math.inf, 0.0)]
    table = restored_pair_table({"all": some, "some": [RestoredPair("held_out", 0.25, 40.0, 0.0)]})
    assert table.splitlines()[2:] == [
        "| all | validation | +0.250 | -0.50 | 1 of 2 | 39.0 | 1.000% |",
        "| some | held_out | +0.250 | +0.25 | 1 of 1 | 40.0 | 0.000% |",
    ]

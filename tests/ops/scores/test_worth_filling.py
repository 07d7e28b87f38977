from pathlib import Path

import pytest
import torch

from ops.degradation.degrade import degrade
from ops.degradation.recipe import STANDARD_DEGRADATION
from ops.detection.curves import CHANGES
from ops.pairs.sets import PairSet
from ops.pairs.shards import StoredPair, write_shard
from ops.restorers.telea import Telea
from ops.scores.worth_filling import FillingError, filling_errors, filling_table


@pytest.fixture
def smooth_pairs(tmp_path: Path) -> PairSet:
    """Damaged photos of a soft gradient, which is easy to fill."""
    source = torch.linspace(0.3, 0.7, 64).expand(1, 3, 64, 64).contiguous()
    stored = []
    for seed in range(12):
        pair = degrade(source, STANDARD_DEGRADATION, torch.Generator().manual_seed(seed))
        stored.append(StoredPair(f"held_out-{seed:05d}", "a photo", "5ha", seed, source, pair))
    write_shard(tmp_path / "held_out-00000.parquet", stored, STANDARD_DEGRADATION.version)
    return PairSet(tmp_path, STANDARD_DEGRADATION.version, 0, 0, 12, 0, 64, 0.1, "")


def test_a_photo_returned_as_it_was_is_as_wrong_as_one_left_and_filling_a_plain_photo_pays(
    smooth_pairs: PairSet,
) -> None:
    errors = filling_errors(smooth_pairs, ["held_out"], {"none": lambda photo, mask: photo, "Telea": Telea()})
    assert [one.damage for one in errors] == [name for _, name in CHANGES]
    for one in errors:
        assert one.pixels > 0
        assert one.levels("none") == one.levels()
        assert one.levels() <= 255 * one.upper  # no channel changed by more than the most changed one
    marked = next(one for one in errors if one.damage == "48 to 96")
    assert marked.levels("Telea") < 0.7 * marked.levels()


def test_a_set_without_photos_has_no_rows(tmp_path: Path) -> None:
    empty = PairSet(tmp_path, STANDARD_DEGRADATION.version, 0, 0, 0, 0, 64, 0.0, "")
    assert filling_errors(empty, ["held_out"], {}) == []


def test_the_table_gives_levels() -> None:
    row = FillingError("32 to 48", 32 / 255, 48 / 255, 4, {"": 4 * (40 / 255) ** 2, "ours": 4 * (20 / 255) ** 2})
    assert filling_table([row], ["ours"]).splitlines()[-1] == "| 32 to 48 | 4 | 40.0 | 20.0 |"

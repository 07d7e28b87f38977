"""Crops made once are the crops that were drawn, in one order for every batch size."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch.testing import assert_close

from ops.baseline_recipes import Budget
from ops.pairs.sets import SharedCrops
from ops.pairs.shared_crops import SharedCropSource, make_shared_crops
from tests.ops.stages.stage_recipes import FadedBlots

FACTS = {"pairs": "abc"}


@pytest.fixture
def crops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SharedCrops:
    monkeypatch.setattr("ops.pairs.shared_crops.CROPS_PER_FILE", 4)
    return make_shared_crops(FadedBlots(), Budget(10, 16), FACTS, tmp_path, lambda line: None)


def test_what_is_read_is_what_was_drawn_but_for_rounding(crops: SharedCrops) -> None:
    drawn, read = FadedBlots().batch(1, 4, 16), SharedCropSource(crops).batch(1, 4, 16)
    for name in ("clean", "degraded", "mask"):
        assert_close(getattr(read, name), getattr(drawn, name), atol=0.5 / 255 + 1e-6, rtol=0)


def test_batches_of_any_size_walk_through_the_same_crops_and_begin_again(crops: SharedCrops) -> None:
    source = SharedCropSource(crops)
    one_by_one = torch.cat([source.batch(step, 1, 16).clean for step in range(12)])
    in_threes = torch.cat([source.batch(step, 3, 16).clean for step in range(4)])
    assert torch.equal(one_by_one, in_threes)
    assert torch.equal(one_by_one[10:], one_by_one[:2])


def test_files_that_are_there_are_not_made_again(crops: SharedCrops, tmp_path: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in crops.folder.iterdir()}
    lines: list[str] = []
    (crops.folder / "crops-00001.safetensors").unlink()
    assert make_shared_crops(FadedBlots(), Budget(10, 16), FACTS, tmp_path, lines.append) == crops
    assert lines == ["crops-00001.safetensors: 4 crops, file 2 of 3"]
    assert sum(path.stat().st_mtime_ns == before[path] for path in crops.folder.iterdir()) == 2


def test_crops_of_other_pairs_are_refused(crops: SharedCrops) -> None:
    assert SharedCropSource.of(crops, FACTS).crops == crops
    for wrong in (None, replace(crops, facts={"pairs": "other"})):
        with pytest.raises(ValueError, match="materialize shared_crops first"):
            SharedCropSource.of(wrong, FACTS)
    with pytest.raises(ValueError, match="are 16 px, this training wants 32"):
        SharedCropSource(crops).batch(0, 1, 32)

import hashlib
import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from ops.corpora.records import CorpusPhoto
from ops.detection.finder import DefectFinder
from ops.images import encode_png
from ops.releases import assemble
from ops.restoration import PhotoRestorer
from ops.scores.left_alone import CleanPhoto, clean_photo_table, left_alone, restore_clean, worst_sheet
from tests.ops.small_networks import CONFIG, small_weights


@pytest.fixture
def photos(tmp_path: Path) -> list[CorpusPhoto]:
    found = []
    for number, split in enumerate(("validation", "held_out")):
        png = encode_png(torch.rand(1, 3, 40, 50 + number))
        path = tmp_path / f"{number}.png"
        path.write_bytes(png)
        sha256 = hashlib.sha256(png).hexdigest()
        found.append(CorpusPhoto(f"photo {number}", path, sha256, 50 + number, 40, split, "made here", "CC0"))
    return found


def restorer(folder: Path, threshold: float, strength: float) -> PhotoRestorer:
    networks = assemble(CONFIG, small_weights(folder))
    finder = DefectFinder(networks.detector, threshold, CONFIG.tiling.tile_px)
    return PhotoRestorer(finder, networks.triplet, CONFIG.tiling, strength)


def test_a_photo_that_is_not_touched_was_left_alone(photos: list[CorpusPhoto], tmp_path: Path) -> None:
    lines: list[str] = []
    results = restore_clean(photos, restorer(tmp_path, threshold=1.0, strength=0.0), lines.append)
    assert [one.photo for one in results] == photos
    assert [one.decibels for one in results] == [math.inf, math.inf]
    assert [one.marked for one in results] == [0, 0]
    assert left_alone(results) == 2
    assert lines == ["photo 0: inf dB, 0.00% marked, 1 of 2", "photo 1: inf dB, 0.00% marked, 2 of 2"]


def test_a_photo_that_is_painted_over_was_not(photos: list[CorpusPhoto], tmp_path: Path) -> None:
    harming = restorer(tmp_path, threshold=0.0, strength=1.0)
    results = restore_clean(photos, harming, lambda line: None)
    assert left_alone(results) == 0
    assert [one.marked for one in results] == [1, 1]
    assert worst_sheet(results, harming).shape[1] == 3


def test_the_table_has_a_row_for_every_way_of_marking_and_split(photos: list[CorpusPhoto]) -> None:
    harmed, whole = CleanPhoto(photos[0], 31.25, 0.01), CleanPhoto(photos[1], math.inf, 0.0)
    saved = replace(harmed, decibels=40.0, marked=0.0)
    table = clean_photo_table({"all": [harmed, whole], "some": [saved, whole]})
    assert table.splitlines()[2:] == [
        "| all | validation | 0 of 1 | 31.2 | 1.000% |",
        "| all | held_out | 1 of 1 | inf | 0.000% |",
        "| some | validation | 1 of 1 | 40.0 | 0.000% |",
        "| some | held_out | 1 of 1 | inf | 0.000% |",
    ]

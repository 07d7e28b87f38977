"""The test set's name tells pairs and masks: scores on other masks are scores on another test set."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ops.checkpoints import Checkpoint
from ops.pairs.sets import PairSet
from ops.scores.held_out import checksum_of

PAIRS = PairSet(Path("pairs"), "standard-4", 0, 0, 3, 0, 64, 0.1, "a" * 64)


def detector(weights: str, facts: Mapping[str, Any]) -> Checkpoint:
    return Checkpoint(Path("detector"), "defect_detector", 9, weights, facts, ())


FOUND = detector("b" * 64, {"calibration": {"scale": 1.0, "shift": 0.0, "threshold": 0.4, "clean_alarms": 0.0}})
STRICTER = detector("b" * 64, {"calibration": {"scale": 1.0, "shift": 0.0, "threshold": 0.6, "clean_alarms": 0.0}})


def test_other_pairs_a_retrained_detector_or_another_threshold_make_another_test_set() -> None:
    names = {
        checksum_of(PAIRS, FOUND),
        checksum_of(replace(PAIRS, sha256="c" * 64), FOUND),
        checksum_of(PAIRS, replace(FOUND, sha256="d" * 64)),
        checksum_of(PAIRS, STRICTER),
    }
    assert len(names) == 4


def test_the_same_pairs_and_detector_are_the_same_test_set_wherever_they_lie() -> None:
    moved = replace(PAIRS, folder=Path("elsewhere")), replace(FOUND, folder=Path("elsewhere"))
    assert checksum_of(*moved) == checksum_of(PAIRS, FOUND)

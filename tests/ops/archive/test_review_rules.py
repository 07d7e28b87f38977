from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from archive_samples import GOOD, PACE, Negative, craft, only_shard

from ops.archive.review_rules import ReviewRules
from ops.archive.shard import restore_shard
from ops.storage.folder import FolderStorage

RULES = ReviewRules(mean_change=0.15, damaged_fraction=0.4, confidence=0.55, face_change=0.4)
SURE = torch.zeros(1, 1, 10, 10)
SURE[..., :2] = 0.9


@pytest.fixture
def new_location(tmp_path: Path) -> Callable[[str], str]:
    return lambda name: str(tmp_path / name)


@pytest.mark.parametrize(
    ("mask", "facts", "flags"),
    [
        (SURE, {"mean_change": 0.1}, ()),
        (torch.zeros(1, 1, 4, 4), {}, ()),
        (SURE, {"mean_change": 0.2}, ("large-change",)),
        (torch.ones(1, 1, 4, 4), {}, ("huge-mask",)),
        (SURE * 0.5, {}, ("low-confidence",)),
        (SURE, {"face_change": 0.5}, ("face-altered",)),
        (SURE, {"mean_change": 0.3, "tone_change": 0.2}, ("tone-changed",)),
        (SURE, {"mean_change": 0.2, "tone_change": 0.08}, ()),
        (torch.zeros(1, 1, 4, 4), {"held_back_fraction": 0.01}, ("left-as-sound",)),
        (torch.zeros(1, 1, 4, 4), {"held_back_fraction": 0.0008}, ()),
    ],
)
def test_what_is_suspicious_is_named(mask: torch.Tensor, facts: dict[str, float], flags: tuple[str, ...]) -> None:
    assert RULES.flags(mask, facts) == flags


def test_a_suspicious_result_is_held_and_not_published(source: FolderStorage, target: FolderStorage) -> None:
    shard = only_shard(source, target)
    report = restore_shard(shard, source, target, replace(craft(Negative()), rules=RULES), PACE)
    held = [row for row in report.rows if row.flags]
    assert [row.key for row in held] == list(GOOD)
    assert {row.flags for row in held} == {"large-change,huge-mask"}
    assert all((row.output_key or "").startswith("held/") for row in held)
    assert list(target.list("restored/")) == []

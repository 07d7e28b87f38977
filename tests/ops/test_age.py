import itertools

import pytest
import torch
from torch import Tensor

from models.age import AgeReader
from ops.age import AgeRule
from tests.ops.small_networks import AGE, constant_age


class Seen(AgeReader):
    """Remembers the windows that it is shown, and takes their first value for the logit."""

    def __init__(self) -> None:
        super().__init__(AGE)
        self.windows: list[Tensor] = []

    def forward(self, window: Tensor) -> Tensor:
        self.windows.append(window)
        return window[:, 0, 0, 0]


@pytest.mark.parametrize(
    ("prob", "marked", "is_sound"),
    [(0.1, 0.01, True), (0.1, 0.0, True), (0.1, 0.03, False), (0.3, 0.01, False), (0.9, 0.5, False)],
)
def test_a_photo_is_sound_unless_it_looks_aged_or_has_many_marks(prob: float, marked: float, is_sound: bool) -> None:
    verdict = AgeRule(constant_age(prob), 0.25, 0.03)(torch.rand(1, 3, 40, 50), marked)
    assert verdict.aged_prob == pytest.approx(prob)
    assert verdict.is_sound is is_sound
    held_back = marked if is_sound else 0.0
    assert verdict.facts == {"aged_prob": verdict.aged_prob, "is_sound": is_sound, "held_back_fraction": held_back}


@pytest.mark.parametrize(
    ("height", "width", "count", "side"),
    [(100, 300, 3, 100), (128, 128, 1, 128), (700, 260, 8, 128), (3000, 2000, 16, 128), (1, 5, 4, 1)],
)
def test_a_few_windows_stand_for_the_photo_and_a_larger_one_costs_no_more(
    height: int, width: int, count: int, side: int
) -> None:
    reader = Seen()
    rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    photo = torch.stack([rows / height, columns / width, rows * 0])[None].float()
    prob = AgeRule(reader, 0.25, 0.03).aged_prob(photo)
    assert len(reader.windows) == count
    assert {tuple(window.shape) for window in reader.windows} == {(1, 3, side, side)}
    tops = torch.tensor([float(window[0, 0, 0, 0]) for window in reader.windows])
    assert prob == pytest.approx(float(tops.sort().values[: (count + 1) // 2].mean().sigmoid()))
    for plane, length in enumerate((height, width)):
        starts = sorted({round(float(window[0, plane, 0, 0]) * length) for window in reader.windows})
        if len(starts) > 1:
            assert (starts[0], starts[-1]) == (0, length - side)
            assert min(after - before for before, after in itertools.pairwise(starts)) >= side


def test_the_record_names_the_rule() -> None:
    assert AgeRule(constant_age(0.5), 0.22, 0.03).recipe == "age=0.22/0.03"

import pytest
import torch
from torch.testing import assert_close

from ops.parts import WHOLE, Part


def test_the_parts_together_are_the_whole() -> None:
    rows = torch.arange(12)
    parts = [Part(number, 4).of(rows) for number in range(4)]
    assert_close(torch.stack(parts, dim=1).flatten(), rows)
    assert WHOLE.of([3, 1, 2]) == [3, 1, 2]


def test_a_part_of_joined_halves_is_the_joined_parts_of_the_halves() -> None:
    synthetic, old = list(range(6)), list(range(10, 14))
    for number in range(2):
        part = Part(number, 2)
        assert part.of(synthetic + old) == part.of(synthetic) + part.of(old)


def test_a_batch_that_cannot_be_shared_evenly_is_refused_with_the_counts_that_fit() -> None:
    assert Part(1, 3).even_size(6) == 2
    with pytest.raises(ValueError, match=r"6 photos of a batch .* by 4 processes; train with --gpus one of 1, 2, 3, 6"):
        Part(0, 4).even_size(6)

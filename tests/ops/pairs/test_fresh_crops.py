from pathlib import Path

import torch

from ops.degradation.recipe import STANDARD_DEGRADATION
from ops.pairs.fresh_crops import FreshCrops, shrunk, step_generator
from ops.parts import Part
from tests.ops.pairs.test_building import corpus


def test_a_shrunk_crop_has_its_side_and_whole_levels_and_shows_more(tmp_path: Path) -> None:
    photos = corpus(tmp_path).train
    crops = FreshCrops(photos, (), STANDARD_DEGRADATION, most_shrunk=2.0)
    plain = FreshCrops(photos, (), STANDARD_DEGRADATION)
    sources = [crop.source for crop in crops.draw(8, 24, step_generator(1, 1))]
    assert {source.shape for source in sources} == {(1, 3, 24, 24)}
    for source in sources:
        assert torch.equal(source, (source * 255).round() / 255)
    assert not any(
        torch.equal(source, crop.source)
        for source, crop in zip(sources, plain.draw(8, 24, step_generator(1, 1)), strict=True)
    )


def test_the_parts_of_shrunk_crops_are_those_of_the_whole_batch(tmp_path: Path) -> None:
    crops = FreshCrops(corpus(tmp_path).train, (), STANDARD_DEGRADATION, most_shrunk=2.0)
    whole = crops.draw(4, 24, step_generator(2, 5))
    halves = [crop for number in range(2) for crop in crops.draw(4, 24, step_generator(2, 5), Part(number, 2))]
    assert all(any(torch.equal(one.source, other.source) for other in halves) for one in whole)


def test_a_square_of_the_right_side_is_left_as_it_is() -> None:
    square = torch.rand(1, 3, 16, 16)
    assert shrunk(square, 16) is square
    assert torch.allclose(shrunk(torch.full((1, 3, 32, 32), 0.2), 16), torch.full((1, 3, 16, 16), 0.2))

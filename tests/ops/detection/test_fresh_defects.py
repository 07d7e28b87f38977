from dataclasses import replace
from pathlib import Path

import pytest
import torch

from ops.degradation.degrade import before_ageing, degrade
from ops.degradation.recipe import STANDARD_DEGRADATION
from ops.detection.batches import FreshDefects, aged_defects
from ops.detection.truth import truth_of_pair
from ops.pairs.fresh_crops import FreshCrops, step_generator
from ops.pairs.windows import FreshWindows, WindowShares
from ops.parts import Part
from tests.ops.pairs.test_building import corpus

SHARES = WindowShares(clean=0.05, larger=0.5, varied=0.3)


def test_the_truth_of_a_batch_is_that_of_each_pair(tmp_path: Path) -> None:
    crops = FreshCrops(corpus(tmp_path).train, (), STANDARD_DEGRADATION)
    drawn = crops.draw(6, 32, step_generator(3, 1))
    recipe = replace(STANDARD_DEGRADATION, undamaged_share=0.0)
    pairs = [degrade(crop.source, recipe, torch.Generator().manual_seed(7)) for crop in drawn]
    batch = aged_defects(
        [before_ageing(crop.source, pair.plan) for crop, pair in zip(drawn, pairs, strict=True)], crops.aged
    )
    for number, (crop, pair) in enumerate(zip(drawn, pairs, strict=True)):
        alone = truth_of_pair(pair, crop.source)
        assert torch.equal(batch.photo[number : number + 1], pair.degraded)
        assert torch.equal(batch.truth.damaged[number : number + 1], alone.damaged)
        assert torch.equal(batch.truth.judged[number : number + 1], alone.judged)


@pytest.mark.parametrize("ages_on", [None, "cpu"])
def test_the_parts_of_a_batch_of_defects_are_the_rows_of_the_whole_one(tmp_path: Path, ages_on: str | None) -> None:
    source = FreshDefects(FreshWindows(corpus(tmp_path).train, (), STANDARD_DEGRADATION, SHARES, 3, ages_on))
    whole = source.batch(2, 4, 32)
    for number in range(2):
        part = Part(number, 2)
        one = source.batch(2, 4, 32, part)
        assert (
            one.photo - part.of(whole.photo)
        ).abs().max() < 1.01 / 255  # a sum of a smaller batch may round otherwise
        if ages_on is None:
            assert torch.equal(one.truth.damaged, part.of(whole.truth.damaged))


def test_ageing_as_tensors_leaves_the_truth_of_a_photo_without_noise(tmp_path: Path) -> None:
    recipe = replace(
        STANDARD_DEGRADATION,
        noise=replace(STANDARD_DEGRADATION.noise, probability=0.0),
        grain=replace(STANDARD_DEGRADATION.grain, probability=0.0),
        surface=replace(STANDARD_DEGRADATION.surface, probability=0.0),
        jpeg=replace(STANDARD_DEGRADATION.jpeg, probability=0.0),
    )
    photos = corpus(tmp_path).train
    one, other = (
        FreshDefects(FreshWindows(photos, (), recipe, SHARES, 3, form)).batch(0, 16, 32) for form in (None, "cpu")
    )
    assert one.truth.damaged.mean() > 0
    assert (one.truth.damaged != other.truth.damaged).float().mean() < 2e-3  # changes of one level at the threshold
    assert (one.truth.judged != other.truth.judged).float().mean() < 2e-3


def test_no_crop_is_drawn_larger_than_every_photo(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="clean photos has sides of 4096 px; bring larger ones"):
        FreshDefects(FreshWindows(corpus(tmp_path).train, (), STANDARD_DEGRADATION, SHARES, 3)).batch(0, 2, 4096)

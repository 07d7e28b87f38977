from dataclasses import replace
from pathlib import Path

import pytest
import torch

from ops.degradation.recipe import PAPER_DEGRADATION, STANDARD_DEGRADATION
from ops.images import encode_png
from ops.pairs.building import build_pair_set
from ops.pairs.fresh_crops import ageing_facts
from ops.pairs.shards import read_pairs
from ops.pairs.sources import FreshPairs, FrozenPairs, OldCrops, training_pairs, validation_sample
from ops.parts import Part
from tests.ops.pairs.test_building import NO_TEXTURES, RECIPE, corpus, silent


def test_a_batch_depends_on_its_step_alone(tmp_path: Path) -> None:
    photos = corpus(tmp_path)
    frozen = FrozenPairs(build_pair_set(photos, NO_TEXTURES, RECIPE, tmp_path / "pairs", silent), "train", seed=3)
    fresh = FreshPairs(photos.train, (), STANDARD_DEGRADATION, seed=3)
    on_device = FreshPairs(photos.train, (), STANDARD_DEGRADATION, seed=3, ages_on="cpu")
    for source in (frozen, fresh, on_device):
        source.batch(0, 2, 16)
        late, early = source.batch(7, 2, 16), source.batch(6, 2, 16)
        assert torch.equal(late.degraded, source.batch(7, 2, 16).degraded)
        assert not torch.equal(late.degraded, early.degraded)
        assert late.clean.shape == (2, 3, 16, 16)
        assert late.mask.shape == (2, 1, 16, 16)


def test_streamed_batches_come_from_every_stored_pair(tmp_path: Path) -> None:
    recipe = replace(RECIPE, train_pairs=11, pairs_per_shard=10)
    pairs = build_pair_set(corpus(tmp_path), NO_TEXTURES, recipe, tmp_path / "pairs", silent)
    stored = {row.pair.degraded.numpy().tobytes(): row.name for row in read_pairs(pairs, "train")}
    batch = FrozenPairs(pairs, "train", seed=0).batch(0, 100, recipe.pair_px)  # whole pairs, half of them mirrored
    found = {
        stored.get(picture.contiguous().numpy().tobytes())
        for crop in batch.degraded
        for picture in (crop[None], crop[None].flip(-1))
    }
    assert found - {None} == set(stored.values())


def test_shown_pairs_are_validation_pairs(tmp_path: Path) -> None:
    pairs = build_pair_set(corpus(tmp_path), NO_TEXTURES, RECIPE, tmp_path / "pairs", silent)
    shown = validation_sample(pairs, count=2)
    validation = [row.pair.clean for row in read_pairs(pairs, "validation")]
    assert all(any(torch.equal(clean[None], one) for one in validation) for clean in shown.clean)


@pytest.mark.parametrize("trains_fresh", [True, False])
def test_pairs_of_another_recipe_are_not_trained_with(tmp_path: Path, trains_fresh: bool) -> None:
    photos = corpus(tmp_path)
    pairs = build_pair_set(photos, NO_TEXTURES, RECIPE, tmp_path / "pairs", silent)
    other = replace(RECIPE, degradation=PAPER_DEGRADATION, trains_fresh=trains_fresh)
    with pytest.raises(ValueError, match=r"made by degradation recipe standard-\d+, this run trains by paper-\d+"):
        training_pairs(pairs, photos, NO_TEXTURES, other, "cpu")


def test_fresh_pairs_pass_over_photos_that_no_pair_can_be_cut_from(tmp_path: Path) -> None:
    photos = corpus(tmp_path)
    recipe = replace(RECIPE, trains_fresh=True)
    pairs = build_pair_set(photos, NO_TEXTURES, recipe, tmp_path / "pairs", silent)
    tiny = replace(photos.photos[0], width=3)
    some = replace(photos, photos=(tiny, *photos.photos[1:]))
    fresh = training_pairs(pairs, some, NO_TEXTURES, recipe, "cpu")
    assert isinstance(fresh, FreshPairs)
    assert [photo.name for photo in fresh.crops.photos] == ["photo 1"]
    with pytest.raises(ValueError, match="none of 1 training photos has sides of 32 px"):
        training_pairs(pairs, replace(photos, photos=(tiny,)), NO_TEXTURES, recipe, "cpu")


def test_fresh_pairs_stop_at_a_photo_that_changed(tmp_path: Path) -> None:
    photos = corpus(tmp_path)
    for photo in photos.train:
        photo.path.write_bytes(encode_png(torch.rand(1, 3, 48, 48)))
    with pytest.raises(ValueError, match="changed: make its corpus again"):
        FreshPairs(photos.train, (), STANDARD_DEGRADATION, seed=3).batch(0, 1, 16)


def test_pairs_aged_on_a_device_differ_in_noise_alone(tmp_path: Path) -> None:
    photos = corpus(tmp_path).train
    recipe = replace(
        STANDARD_DEGRADATION,
        noise=replace(STANDARD_DEGRADATION.noise, probability=0.0),
        grain=replace(STANDARD_DEGRADATION.grain, probability=0.0),
        surface=replace(STANDARD_DEGRADATION.surface, probability=0.0),
        jpeg=replace(STANDARD_DEGRADATION.jpeg, probability=0.0),
    )
    one, other = (FreshPairs(photos, (), recipe, seed=3, ages_on=form).batch(0, 16, 32) for form in (None, "cpu"))
    assert torch.equal(one.clean, other.clean)
    assert torch.equal(one.mask, other.mask)
    assert torch.equal(other.degraded, (other.degraded * 255).round() / 255)
    is_rounded_otherwise = one.degraded != other.degraded
    assert (one.degraded - other.degraded).abs().max() < 1.01 / 255
    assert is_rounded_otherwise.float().mean() < 1e-3


def test_only_fresh_pairs_for_another_device_than_the_cpu_are_aged_as_tensors(tmp_path: Path) -> None:
    photos = corpus(tmp_path)
    recipe = replace(RECIPE, trains_fresh=True)
    pairs = build_pair_set(photos, NO_TEXTURES, recipe, tmp_path / "pairs", silent)
    forms = {}
    for device in ("cpu", "cuda:1"):
        fresh = training_pairs(pairs, photos, NO_TEXTURES, recipe, device)
        assert isinstance(fresh, FreshPairs)
        forms[device] = (fresh.crops.ages_on, bool(ageing_facts(device)))
    assert forms == {"cpu": (None, False), "cuda:1": ("cuda:1", True)}


def test_the_parts_of_a_batch_are_the_rows_of_the_whole_one(tmp_path: Path) -> None:
    photos = corpus(tmp_path)
    frozen = FrozenPairs(build_pair_set(photos, NO_TEXTURES, RECIPE, tmp_path / "pairs", silent), "train", seed=3)
    fresh, old = FreshPairs(photos.train, (), STANDARD_DEGRADATION, seed=3), OldCrops(photos.photos, 16, seed=3)
    for number in range(3):
        part = Part(number, 3)
        for source in (frozen, fresh):
            one, whole = source.batch(4, 6, 16, part), source.batch(4, 6, 16)
            assert torch.equal(one.degraded, part.of(whole.degraded))
            assert torch.equal(one.mask, part.of(whole.mask))
        assert torch.equal(old.batch(4, 6, 16, part), part.of(old.batch(4, 6, 16)))

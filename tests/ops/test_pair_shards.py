import hashlib
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from ops.corpora.records import Corpus, CorpusPhoto
from ops.degradation.recipe import STANDARD_DEGRADATION
from ops.images import encode_png
from ops.pair_shards import DatasetRecipe, build_pair_set, describe_shards, read_pairs, remake_pair
from ops.pairs import FreshPairs, FrozenPairs, held_out_sample

RECIPE = DatasetRecipe(
    STANDARD_DEGRADATION, False, train_pairs=5, held_out_pairs=3, pair_px=32, pairs_per_shard=2, seed=1
)

NO_TEXTURES = Corpus("textures", ())


def corpus(folder: Path, side_px: int = 48) -> Corpus:
    photos = []
    for number, split in enumerate(["train", "train", "held_out"]):
        path = folder / f"{number}.png"
        path.write_bytes(encode_png(torch.rand(1, 3, side_px, side_px)))
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        photos.append(CorpusPhoto(f"photo {number}", path, sha256, side_px, side_px, split, "test", "CC0"))
    return Corpus("test", tuple(photos))


def silent(line: str) -> None:
    """Progress that nobody reads."""


def test_every_pair_can_be_made_again_from_its_row_alone(tmp_path: Path) -> None:
    pairs = build_pair_set(corpus(tmp_path), NO_TEXTURES, RECIPE, tmp_path / "pairs", silent)
    stored = list(read_pairs(pairs.shards("train")))
    assert len(stored) == 5
    for row in stored:
        again = remake_pair(row)
        assert torch.equal(again.degraded, row.pair.degraded)
        assert torch.equal(again.clean, row.pair.clean)
        assert torch.equal(again.mask, row.pair.mask)


def test_the_same_recipe_and_photos_make_the_same_set(tmp_path: Path) -> None:
    photos = corpus(tmp_path)
    first, second = (build_pair_set(photos, NO_TEXTURES, RECIPE, tmp_path / name, silent) for name in ("a", "b"))
    assert first.sha256 == second.sha256
    assert build_pair_set(photos, NO_TEXTURES, replace(RECIPE, seed=2), tmp_path / "a", silent).sha256 != first.sha256


def test_an_interrupted_build_makes_only_the_missing_shards(tmp_path: Path) -> None:
    photos = corpus(tmp_path)
    pairs = build_pair_set(photos, NO_TEXTURES, RECIPE, tmp_path / "pairs", silent)
    kept, lost = pairs.shards("train")[0], pairs.shards("train")[1]
    stamp = kept.stat().st_mtime_ns
    lost.unlink()
    lines: list[str] = []
    assert build_pair_set(photos, NO_TEXTURES, RECIPE, tmp_path / "pairs", lines.append) == pairs
    assert kept.stat().st_mtime_ns == stamp
    assert lines == ["train-00001.parquet: 2 pairs, shard 1 of 1"]


def test_the_pairs_do_not_depend_on_the_number_of_workers(tmp_path: Path) -> None:
    photos = corpus(tmp_path)
    alone, together = (
        build_pair_set(photos, NO_TEXTURES, RECIPE, tmp_path / str(workers), silent, workers) for workers in (1, 2)
    )
    assert alone.sha256 == together.sha256
    for one, other in zip(alone.shards("train"), together.shards("train"), strict=True):
        assert one.read_bytes() == other.read_bytes()


def test_a_photo_that_changed_since_the_corpus_was_made_stops_the_build(tmp_path: Path) -> None:
    photos = corpus(tmp_path)
    photos.photos[0].path.write_bytes(encode_png(torch.rand(1, 3, 48, 48)))
    with pytest.raises(ValueError, match="it was changed: materialize clean_photos again"):
        build_pair_set(photos, NO_TEXTURES, RECIPE, tmp_path / "pairs", silent)


def test_photos_too_small_are_refused_with_their_number(tmp_path: Path) -> None:
    with pytest.raises(
        ValueError, match=r"smaller than 32 px \(2 photos\); bring larger ones with ALBUMEN_CLEAN_PHOTOS"
    ):
        build_pair_set(corpus(tmp_path, side_px=20), NO_TEXTURES, RECIPE, tmp_path / "pairs", silent)


def test_a_batch_depends_on_its_step_alone(tmp_path: Path) -> None:
    photos = corpus(tmp_path)
    frozen = FrozenPairs(build_pair_set(photos, NO_TEXTURES, RECIPE, tmp_path / "pairs", silent), "train", seed=3)
    fresh = FreshPairs(photos.train, (), STANDARD_DEGRADATION, seed=3)
    for source in (frozen, fresh):
        source.batch(0, 2, 16)
        late, early = source.batch(7, 2, 16), source.batch(6, 2, 16)
        assert torch.equal(late.degraded, source.batch(7, 2, 16).degraded)
        assert not torch.equal(late.degraded, early.degraded)
        assert late.clean.shape == (2, 3, 16, 16)
        assert late.mask.shape == (2, 1, 16, 16)


def test_shown_pairs_are_held_out_ones(tmp_path: Path) -> None:
    pairs = build_pair_set(corpus(tmp_path), NO_TEXTURES, RECIPE, tmp_path / "pairs", silent)
    shown = held_out_sample(pairs, count=2)
    held_out = [row.pair.clean for row in read_pairs(pairs.shards("held_out"))]
    assert all(any(torch.equal(clean[None], one) for one in held_out) for clean in shown.clean)


def test_class_masks_survive_the_shard(tmp_path: Path) -> None:
    recipe = replace(RECIPE, train_pairs=8)
    stored = list(
        read_pairs(build_pair_set(corpus(tmp_path), NO_TEXTURES, recipe, tmp_path / "pairs", silent).shards("train"))
    )
    assert any(row.pair.class_masks for row in stored)
    for row in stored:
        again = remake_pair(row).class_masks
        assert list(again) == list(row.pair.class_masks)
        assert all(torch.equal(again[name], mask) for name, mask in row.pair.class_masks.items())


def test_the_description_counts_every_pair_once_a_damage_and_once_a_bin(tmp_path: Path) -> None:
    shards = build_pair_set(corpus(tmp_path), NO_TEXTURES, RECIPE, tmp_path / "pairs", silent).shards("train")
    counts = describe_shards(shards)
    pairs = counts.groupby("about")["pairs"]
    assert pairs.sum()["damaged share"] == pairs.sum()["damages in a pair"] == RECIPE.train_pairs
    assert pairs.max()["damage"] <= RECIPE.train_pairs

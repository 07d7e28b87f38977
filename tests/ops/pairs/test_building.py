import hashlib
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from ops.corpora.records import HELD_OUT, SPLITS, TRAIN, VALIDATION, Corpus, CorpusPhoto
from ops.degradation.recipe import STANDARD_DEGRADATION
from ops.images import encode_png
from ops.pairs.building import DatasetRecipe, build_pair_set, make_shards, photos_in_two_splits, scans_for
from ops.pairs.shards import ShardRefusedError, read_pairs
from ops.parts import Part

RECIPE = DatasetRecipe(
    STANDARD_DEGRADATION,
    False,
    train_pairs=5,
    validation_pairs=2,
    held_out_pairs=3,
    pair_px=32,
    pairs_per_shard=2,
    seed=1,
)
NO_TEXTURES = Corpus("textures", ())


def corpus(folder: Path, side_px: int = 48) -> Corpus:
    photos = []
    for number, split in enumerate([TRAIN, TRAIN, VALIDATION, HELD_OUT]):
        path = folder / f"{number}.png"
        path.write_bytes(encode_png(torch.rand(1, 3, side_px, side_px)))
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        photos.append(CorpusPhoto(f"photo {number}", path, sha256, side_px, side_px, split, "test", "CC0"))
    return Corpus("test", tuple(photos))


def silent(line: str) -> None:
    """Progress that nobody reads."""


def test_the_same_recipe_and_photos_make_the_same_set(tmp_path: Path) -> None:
    photos = corpus(tmp_path)
    first, second = (build_pair_set(photos, NO_TEXTURES, RECIPE, tmp_path / name, silent) for name in ("a", "b"))
    assert first.sha256 == second.sha256
    assert build_pair_set(photos, NO_TEXTURES, replace(RECIPE, seed=2), tmp_path / "a", silent).sha256 != first.sha256


def test_pairs_drawn_anew_are_other_pairs_of_the_held_out_photos_alone(tmp_path: Path) -> None:
    photos = corpus(tmp_path)
    first, redrawn = (build_pair_set(photos, NO_TEXTURES, one, tmp_path, silent) for one in (RECIPE, RECIPE.redrawn()))
    (held_out,) = (photo.sha256 for photo in photos.held_out)
    assert redrawn.num_held_out == 4 * first.num_held_out == len(list(read_pairs(redrawn, HELD_OUT)))
    assert {stored.photo_sha256 for stored in read_pairs(redrawn, HELD_OUT)} == {held_out}
    assert not redrawn.shards(TRAIN) + redrawn.shards(VALIDATION)
    seeds = [{stored.seed for stored in read_pairs(one, HELD_OUT)} for one in (first, redrawn)]
    assert not seeds[0] & seeds[1]


def test_photos_of_other_names_are_drawn_otherwise_and_make_another_set(tmp_path: Path) -> None:
    photos = corpus(tmp_path)
    renamed = replace(photos, photos=tuple(replace(one, name=f"paper/{one.name}") for one in photos.photos))
    first, second = (build_pair_set(one, NO_TEXTURES, RECIPE, tmp_path / "pairs", silent) for one in (photos, renamed))
    assert first.folder != second.folder


def test_every_split_has_its_pairs_from_its_own_photos(tmp_path: Path) -> None:
    photos = corpus(tmp_path)
    pairs = build_pair_set(photos, NO_TEXTURES, RECIPE, tmp_path / "pairs", silent)
    for split in SPLITS:
        rows = list(read_pairs(pairs, split))
        assert len(rows) == RECIPE.num_pairs(split)
        assert {row.photo for row in rows} == {photo.name for photo in photos.of_split(split)}
    assert photos_in_two_splits(pairs) == 0


def test_a_photo_in_two_splits_is_counted_from_the_rows(tmp_path: Path) -> None:
    photos = corpus(tmp_path)
    leaking = replace(photos, photos=(*photos.photos, replace(photos.photos[0], split=HELD_OUT)))
    assert photos_in_two_splits(build_pair_set(leaking, NO_TEXTURES, RECIPE, tmp_path / "pairs", silent)) == 1


def test_training_is_not_damaged_with_the_scans_of_the_other_splits(tmp_path: Path) -> None:
    scans = corpus(tmp_path)
    assert {scan.name for scan in scans_for(scans, TRAIN)} == {"photo 0", "photo 1"}
    assert {scan.name for scan in scans_for(scans, HELD_OUT)} == {"photo 2", "photo 3"}


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


def test_the_parts_together_are_the_whole_byte_for_byte(tmp_path: Path) -> None:
    photos = corpus(tmp_path)
    whole = make_shards(photos, NO_TEXTURES, RECIPE, tmp_path / "whole", silent)
    parts = [
        make_shards(photos, NO_TEXTURES, RECIPE, tmp_path / "parts", silent, part=Part(number, 4))
        for number in (3, 1, 0, 2)
    ]
    made = sorted(path for part in parts for path in part)
    assert [path.name for path in made] == sorted(path.name for path in whole)
    assert [path.read_bytes() for path in made] == [path.read_bytes() for path in sorted(whole)]


def test_the_pairs_do_not_depend_on_the_number_of_workers(tmp_path: Path) -> None:
    photos = corpus(tmp_path)
    alone, together = (
        make_shards(photos, NO_TEXTURES, RECIPE, tmp_path / str(workers), silent, workers) for workers in (1, 2)
    )
    for one, other in zip(alone, together, strict=True):
        assert one.read_bytes() == other.read_bytes()


def test_a_photo_that_changed_since_the_corpus_was_made_stops_the_build(tmp_path: Path) -> None:
    photos = corpus(tmp_path)
    photos.photos[0].path.write_bytes(encode_png(torch.rand(1, 3, 48, 48)))
    with pytest.raises(ValueError, match="changed: make its corpus again: materialize clean_photos"):
        build_pair_set(photos, NO_TEXTURES, RECIPE, tmp_path / "pairs", silent)


def test_a_test_set_that_was_tampered_with_stops_the_build(tmp_path: Path) -> None:
    photos = corpus(tmp_path)
    (shard, *_) = build_pair_set(photos, NO_TEXTURES, RECIPE, tmp_path / "pairs", silent).shards(HELD_OUT)
    data = bytearray(shard.read_bytes())
    at = data.index(b"IDAT") + 40  # in a picture
    data[at] ^= 1
    shard.write_bytes(data)
    with pytest.raises(ShardRefusedError, match=r"held_out-00000\.parquet is not as it was written"):
        list(read_pairs(build_pair_set(photos, NO_TEXTURES, RECIPE, tmp_path / "pairs", silent), HELD_OUT))


def test_photos_too_small_are_left_out_and_counted(tmp_path: Path) -> None:
    photos = corpus(tmp_path)
    tiny = replace(photos.photos[1], width=20)
    mixed = replace(photos, photos=(photos.photos[0], tiny, *photos.photos[2:]))
    pairs = build_pair_set(mixed, NO_TEXTURES, RECIPE, tmp_path / "pairs", silent)
    assert pairs.num_too_small == 1
    assert {row.photo for row in read_pairs(pairs, TRAIN)} == {"photo 0"}


def test_a_split_of_photos_too_small_is_refused_with_their_number(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"train photos are all smaller than 32 px \(2 photos\); bring larger or more"):
        build_pair_set(corpus(tmp_path, side_px=20), NO_TEXTURES, RECIPE, tmp_path / "pairs", silent)

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from ops.corpora.records import (
    HELD_OUT,
    SPLITS,
    TRAIN,
    Corpus,
    CorpusPhoto,
    PhotoChangedError,
    Refusal,
    split_of,
    with_every_split,
)


def photo(name: str) -> CorpusPhoto:
    sha256 = hashlib.sha256(name.encode()).hexdigest()
    return CorpusPhoto(name, Path(f"/photos/{name}"), sha256, 40, 30, split_of(sha256), "a box", "CC0")


def test_a_corpus_comes_back_from_parquet(tmp_path: Path) -> None:
    corpus = Corpus(
        "clean", (photo("a"), replace(photo("b"), mask=Path("/masks/b.png"))), (Refusal("c", "truncated", "cut short"),)
    )
    corpus.write(tmp_path / "deep" / "corpus.parquet")
    assert Corpus.read(tmp_path / "deep" / "corpus.parquet") == corpus
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["corpus.parquet"]


def test_one_photo_in_six_is_held_out_one_in_twelve_validates_and_none_changes_sides() -> None:
    photos = [photo(str(number)) for number in range(6_000)]
    corpus = Corpus("clean", tuple(photos))
    assert 900 < len(corpus.held_out) < 1_100
    assert 430 < len(corpus.validation) < 570
    assert len(corpus.train) + len(corpus.validation) + len(corpus.held_out) == 6_000
    assert [split_of(p.sha256) for p in photos] == [p.split for p in photos]


@pytest.mark.parametrize("split", SPLITS)
def test_two_photos_train_and_are_held_out_and_three_fill_every_split(split: str) -> None:
    alike = [replace(photo(name), split=split) for name in "abcdefg"]
    assert {p.split for p in with_every_split(alike[:2])} >= {TRAIN, HELD_OUT}
    assert {p.split for p in with_every_split(alike[:3])} == set(SPLITS)
    filled = with_every_split(alike)
    assert [p.name for p in filled] == list("abcdefg")
    assert sum(p.split == split for p in filled) == 5
    assert [p.split for p in with_every_split(alike[:1])] == [split]


def test_a_photo_is_read_only_while_it_is_the_one_that_was_recorded(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"a photo")
    recorded = replace(photo("a"), path=path, sha256=hashlib.sha256(b"a photo").hexdigest())
    assert recorded.read() == b"a photo"
    path.write_bytes(b"another")
    with pytest.raises(PhotoChangedError, match=r"changed: make its corpus again: materialize clean_photos"):
        recorded.read()
    path.unlink()
    with pytest.raises(PhotoChangedError, match=r"cannot be read any more \(No such file or directory\)"):
        recorded.read()


def test_the_checksum_knows_the_photos_and_not_their_order() -> None:
    a, b = photo("a"), photo("b")
    assert Corpus("clean", (a, b)).sha256 == Corpus("other", (replace(b, split=TRAIN), a)).sha256
    assert Corpus("clean", (a,)).sha256 != Corpus("clean", (a, b)).sha256


def test_megapixels_add_up() -> None:
    assert Corpus("clean", (photo("a"), photo("b"))).megapixels == 2 * 40 * 30 / 1e6

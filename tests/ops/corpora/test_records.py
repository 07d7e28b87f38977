import hashlib
from dataclasses import replace
from pathlib import Path

from ops.corpora.records import HELD_OUT, TRAIN, Corpus, CorpusPhoto, Refusal, split_of, with_both_splits


def photo(name: str) -> CorpusPhoto:
    sha256 = hashlib.sha256(name.encode()).hexdigest()
    return CorpusPhoto(name, Path(f"/photos/{name}"), sha256, 40, 30, split_of(sha256), "a box", "CC0")


def test_a_corpus_comes_back_from_parquet(tmp_path: Path) -> None:
    corpus = Corpus("clean", (photo("a"), photo("b")), (Refusal("c", "truncated", "cut short"),))
    corpus.write(tmp_path / "deep" / "corpus.parquet")
    assert Corpus.read(tmp_path / "deep" / "corpus.parquet") == corpus
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["corpus.parquet"]


def test_about_one_photo_in_six_is_held_out_and_never_changes_sides() -> None:
    photos = [photo(str(number)) for number in range(6_000)]
    corpus = Corpus("clean", tuple(photos))
    assert 900 < len(corpus.held_out) < 1_100
    assert len(corpus.train) + len(corpus.held_out) == 6_000
    assert [split_of(p.sha256) for p in photos] == [p.split for p in photos]


def test_two_photos_are_enough_for_both_splits() -> None:
    for split, other in ((TRAIN, HELD_OUT), (HELD_OUT, TRAIN)):
        pair = [replace(photo(name), split=split) for name in "ab"]
        assert {p.split for p in with_both_splits(pair)} == {split, other}
    assert [p.split for p in with_both_splits([replace(photo("a"), split=TRAIN)])] == [TRAIN]


def test_the_checksum_knows_the_photos_and_not_their_order() -> None:
    a, b = photo("a"), photo("b")
    assert Corpus("clean", (a, b)).sha256 == Corpus("other", (replace(b, split=TRAIN), a)).sha256
    assert Corpus("clean", (a,)).sha256 != Corpus("clean", (a, b)).sha256


def test_megapixels_add_up() -> None:
    assert Corpus("clean", (photo("a"), photo("b"))).megapixels == 2 * 40 * 30 / 1e6

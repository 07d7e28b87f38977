import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from ops.corpora.folders import folder_corpus
from ops.corpora.records import Corpus
from ops.images import decode_mask, encode_jpeg, encode_png
from ops.storage.locations import open_storage


def picture(seed: int) -> torch.Tensor:
    return torch.rand(1, 3, 12, 18, generator=torch.Generator().manual_seed(seed))


def table(rows: list[dict[str, Any]]) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(rows), sink)
    return sink.getvalue().to_pybytes()


def look(location: str, cache: Path) -> Corpus:
    return folder_corpus(location, "clean", "ALBUMEN_CLEAN_PHOTOS", cache, [].append)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "place").mkdir()
    return tmp_path / "place"


def reasons(corpus: Corpus) -> list[str]:
    return [refusal.reason for refusal in corpus.refused]


def test_every_row_with_an_image_is_a_photo(new_location: Callable[[str], str], tmp_path: Path) -> None:
    location = new_location("tables")
    first = table([{"image": encode_png(picture(n)), "name": f"photo {n}.png"} for n in range(20)])
    second = table([{"image": {"bytes": encode_jpeg(picture(n)), "path": f"{n}.jpg"}} for n in range(20, 25)])
    open_storage(location).write_once("train-0.parquet", first)
    open_storage(location).write_once("more/train-1.parquet", second)
    corpus = look(location, tmp_path / "cache")
    assert len(corpus.photos) == 25
    assert corpus.refused == ()
    names = [photo.name for photo in corpus.photos]
    assert {"train-0.parquet/000003-photo 3.png", "more/train-1.parquet/000000-20.jpg"} < set(names)
    assert {photo.split for photo in corpus.photos} == {"train", "validation", "held_out"}
    assert all(hashlib.sha256(photo.read()).hexdigest() == photo.sha256 for photo in corpus.photos)


def test_one_file_is_a_place_too(place: Path, tmp_path: Path) -> None:
    for name in "ab":
        (place / f"{name}.parquet").write_bytes(table([{"image": encode_png(picture(ord(name)))}]))
    corpus = look(str(place / "a.parquet"), tmp_path / "cache")
    assert [photo.name for photo in corpus.photos] == ["a.parquet/000000"]
    with pytest.raises(ValueError, match=r"ALBUMEN_CLEAN_PHOTOS=.*c\.parquet: no photo among its 0 files"):
        look(str(place / "c.parquet"), tmp_path / "cache")


def test_split_licence_and_mask_are_kept(place: Path, tmp_path: Path) -> None:
    mask = encode_png((torch.rand(1, 1, 12, 18) > 0.5).float())
    rows = [
        {"image": encode_png(picture(0)), "split": "test", "licence": "CC0", "mask": mask},
        {"image": encode_png(picture(1)), "split": "val", "licence": None, "mask": None},
        *({"image": encode_png(picture(n)), "split": None, "licence": None, "mask": None} for n in range(2, 30)),
    ]
    (place / "a.parquet").write_bytes(table(rows))
    corpus = look(str(place), tmp_path / "cache")
    (held_out,) = corpus.held_out  # a test set is named, so chance adds nothing to it
    assert held_out.licence == "CC0"
    assert held_out.mask is not None
    assert decode_mask(held_out.mask.read_bytes()).shape == (1, 1, 12, 18)
    assert "a.parquet/000001" in {photo.name for photo in corpus.validation}
    assert {photo.licence for photo in corpus.train} == {"the user's own"}


def test_what_cannot_be_used_is_refused_row_by_row(place: Path, tmp_path: Path) -> None:
    image = encode_png(picture(0))
    rows = [
        {"image": image, "sha256": hashlib.sha256(image).hexdigest()},
        {"image": encode_png(picture(1)), "sha256": "0" * 64},
        {"image": image},
        {"image": None},
        {"image": image[:-30]},
        {"image": encode_png(picture(2)), "split": "somewhere"},
        {"image": encode_png(picture(3)), "mask": encode_png(torch.zeros(1, 1, 5, 5))},
    ]
    keys = ("image", "sha256", "split", "mask")
    (place / "a.parquet").write_bytes(table([{key: row.get(key) for key in keys} for row in rows]))
    corpus = look(str(place), tmp_path / "cache")
    assert len(corpus.photos) == 1
    assert reasons(corpus) == [
        "checksum-mismatch",
        "duplicate",
        "empty",
        "truncated",
        "unknown-split",
        "mask-of-another-size",
    ]


def test_a_file_without_images_and_a_broken_file_are_refused_by_name(place: Path, tmp_path: Path) -> None:
    good = table([{"image": encode_png(picture(0))}])
    files = {"a": good, "b": table([{"picture": b"x"}]), "c": good[:-20]}
    for name, data in files.items():
        (place / f"{name}.parquet").write_bytes(data)
    corpus = look(str(place), tmp_path / "cache")
    assert [(refusal.name, refusal.reason) for refusal in corpus.refused] == [
        ("b.parquet", "no-image-column"),
        ("c.parquet", "unreadable"),
    ]
    assert "b.parquet has the columns picture; expected a Parquet file with encoded photos" in corpus.refused[0].message


def test_a_second_look_reads_no_table_and_a_lost_copy_is_made_again(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place / "a.parquet").write_bytes(table([{"image": encode_png(picture(n))} for n in range(3)]))
    first = look(str(place), tmp_path / "cache")
    from ops.corpora import tables

    read: list[int] = []
    look_at_bytes = tables.look_at_bytes
    monkeypatch.setattr(tables, "look_at_bytes", lambda *arguments: read.append(1) or look_at_bytes(*arguments))
    assert look(str(place), tmp_path / "cache") == first
    assert read == []
    first.photos[1].path.unlink()
    assert look(str(place), tmp_path / "cache") == first
    assert len(read) == 3
    assert first.photos[1].path.is_file()

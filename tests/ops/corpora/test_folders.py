from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from ops.corpora.folders import folder_corpus
from ops.corpora.records import Corpus
from ops.images import encode_jpeg, encode_png
from ops.storage.locations import open_storage
from ops.storage.protocol import StorageError


def picture(seed: int) -> torch.Tensor:
    return torch.rand(1, 3, 12, 18, generator=torch.Generator().manual_seed(seed))


def look(location: str, cache: Path, lines: list[str] | None = None) -> Corpus:
    return folder_corpus(location, "clean", "ALBUMEN_CLEAN_PHOTOS", cache, (lines if lines is not None else []).append)


def put(location: str, files: dict[str, bytes]) -> None:
    storage = open_storage(location)
    for key, data in files.items():
        storage.write_once(key, data)


def splits(corpus: Corpus) -> dict[str, str]:
    return {photo.name.rpartition("/")[2]: photo.split for photo in corpus.photos}


def test_any_tree_of_images_is_a_corpus(new_location: Callable[[str], str], tmp_path: Path) -> None:
    location = new_location("photos")
    jpeg = encode_jpeg(picture(0))
    put(
        location,
        {
            "box 1/a.JPG": jpeg,
            "box 1/again.jpg": jpeg,
            "box 2/b\u00fc.png": encode_png(picture(1)),
            "box 2/cut.jpg": jpeg[:-40],
            "box 2/list.txt": b"a b",
        },
    )
    lines: list[str] = []
    corpus = look(location, tmp_path / "cache", lines)
    assert [photo.name for photo in corpus.photos] == ["box 1/a.JPG", "box 2/b\u00fc.png"]
    assert {refusal.name: refusal.reason for refusal in corpus.refused} == {
        "box 1/again.jpg": "duplicate",
        "box 2/cut.jpg": "truncated",
    }
    assert corpus.photos[0].path.read_bytes() == jpeg
    assert (corpus.photos[0].width, corpus.photos[0].height) == (18, 12)
    assert {photo.split for photo in corpus.photos} == {"train", "held_out"}
    assert lines == ["clean: 2 photos, 2 refused (1 duplicate, 1 truncated)"]


def test_a_second_look_reads_nothing_and_a_changed_photo_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(str(tmp_path / "photos"), {f"{n}.png": encode_png(picture(n)) for n in range(3)})
    first = look(str(tmp_path / "photos"), tmp_path / "cache")
    decoded: list[bytes] = []
    from ops.corpora import folders

    decode = folders.decode_photo
    monkeypatch.setattr(folders, "decode_photo", lambda data: decoded.append(data) or decode(data))
    assert look(str(tmp_path / "photos"), tmp_path / "cache") == first
    assert decoded == []
    (tmp_path / "photos" / "1.png").write_bytes(encode_png(picture(9)))
    assert look(str(tmp_path / "photos"), tmp_path / "cache").sha256 != first.sha256
    assert len(decoded) == 1


def test_pascal_voc_keeps_to_its_photos_and_its_validation_list(tmp_path: Path) -> None:
    voc = "VOCdevkit/VOC2012/"
    put(
        str(tmp_path / "voc"),
        {f"{voc}JPEGImages/2007_{n}.jpg": encode_jpeg(picture(n)) for n in range(4)}
        | {
            f"{voc}SegmentationClass/2007_0.png": encode_png(picture(9)),
            f"{voc}ImageSets/Main/train.txt": b"2007_0\n2007_1\n",
            f"{voc}ImageSets/Main/val.txt": b"2007_2\n",
        },
    )
    assert splits(look(str(tmp_path / "voc"), tmp_path / "cache")) == {
        "2007_0.jpg": "train",
        "2007_1.jpg": "train",
        "2007_2.jpg": "held_out",
        "2007_3.jpg": "train",
    }


def test_div2k_holds_out_its_validation_folder(tmp_path: Path) -> None:
    put(
        str(tmp_path / "div2k"),
        {f"DIV2K_train_HR/000{n}.png": encode_png(picture(n)) for n in (1, 2)}
        | {"DIV2K_valid_HR/0801.png": encode_png(picture(3))}
        | {"DIV2K_train_LR_bicubic/X2/0001x2.png": encode_png(picture(4))},
    )
    assert splits(look(str(tmp_path / "div2k"), tmp_path / "cache")) == {
        "0001.png": "train",
        "0002.png": "train",
        "0801.png": "held_out",
    }


@pytest.mark.parametrize("files", [None, {}, {"a.txt": b"a"}, {"a.jpg": b"not a photo"}])
def test_nothing_usable_names_the_setting_the_place_and_the_cure(
    files: dict[str, bytes] | None, tmp_path: Path
) -> None:
    place = tmp_path / "photos"
    if files is not None:
        place.mkdir()
        put(str(place), files)
    with pytest.raises(ValueError, match="ALBUMEN_CLEAN_PHOTOS=") as caught:
        look(str(place), tmp_path / "cache")
    assert str(place) in str(caught.value)
    assert "JPEGImages" in str(caught.value)


def test_an_unknown_kind_of_place_is_an_error_of_the_storage(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="ftp"):
        look("ftp://somewhere/photos", tmp_path)

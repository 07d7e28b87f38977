import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from ops.corpora.folders import folder_corpus
from ops.corpora.records import Corpus
from ops.images import decode_rgb, encode_jpeg, encode_png
from ops.storage.locations import open_storage
from ops.storage.protocol import StorageError

ODD_IMAGES = Path(__file__).parents[4] / "shared" / "data" / "odd_images"
NO_PICTURES = {"MANIFEST.csv", "SOURCES.md", "own__svg_xxe.svg", "pillow__pngtest_bad.png.bin"}  # by their names


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
    from ops.corpora import looks

    decode = looks.decode_photo
    monkeypatch.setattr(looks, "decode_photo", lambda data: decoded.append(data) or decode(data))
    assert look(str(tmp_path / "photos"), tmp_path / "cache") == first
    assert decoded == []
    (tmp_path / "photos" / "1.png").write_bytes(encode_png(picture(9)))
    assert look(str(tmp_path / "photos"), tmp_path / "cache").sha256 != first.sha256
    assert len(decoded) == 1


def voc(lists: dict[str, str]) -> dict[str, bytes]:
    root = "VOCdevkit/VOC2012/"
    photos = {f"{root}JPEGImages/2007_{n}.jpg": encode_jpeg(picture(n)) for n in range(30)}
    labels = {f"{root}SegmentationClass/2007_0.png": encode_png(picture(99))}
    return photos | labels | {f"{root}ImageSets/Main/{name}.txt": text.encode() for name, text in lists.items()}


def names_of(corpus: Corpus, split: str) -> set[str]:
    return {photo.name.rpartition("/")[2].removesuffix(".jpg") for photo in corpus.of_split(split)}


def test_pascal_voc_2012_holds_out_its_validation_list_and_nothing_else(tmp_path: Path) -> None:
    put(str(tmp_path / "voc"), voc({"train": "2007_0\n2007_1\n", "val": "2007_2\n2007_3\n"}))
    corpus = look(str(tmp_path / "voc"), tmp_path / "cache")
    assert len(corpus.photos) == 30
    assert names_of(corpus, "held_out") == {"2007_2", "2007_3"}
    assert names_of(corpus, "validation")
    assert len(corpus.train) > 20
    assert all("Pascal VOC" in photo.licence for photo in corpus.photos)


def test_pascal_voc_with_a_test_list_holds_that_out_and_chooses_by_the_other(tmp_path: Path) -> None:
    put(str(tmp_path / "voc"), voc({"val": "2007_2\n2007_3\n", "test": "2007_7\n"}))
    corpus = look(str(tmp_path / "voc"), tmp_path / "cache")
    assert names_of(corpus, "held_out") == {"2007_7"}
    assert names_of(corpus, "validation") >= {"2007_2", "2007_3"}


def test_div2k_holds_out_its_validation_folder(tmp_path: Path) -> None:
    put(
        str(tmp_path / "div2k"),
        {f"DIV2K_train_HR/{n:04d}.png": encode_png(picture(n)) for n in range(1, 20)}
        | {f"DIV2K_valid_HR/0{n}.png": encode_png(picture(n)) for n in (801, 802)}
        | {"DIV2K_train_LR_bicubic/X2/0001x2.png": encode_png(picture(4))},
    )
    corpus = look(str(tmp_path / "div2k"), tmp_path / "cache")
    assert {photo.name for photo in corpus.held_out} == {"DIV2K_valid_HR/0801.png", "DIV2K_valid_HR/0802.png"}
    assert len(corpus.train) + len(corpus.validation) == 19
    assert corpus.validation
    assert {photo.licence for photo in corpus.photos} == {"DIV2K: academic research only"}


def test_a_photo_that_a_publisher_put_on_both_sides_is_only_held_out(tmp_path: Path) -> None:
    photos = {f"DIV2K_train_HR/{n:04d}.png": encode_png(picture(n)) for n in range(1, 5)}
    put(str(tmp_path / "div2k"), photos | {"DIV2K_valid_HR/0801.png": encode_png(picture(2))})
    corpus = look(str(tmp_path / "div2k"), tmp_path / "cache")
    assert [photo.name for photo in corpus.held_out] == ["DIV2K_valid_HR/0801.png"]
    assert [(refusal.name, refusal.reason) for refusal in corpus.refused] == [("DIV2K_train_HR/0002.png", "duplicate")]


def test_pictures_of_other_formats_are_refused_by_name_and_other_files_passed_over(tmp_path: Path) -> None:
    bitmap = b"BM" + bytes(60)
    put(str(tmp_path / "p"), {"a.png": encode_png(picture(0)), "scan.BMP": bitmap, "notes.txt": b"notes"})
    corpus = look(str(tmp_path / "p"), tmp_path / "cache")
    assert [(refusal.name, refusal.reason) for refusal in corpus.refused] == [("scan.BMP", "unsupported-format")]


@pytest.mark.shared
@pytest.mark.skipif(not ODD_IMAGES.is_dir(), reason="the odd images of ../shared/data are not here")
def test_every_odd_picture_becomes_a_right_tensor_or_a_named_refusal(tmp_path: Path) -> None:
    names = {path.name for path in ODD_IMAGES.iterdir()} - NO_PICTURES
    corpus = look(str(ODD_IMAGES), tmp_path / "cache")
    assert {photo.name for photo in corpus.photos} | {refusal.name for refusal in corpus.refused} == names
    assert len(corpus.photos) + len(corpus.refused) == len(names) > 200
    assert all(refusal.reason and refusal.message for refusal in corpus.refused)
    for photo in corpus.photos:
        pixels = decode_rgb(photo.read())
        assert pixels.shape == (1, 3, photo.height, photo.width)
        assert pixels.dtype == torch.float32
        assert 0 <= float(pixels.min()) <= float(pixels.max()) <= 1


@pytest.mark.shared
@pytest.mark.skipif(not ODD_IMAGES.is_dir(), reason="the photos of ../shared/data are not here")
def test_real_photos_in_the_layout_of_div2k_are_split_as_it_says(tmp_path: Path) -> None:
    kodak, berkeley = ODD_IMAGES.parent / "clean_test/kodak24", ODD_IMAGES.parent / "clean_train/bsds500_train"
    for folder, photos in (("DIV2K_train_HR", sorted(berkeley.iterdir())[:12]), ("DIV2K_valid_HR", kodak.iterdir())):
        (tmp_path / "div2k" / folder).mkdir(parents=True)
        for photo in photos:
            shutil.copy(photo, tmp_path / "div2k" / folder)
    (tmp_path / "div2k/DIV2K_train_LR_bicubic").mkdir()
    corpus = look(str(tmp_path / "div2k"), tmp_path / "cache")
    assert len(corpus.held_out) == 24
    assert len(corpus.train) + len(corpus.validation) == 12
    assert {(photo.width, photo.height) for photo in corpus.held_out} == {(500, 500)}


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

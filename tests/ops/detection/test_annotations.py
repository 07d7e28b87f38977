from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from ops.detection.annotations import AnnotatedCrops, MixedDefects, judged_photo, read_annotations
from ops.detection.batches import DefectBatch
from ops.detection.truth import DefectTruth
from ops.images import encode_png
from ops.parts import WHOLE, Part


def a_mask(size: int = 24) -> torch.Tensor:
    mask = torch.zeros(1, 1, size, size)
    mask[..., 5:8, 5:20] = 1
    return mask


def write(folder: Path, name: str, seed: int, mask: torch.Tensor | None, mask_name: str) -> None:
    photo = torch.rand(1, 3, 24, 24, generator=torch.Generator().manual_seed(seed))
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(encode_png(photo))
    if mask is not None:
        (folder / mask_name).parent.mkdir(parents=True, exist_ok=True)
        (folder / mask_name).write_bytes(encode_png(mask))


@pytest.fixture
def box(tmp_path: Path) -> Path:
    for number in range(12):
        write(tmp_path / "box", f"a{number}.png", number, a_mask(), f"a{number}_mask.png")
    return tmp_path / "box"


def test_without_a_location_there_are_no_annotations(tmp_path: Path) -> None:
    assert read_annotations(None, tmp_path, print).photos == ()


@pytest.mark.parametrize("mask_name", ["photo_mask.png", "masks/photo.png"])
def test_a_mask_lies_beside_its_photo_or_in_a_folder_of_masks(tmp_path: Path, mask_name: str) -> None:
    name = "photo.png" if "/" not in mask_name else "photos/photo.png"
    write(tmp_path / "box", name, 0, a_mask(), mask_name)
    (one,) = read_annotations(str(tmp_path / "box"), tmp_path, print).photos
    assert one.name == name
    assert one.damaged_share == pytest.approx(45 / 576)


@pytest.mark.parametrize(
    ("mask", "reason"),
    [
        (None, "mask-missing"),
        (torch.zeros(1, 1, 24, 24), "mask-empty"),
        (a_mask(25), "mask-size"),
        (1 - a_mask(), "mask-polarity"),
    ],
)
def test_an_annotation_that_cannot_be_used_is_refused_and_the_others_stay(
    box: Path, tmp_path: Path, mask: torch.Tensor | None, reason: str
) -> None:
    write(box, "bad.png", 99, mask, "bad_mask.png")
    annotations = read_annotations(str(box), tmp_path, print)
    assert [(refusal.name, refusal.reason) for refusal in annotations.refused] == [("bad.png", reason)]
    assert len(annotations.photos) == 12


def test_a_location_without_any_annotation_is_an_error_that_says_what_is_expected(tmp_path: Path) -> None:
    write(tmp_path / "box", "lonely.png", 0, None, "")
    with pytest.raises(ValueError, match=r"photo_mask\.png beside it"):
        read_annotations(str(tmp_path / "box"), tmp_path, print)


def test_a_photo_is_learned_from_or_judged_never_both(box: Path, tmp_path: Path) -> None:
    annotations = read_annotations(str(box), tmp_path, print)
    train, held_out = ({one.name for one in part} for part in (annotations.train, annotations.held_out))
    assert train
    assert held_out
    assert not train & held_out


def test_a_folder_held_out_is_never_learned_from_and_sets_are_judged_apart(box: Path, tmp_path: Path) -> None:
    before = read_annotations(str(box), tmp_path, print)
    for number in range(20, 26):
        write(box, f"plates/held_out/p{number}.png", number, a_mask(), f"plates/held_out/p{number}_mask.png")
    annotations = read_annotations(str(box), tmp_path, print)
    assert annotations.train == before.train
    assert annotations.train_sha256 == before.train_sha256
    assert annotations.sha256 != before.sha256
    by_folder = annotations.held_out_by_folder
    assert set(by_folder) == {"", "plates"}
    assert by_folder[""] == tuple(sorted(before.held_out, key=lambda photo: photo.name))
    assert len(by_folder["plates"]) == 6


def test_the_rim_of_a_drawn_mask_is_not_judged_but_the_mask_is(box: Path, tmp_path: Path) -> None:
    truth = judged_photo(read_annotations(str(box), tmp_path, print).photos[0]).truth
    assert truth.judged[truth.damaged > 0].min() == 1
    assert (truth.judged == 0).sum() == 7 * 19 - 3 * 15  # two pixels around a box of 3 x 15


@pytest.mark.parametrize("crop_px", [16, 40])
def test_every_other_crop_holds_damage_also_from_photos_smaller_than_a_crop(
    box: Path, tmp_path: Path, crop_px: int
) -> None:
    crops = AnnotatedCrops(read_annotations(str(box), tmp_path, print).photos, seed=0)
    batch = crops.batch(step=3, size=6, crop_px=crop_px)
    assert batch.photo.shape == (6, 3, crop_px, crop_px)
    assert batch.truth.damaged[::2].flatten(1).amax(dim=1).min() == 1


class Synthetic:
    def batch(self, step: int, size: int, crop_px: int, part: Part = WHOLE) -> DefectBatch:
        plane = torch.zeros(size, 1, crop_px, crop_px)
        return DefectBatch(plane.expand(-1, 3, -1, -1), DefectTruth(plane, plane))


@pytest.mark.parametrize(("share", "num_synthetic"), [(0.01, 5), (0.5, 3), (1.0, 0)])
def test_a_mixed_batch_has_the_share_of_annotated_crops_that_it_was_told(
    box: Path, tmp_path: Path, share: float, num_synthetic: int
) -> None:
    crops = AnnotatedCrops(read_annotations(str(box), tmp_path, print).photos, seed=0)
    batch = MixedDefects(crops, Synthetic(), share).batch(step=0, size=6, crop_px=16)
    assert len(batch.photo) == 6
    assert int((batch.photo.flatten(1).amax(dim=1) == 0).sum()) == num_synthetic


def test_annotations_may_lie_in_a_bucket(box: Path, tmp_path: Path, new_location: Callable[[str], str]) -> None:
    from ops.storage.locations import open_storage

    storage = open_storage(new_location("annotated"))
    for path in box.iterdir():
        storage.write_once(path.name, path.read_bytes())
    assert len(read_annotations(storage.location, tmp_path, print).photos) == 12

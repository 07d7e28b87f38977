from pathlib import Path

import cv2
import numpy as np
import pytest

from training_sets.glass_plates import damage_of, plates_of, write_plates


def a_scene(height: int = 300, width: int = 320) -> list[np.ndarray]:
    """Three plates of one scene through different filters, each with its own grain."""
    rng = np.random.default_rng(5)
    scene = cv2.GaussianBlur(rng.random((height, width)).astype(np.float32), (0, 0), 6)
    scene = (scene - scene.min()) / (scene.max() - scene.min())
    plates = [level + gain * scene for level, gain in ((0.2, 0.4), (0.1, 0.6), (0.3, 0.5))]
    return [(plate + rng.normal(0, 0.01, plate.shape)).clip(0, 1).astype(np.float32) for plate in plates]


def test_what_only_one_plate_shows_is_its_damage() -> None:
    plates = a_scene()
    plates[1][100:108, 150:158] = 1.0
    plates[2][200:203, 40:120] = 0.0
    speck, scratch = np.zeros((300, 320), bool), np.zeros((300, 320), bool)
    speck[100:108, 150:158], scratch[200:203, 40:120] = True, True
    for number, truth in ((1, speck), (2, scratch)):
        found = damage_of(plates, number)
        assert found[truth].mean() > 0.9
        assert found[~cv2.dilate(truth.astype(np.uint8), np.ones((9, 9))).astype(bool)].mean() < 1e-3
    assert damage_of(plates, 0).mean() < 1e-3


def test_plates_that_lie_a_pixel_apart_are_not_damaged_by_it() -> None:
    plates = a_scene()
    plates[0] = np.roll(plates[0], (1, 1), (0, 1))
    assert damage_of(plates, 0)[5:-5, 5:-5].mean() < 1e-3


def test_a_composite_becomes_plates_and_regions_with_masks(tmp_path: Path) -> None:
    composite = tmp_path / "door_level0.png"
    cv2.imwrite(str(composite), np.rint(np.stack(a_scene(), axis=-1) * 255).astype(np.uint8))
    written = write_plates(tmp_path / "out", [composite])
    names = {str(path.relative_to(tmp_path / "out")) for path in written}
    held_out = "annotated/plates/held_out/door"
    assert names == {
        name
        for colour in ("blue", "green", "red")
        for name in (f"old/door-{colour}.png", f"{held_out}-{colour}-1.png", f"{held_out}-{colour}-1_mask.png")
    }
    plate = cv2.imread(str(tmp_path / "out/old/door-red.png"), cv2.IMREAD_UNCHANGED)
    assert plate.shape == (276, 294)


def test_a_file_that_is_no_picture_is_named(tmp_path: Path) -> None:
    (tmp_path / "door.jpg").write_text("no picture")
    with pytest.raises(ValueError, match=r"door\.jpg is no picture"):
        plates_of(tmp_path / "door.jpg")

"""What is shown is frozen, blind and shuffled."""

from pathlib import Path

import pytest

from ops.preference.studies import build_study, newest_study, shown_order
from tests.ops.preference.small_study import METHODS, picture, small_study


def test_the_newest_study_is_found_again_and_names_tell_no_method(tmp_path: Path) -> None:
    study = small_study(tmp_path)
    assert newest_study(tmp_path) == study
    files = {path.stem for path in study.folder.glob("*.png")}
    assert files == set(study.pictures())
    assert len(files) == 2 * (1 + len(METHODS))
    assert all(set(name) <= set("0123456789abcdef") for name in files)


def test_a_changed_picture_makes_another_study(tmp_path: Path) -> None:
    one, results = picture(1), {"a": picture(2), "b": picture(3)}
    first = build_study({"x": (one, results)}, ["a", "b"], tmp_path)
    second = build_study({"x": (one, results | {"b": picture(4)})}, ["a", "b"], tmp_path)
    assert first.sha256 != second.sha256
    assert not set(first.pictures()) & set(second.pictures())


def test_the_order_is_kept_for_a_rater_and_even_over_raters(tmp_path: Path) -> None:
    study = small_study(tmp_path)
    photo = study.photos[0]
    assert shown_order(study, "anna", photo) == shown_order(study, "anna", photo)
    firsts = [photo.method_of(shown_order(study, f"rater {number}", photo)[0]) for number in range(400)]
    for method in METHODS:
        assert firsts.count(method) == pytest.approx(100, abs=3 * (400 * 0.25 * 0.75) ** 0.5)


def test_photos_that_a_method_failed_on_are_left_out(tmp_path: Path) -> None:
    whole, half = {"a": picture(1), "b": picture(2)}, {"a": picture(3)}
    study = build_study({"x": (picture(0), whole), "y": (picture(9), half)}, ["a", "b"], tmp_path)
    assert [photo.name for photo in study.photos] == ["x"]
    with pytest.raises(ValueError, match="no photo was restored by all"):
        build_study({"y": (picture(9), half)}, ["a", "b"], tmp_path)
    with pytest.raises(ValueError, match="two methods"):
        build_study({"x": (picture(0), whole)}, ["a"], tmp_path)
    with pytest.raises(ValueError, match="preference_study"):
        newest_study(tmp_path / "nowhere")

from pathlib import Path

import pytest

from pipelines.resources import ArchiveCopies
from pipelines.run_config import CopyWish
from pipelines.settings import MODELS, Settings

NAMES = (
    "HOME",
    "CLEAN_PHOTOS",
    "OLD_PHOTOS",
    "ARCHIVE_SOURCE",
    "ARCHIVE_TARGET",
    "SAMPLE_ARCHIVE",
    "MODEL",
    "DEVICE",
    "GPUS",
    "FACE_STRENGTH",
    "TONE_STRENGTH",
    "ALL_MARKS",
    "ARCHIVE_ACCESS_PX",
    "ARCHIVE_SHEETS",
)


@pytest.fixture(autouse=True)
def _unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(f"ALBUMEN_{name}", raising=False)


def test_without_settings_everything_lies_in_the_checkout_and_the_archive_is_a_sample() -> None:
    settings = Settings.from_environment()
    assert settings.home == Path(".albumen").resolve()
    assert settings.is_sample_archive
    assert settings.clean_photos is settings.old_photos is None


def test_real_old_photos_become_the_collection_to_restore(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALBUMEN_OLD_PHOTOS", "s3://attic/box-1")
    settings = Settings.from_environment()
    assert settings.archive_source == settings.old_photos == "s3://attic/box-1"
    assert not settings.is_sample_archive


def test_a_collection_of_its_own_wins_over_the_old_photos(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALBUMEN_OLD_PHOTOS", "/old")
    monkeypatch.setenv("ALBUMEN_ARCHIVE_SOURCE", "/collection")
    assert Settings.from_environment().archive_source == "/collection"


def test_an_empty_setting_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALBUMEN_OLD_PHOTOS", "")
    assert Settings.from_environment().old_photos is None


def test_the_shipped_model_restores_unless_the_trained_one_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings.from_environment().model == "shipped"
    monkeypatch.setenv("ALBUMEN_MODEL", "trained")
    assert Settings.from_environment().model == "trained"
    monkeypatch.setenv("ALBUMEN_MODEL", "best")
    with pytest.raises(ValueError, match="ALBUMEN_MODEL=best is none of shipped, trained"):
        Settings.from_environment()


def test_the_models_to_choose_from_are_those_that_can_be_loaded() -> None:
    from ops.chosen_model import ModelChoice

    assert [choice.value for choice in ModelChoice] == list(MODELS)


def test_a_training_takes_one_gpu_unless_told_how_many(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings.from_environment().gpus == 1
    monkeypatch.setenv("ALBUMEN_GPUS", "4")
    assert Settings.from_environment().gpus == 4
    monkeypatch.setenv("ALBUMEN_GPUS", "all")
    with pytest.raises(ValueError, match="ALBUMEN_GPUS=all is no count; give 1 or more"):
        Settings.from_environment()


def test_nobody_gets_copies_who_did_not_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (Settings.from_environment().access_px, Settings.from_environment().has_sheets) == (0, False)
    monkeypatch.setenv("ALBUMEN_ARCHIVE_ACCESS_PX", "2048")
    monkeypatch.setenv("ALBUMEN_ARCHIVE_SHEETS", "1")
    assert (Settings.from_environment().access_px, Settings.from_environment().has_sheets) == (2048, True)
    monkeypatch.setenv("ALBUMEN_ARCHIVE_ACCESS_PX", "large")
    with pytest.raises(ValueError, match="ALBUMEN_ARCHIVE_ACCESS_PX=large is no number"):
        Settings.from_environment()


@pytest.mark.parametrize(
    ("form", "expected"), [({}, (2048, True)), ({"access_px": 0}, (0, True)), ({"sheets": False}, (2048, False))]
)
def test_the_launch_form_wins_over_the_settings(form: dict[str, int | bool], expected: tuple[int, bool]) -> None:
    assert CopyWish(**form).over(ArchiveCopies(access_px=2048, has_sheets=True)) == expected


@pytest.mark.parametrize(("what", "default"), [("face", None), ("tone", 1.0)])
def test_a_strength_lies_between_leaving_and_restoring(
    monkeypatch: pytest.MonkeyPatch, what: str, default: float | None
) -> None:
    variable = f"ALBUMEN_{what.upper()}_STRENGTH"
    assert getattr(Settings.from_environment(), f"{what}_strength") == default
    monkeypatch.setenv(variable, "0")
    assert getattr(Settings.from_environment(), f"{what}_strength") == 0
    for wrong in ("1.5", "much", "-0.1", "nan"):
        monkeypatch.setenv(variable, wrong)
        with pytest.raises(ValueError, match=f"{variable}={wrong} is no number from 0 to 1"):
            Settings.from_environment()


def test_all_marks_count_only_if_somebody_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not Settings.from_environment().all_marks
    monkeypatch.setenv("ALBUMEN_ALL_MARKS", "1")
    assert Settings.from_environment().all_marks

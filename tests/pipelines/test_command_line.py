"""The commands, with a model of random weights where they need one."""

import os
import re
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner, Result

from ops.age import AgeRule
from ops.detection.finder import DefectFinder
from ops.images import decode_rgb, encode_png
from ops.releases import assemble
from ops.restoration import PhotoRestorer
from ops.tone import ToneRestorer
from pipelines.command_line import main
from tests.ops.small_networks import CONFIG, constant_age, make_find_two_kinds, small_weights, sure_reader


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "holiday.png"
    path.write_bytes(encode_png(torch.rand(1, 3, 60, 80)))
    return path


def albumen(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def written(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_same_seed_writes_the_same_bytes_and_another_seed_others(photo: Path, tmp_path: Path) -> None:
    results = []
    for name, seed in (("a", "7"), ("b", "7"), ("c", "8")):
        assert albumen("degrade", str(photo), "--seed", seed, "--out", str(tmp_path / name)).exit_code == 0
        results.append(written(tmp_path / name))
    assert set(results[0]) == {"holiday.degraded.png", "holiday.mask.png", "holiday.plan.json"}
    assert results[0] == results[1]
    assert results[0] != results[2]


def test_one_damage_alone_is_shown_at_its_strength(photo: Path, tmp_path: Path) -> None:
    for strength in ("0", "1"):
        out = str(tmp_path / strength)
        assert albumen("degrade", str(photo), "--only", "stain", "--strength", strength, "--out", out).exit_code == 0
    assert written(tmp_path / "0")["holiday.degraded.png"] == photo.read_bytes()
    assert written(tmp_path / "1")["holiday.degraded.png"] != photo.read_bytes()


def test_an_unknown_damage_is_answered_with_those_there_are(photo: Path, tmp_path: Path) -> None:
    result = albumen("degrade", str(photo), "--only", "mildew", "--out", str(tmp_path / "out"))
    assert result.exit_code == 1
    assert "there is no damage 'mildew'" in result.output
    assert "scratch" in result.output


def test_a_photo_that_is_not_there_is_said_by_name(tmp_path: Path) -> None:
    result = albumen("degrade", str(tmp_path / "nowhere.jpg"), "--out", str(tmp_path / "out"))
    assert result.exit_code == 1
    assert "nowhere.jpg cannot be read: No such file or directory" in result.output


@pytest.fixture
def small(tmp_path: Path) -> PhotoRestorer:
    networks = assemble(CONFIG, small_weights(tmp_path))
    finder = DefectFinder(networks.detector, CONFIG.threshold, CONFIG.tiling.tile_px, kinds=networks.kinds)
    return PhotoRestorer(finder, networks.triplet, CONFIG.tiling)


@pytest.fixture
def released(small: PhotoRestorer, monkeypatch: pytest.MonkeyPatch) -> PhotoRestorer:
    monkeypatch.setattr("pipelines.command_line._chosen_restorer", lambda *_: small)
    return small


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ((), {"all_marks": False, "tone_strength": 0.3}),
        (("--all-marks",), {"all_marks": True, "tone_strength": 0.3}),
        (("--tone-strength", "0"), {"all_marks": False, "tone_strength": 0.0}),
    ],
)
def test_a_model_is_loaded_as_options_and_settings_say(
    small: PhotoRestorer,
    photo: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: tuple[str, ...],
    expected: dict[str, object],
) -> None:
    asked: list[dict[str, object]] = []

    def loaded(*_: object, **given: object) -> PhotoRestorer:
        asked.append(given)
        return small

    monkeypatch.setenv("ALBUMEN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ALBUMEN_TONE_STRENGTH", "0.3")
    monkeypatch.setattr("ops.releases.load_release", loaded)
    result = albumen("restore", str(photo), "--out", str(tmp_path / "out"), *options)
    assert result.exit_code == 0, result.output
    assert asked == [expected]


def test_a_tone_that_was_taken_back_is_named(released: PhotoRestorer, photo: Path, tmp_path: Path) -> None:
    released.tone = ToneRestorer(sure_reader(), least_sureness=0.5)
    result = albumen("restore", str(photo), "--out", str(tmp_path / "out"))
    assert result.exit_code == 0, result.output
    assert re.search(r"tone taken back by [1-9]\d*/255", result.output)


def test_marks_that_do_not_count_are_named_with_the_way_to_repair_them(
    released: PhotoRestorer, photo: Path, tmp_path: Path
) -> None:
    make_find_two_kinds(released, decode_rgb(photo.read_bytes()))
    released.age = AgeRule(constant_age(0.1), 0.2, 0.99)
    result = albumen("restore", str(photo), "--out", str(tmp_path / "out"))
    assert result.exit_code == 0, result.output
    assert re.search(r"\(looks sound and is left, \d+\.\d\d% marked: --all-marks restores it, mean", result.output)


@pytest.mark.usefixtures("released")
def test_a_saved_mask_given_back_restores_the_same(photo: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    assert albumen("restore", str(photo), "--out", str(first), "--save-mask").exit_code == 0
    assert set(written(first)) == {"holiday.png", "holiday.mask.png"}
    saved = first / "holiday.mask.png"
    again = albumen("restore", str(photo), "--out", str(second), "--mask", str(saved), "--save-mask")
    assert again.exit_code == 0
    assert written(second)["holiday.mask.png"] == saved.read_bytes()


def test_kinds_are_named_and_saved_in_colours(released: PhotoRestorer, photo: Path, tmp_path: Path) -> None:
    make_find_two_kinds(released, decode_rgb(photo.read_bytes()))
    out = tmp_path / "out"
    result = albumen("restore", str(photo), "--out", str(out), "--save-mask", "--save-kinds", "--side-by-side")
    assert result.exit_code == 0
    assert "damaged (scratch " in result.output
    mask, kinds = (
        decode_rgb((out / "holiday.mask.png").read_bytes()),
        decode_rgb((out / "holiday.kinds.png").read_bytes()),
    )
    assert mask.shape == kinds.shape
    assert torch.equal(kinds.amax(dim=1) > 0, mask.amax(dim=1) > 0)
    assert (out / "holiday.compare.jpg").is_file()
    assert len(kinds.flatten(2)[0].unique(dim=1).mT) == 3  # black, scratches, losses


@pytest.mark.usefixtures("released")
def test_kinds_of_a_given_mask_are_refused_by_name(photo: Path, tmp_path: Path) -> None:
    mask = tmp_path / "mask.png"
    mask.write_bytes(encode_png(torch.ones(1, 1, 60, 80)))
    result = albumen("restore", str(photo), "--out", str(tmp_path / "out"), "--mask", str(mask), "--save-kinds")
    assert result.exit_code == 1
    assert "leave --save-kinds away" in result.output


@pytest.mark.usefixtures("released")
def test_a_mask_that_marks_nearly_everything_is_asked_about(photo: Path, tmp_path: Path) -> None:
    mask = tmp_path / "mask.png"
    for share, asks in ((0.5, False), (0.9, True)):
        drawn = torch.zeros(1, 1, 60, 80)
        drawn[..., : int(60 * share), :] = 1
        mask.write_bytes(encode_png(drawn))
        result = albumen("restore", str(photo), "--out", str(tmp_path / str(share)), "--mask", str(mask))
        assert result.exit_code == 0
        assert ("is it inverted?" in result.output) is asks


@pytest.mark.usefixtures("released")
def test_a_mask_of_another_size_is_answered_with_both_sizes(photo: Path, tmp_path: Path) -> None:
    mask = tmp_path / "mask.png"
    mask.write_bytes(encode_png(torch.zeros(1, 1, 30, 40)))
    result = albumen("restore", str(photo), "--out", str(tmp_path / "out"), "--mask", str(mask))
    assert result.exit_code == 1
    assert "the mask is 40 x 30 px, the photo 80 x 60 px" in result.output


@pytest.mark.usefixtures("released")
def test_one_mask_for_two_photos_is_refused(photo: Path, tmp_path: Path) -> None:
    result = albumen("restore", str(photo), str(photo), "--out", str(tmp_path / "out"), "--mask", str(photo))
    assert result.exit_code == 2
    assert "--mask belongs to one photo, 2 were given" in result.output


@pytest.mark.parametrize("command", [(), ("restore",), ("degrade",), ("archive",), ("demo",), ("dev",)])
def test_every_command_explains_itself(command: tuple[str, ...]) -> None:
    result = albumen(*command, "--help")
    assert result.exit_code == 0
    assert len(result.output) > 150


@pytest.mark.parametrize(("said", "used"), [(None, "PASSIVE"), ("ACTIVE", "ACTIVE")])
def test_threads_wait_without_spinning_unless_somebody_says_otherwise(
    said: str | None, used: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_WAIT_POLICY", said or "")  # so that what the command sets is taken back
    if said is None:
        monkeypatch.delenv("OMP_WAIT_POLICY")
    CliRunner().invoke(main, ["degrade"])  # says that a photo is missing
    assert os.environ["OMP_WAIT_POLICY"] == used

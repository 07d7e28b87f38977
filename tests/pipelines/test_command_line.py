"""The commands that need no model."""

from pathlib import Path

import pytest
import torch
from click.testing import CliRunner, Result

from ops.images import encode_png
from pipelines.command_line import main


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


@pytest.mark.parametrize("command", [(), ("restore",), ("degrade",), ("archive",), ("demo",), ("dev",)])
def test_every_command_explains_itself(command: tuple[str, ...]) -> None:
    result = albumen(*command, "--help")
    assert result.exit_code == 0
    assert len(result.output) > 150

"""`albumen study` says what is missing before it opens a page."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from pipelines.command_line import main


def test_without_a_study_the_command_says_how_to_make_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALBUMEN_HOME", str(tmp_path))
    result = CliRunner().invoke(main, ["study"])
    assert result.exit_code == 1
    assert "materialize the asset preference_study" in result.output

"""The whole way of a photo and of a model, on the pictures that pip has installed, in one process."""

import json
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from pipelines.command_line import main
from tests.pipelines.conftest import Installation

pytestmark = pytest.mark.filterwarnings("ignore")  # dagster's and mlflow's own


@pytest.fixture(scope="module")
def trained(installation: Installation) -> Installation:
    result = installation.run("train_and_release")
    assert result.success, [event.message for event in result.all_events if event.is_failure]
    return installation


def test_the_scores_hold_every_method_on_every_held_out_pair(trained: Installation) -> None:
    scores = pd.read_parquet(trained.settings.home / "results/scores.parquet")
    assert set(scores["method"]) == {"input", "ours", "BM3D", "deep image prior"}
    assert scores.groupby("method").size().eq(3).all()
    assert scores["error"].eq("").all()


def test_the_archive_is_restored_and_the_torn_file_is_in_the_ledger_by_name(trained: Installation) -> None:
    assert trained.run("scan_archive").success
    shards = trained.instance.get_dynamic_partitions("archive_shards")
    assert shards
    for shard in shards:
        assert trained.run("restore_archive", shard).success
    report = trained.run("report_archive")
    assert report.success
    assert all(check.passed for check in report.get_asset_check_evaluations())
    counts = report.output_for_node("archive_report")
    assert counts["restored"] + 1 == counts["photos"] > 1
    assert (counts["refused"], counts["in open shards"]) == (1, 0)
    assert "torn-file.jpg" in (trained.settings.home / "results/archive.md").read_text()


def test_a_second_run_of_a_shard_restores_nothing(trained: Installation) -> None:
    (shard,) = trained.instance.get_dynamic_partitions("archive_shards")
    result = trained.run("restore_archive", shard)
    (materialization,) = result.asset_materializations_for_node("restored_shard")
    assert materialization.metadata["done by an earlier run"].value == materialization.metadata["restored"].value + 1


def test_a_second_training_run_trains_nothing_and_scores_the_same(trained: Installation) -> None:
    before = json.loads((trained.settings.home / "records/scores.json").read_text())
    assert trained.run("train_and_release").success
    assert json.loads((trained.settings.home / "records/scores.json").read_text()) == before


def test_without_a_face_finder_faces_are_left_alone(trained: Installation) -> None:
    verdict = json.loads((trained.settings.home / "records/face_examples.json").read_text())
    assert (verdict["num_faces"], verdict["strength"]) == (0, 0.0)


def test_one_photo_from_the_command_line(trained: Installation, tmp_path: Path) -> None:
    originals = trained.settings.home / "archive/originals/album-1"
    good, torn = originals / "photo-00.jpg", originals / "torn-file.jpg"
    result = CliRunner().invoke(
        main, ["restore", str(good), str(torn), "--out", str(tmp_path), "--side-by-side"], catch_exceptions=False
    )
    assert result.exit_code == 1
    assert "1 of 2 photos restored" in result.output
    assert "torn-file.jpg: not restored" in result.output
    assert {path.name for path in tmp_path.iterdir()} == {"photo-00.jpg", "photo-00.compare.jpg"}


def test_a_missing_model_is_said_with_its_cure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALBUMEN_HOME", str(tmp_path))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)  # mlflow itself sets it
    result = CliRunner().invoke(main, ["restore", "photo.jpg", "--out", str(tmp_path / "out")])
    assert result.exit_code == 1
    assert "no released model 'albumen'" in result.output
    assert "make demo" in result.output

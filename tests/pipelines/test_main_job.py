"""The whole way of a photo and of a model, on the pictures that pip has installed, in one process."""

import json
import shutil
from pathlib import Path

import dagster as dg
import pandas as pd
import pytest
from click.testing import CliRunner

from ops.ablations.variants import ABLATIONS
from ops.preference.ballots import Ballot, BallotBox
from ops.preference.studies import newest_study
from ops.releases import released_identity
from ops.tensor_files import load_tensors
from pipelines.command_line import main
from pipelines.local_servers import tracking_uri
from tests.pipelines.conftest import Installation

pytestmark = pytest.mark.filterwarnings("ignore")  # dagster's and mlflow's own


@pytest.fixture(scope="module")
def trained(installation: Installation) -> Installation:
    result = installation.run("train_and_release")
    assert result.success, [event.message for event in result.all_events if event.is_failure]
    return installation


def test_the_scores_hold_every_method_on_every_held_out_pair(trained: Installation) -> None:
    scores = pd.read_parquet(trained.settings.home / "results/scores.parquet")
    assert set(scores["method"]) == {"input", "ours", "BM3D", "Telea inpainting", "deep image prior"}
    assert scores.groupby("method").size().eq(3).all()
    assert scores["error"].eq("").all()


def test_every_trained_baseline_joins_the_table_on_the_same_pairs(trained: Installation) -> None:
    path = trained.settings.home / "results/scores.parquet"
    before = set(pd.read_parquet(path)["method"])
    result = trained.run("train_baselines")
    assert result.success, [event.message for event in result.all_events if event.is_failure]
    added = {
        "pix2pix", "CycleGAN", "operation-wise attention", "NAFNet", "BM3D then EdgeConnect",
        "deep image prior without mask", "deep image prior stopped by variance",
    }  # fmt: skip
    scores = pd.read_parquet(path)
    assert set(scores["method"]) == before | added
    assert scores.groupby("method").size().eq(3).all()
    assert scores["error"].eq("").all()


def test_a_part_of_the_shards_made_ahead_of_time_is_taken_as_it_is(trained: Installation) -> None:
    (folder,) = (path.parent for path in (trained.settings.home / "pairs").glob("*/train-00000.parquet"))
    shards = sorted(folder.glob("*.parquet"))
    before = [shard.stat().st_mtime_ns for shard in shards]
    assert trained.run("make_pair_shards", "part-01").success
    shards[0].unlink()  # the held-out one: first by name, last in order of making
    result = trained.run("make_pair_shards", f"part-{len(shards):02d}")
    (materialization,) = result.asset_materializations_for_node("degraded_pair_shards")
    assert materialization.metadata["shards"].value == 1
    assert [shard.stat().st_mtime_ns for shard in shards[1:]] == before[1:]
    assert shards[0].is_file()


def test_the_datasheet_lies_among_the_results(trained: Installation) -> None:
    assert "## Refused files" in (trained.settings.home / "results/datasheet.md").read_text()


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


def test_a_study_is_frozen_and_its_votes_are_counted(trained: Installation) -> None:
    home = trained.settings.home
    assert trained.run("judge_by_eye").success
    assert "Nobody has voted" in (home / "results/preference.md").read_text()
    study = newest_study(home / "studies")
    assert {"input", *study.methods} == set(pd.read_parquet(home / "results/scores.parquet")["method"])
    photo = study.photos[0]
    BallotBox(home / "ballots.sqlite").cast(study.sha256, Ballot("anna", photo.name, study.methods, study.methods, 1.0))
    assert trained.run("judge_by_eye").success
    assert "1 ballots of 1 raters" in (home / "results/preference.md").read_text()


def test_without_a_face_finder_a_release_leaves_faces_and_its_card_says_so(trained: Installation) -> None:
    release = released_identity(tracking_uri(trained.settings)).digest
    card = trained.settings.home / "releases" / release / "README.md"
    assert "no face generator was trained" in card.read_text()
    assert trained.run("train_faces").success
    judged = json.loads((trained.settings.home / "records/face_examples.json").read_text())
    assert (judged["verdict"]["num_faces"], judged["verdict"]["strength"]) == (0, 0.0)
    assert "does not help enough people" in card.read_text()
    assert released_identity(tracking_uri(trained.settings)).digest == release


def test_a_face_generator_that_may_is_in_the_next_release(trained: Installation, tmp_path: Path) -> None:
    assert trained.run("train_faces").success
    home, job = trained.settings.home, trained.definitions.resolve_implicit_global_asset_job_def()

    def release() -> Path:
        selection, instance = [dg.AssetKey("released_model")], trained.instance
        assert job.execute_in_process(instance=instance, asset_selection=selection).success
        return home / "releases" / released_identity(tracking_uri(trained.settings)).digest

    record, good = home / "records/face_examples.json", home / "archive/originals/album-1/photo-00.jpg"
    before = record.read_text()
    without = release()
    judged = json.loads(before)
    record.write_text(json.dumps(judged | {"verdict": judged["verdict"] | {"num_faces": 12, "strength": 0.5}}))
    folder = release()
    assert folder != without
    assert "Faces are enhanced at strength 0.5" in (folder / "README.md").read_text()
    assert load_tensors(folder / "model.safetensors", "face_generator.")
    result = CliRunner().invoke(main, ["restore", str(good), "--out", str(tmp_path), "--face-strength", "0"])
    assert result.exit_code == 0
    record.write_text(before)
    assert release() == without


def test_a_second_training_run_trains_nothing_and_scores_the_same(trained: Installation) -> None:
    before = json.loads((trained.settings.home / "records/scores.json").read_text())
    assert trained.run("train_and_release").success
    assert json.loads((trained.settings.home / "records/scores.json").read_text()) == before


def test_an_ablation_is_trained_and_stands_in_the_table(trained: Installation) -> None:
    def materialize(*names: str) -> dg.ExecuteInProcessResult:
        result = trained.definitions.resolve_implicit_global_asset_job_def().execute_in_process(
            instance=trained.instance,
            asset_selection=[dg.AssetKey(name) for name in names],
            run_config={"ops": {key: {"config": {"scale": "SMOKE", "share": 0.05}} for key in names}},
            raise_on_error=False,
        )
        assert result.success, [event.message for event in result.all_events if event.is_failure]
        return result

    result = materialize("ablation_ours", "domain_gap")
    assert "ALBUMEN_OLD_PHOTOS" in result.output_for_node("domain_gap")
    records = trained.settings.home / "records"
    for ablation in ABLATIONS[1:]:  # these are trained in tests/ops/ablations/test_runs.py
        shutil.copy(records / "ablation_ours.json", records / f"ablation_{ablation.slug}.json")
    materialize("ablation_table")
    table = (trained.settings.home / "results/ablations/SMOKE-0.05/ablations.md").read_text()
    assert "| ours | nothing |" in table
    assert "No real old photos" in table


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


def test_faces_that_the_release_cannot_enhance_are_said_before_any_photo_is_restored(
    trained: Installation, tmp_path: Path
) -> None:
    good = trained.settings.home / "archive/originals/album-1/photo-00.jpg"
    result = CliRunner().invoke(main, ["restore", str(good), "--out", str(tmp_path), "--face-strength", "0.5"])
    assert result.exit_code == 1
    assert "this release has no face generator" in result.output
    assert not list(tmp_path.iterdir())


def test_a_missing_model_is_said_with_its_cure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALBUMEN_HOME", str(tmp_path))
    monkeypatch.setenv("ALBUMEN_MODEL", "trained")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)  # mlflow itself sets it
    result = CliRunner().invoke(main, ["restore", "photo.jpg", "--out", str(tmp_path / "out")])
    assert result.exit_code == 1
    assert "no released model 'albumen'" in result.output
    assert "make demo" in result.output

"""What Dagster shows: the assets by group, the jobs, and that nothing runs by itself."""

import dagster as dg
import pytest

from ops.ablations.variants import ABLATIONS
from pipelines import checks, schedules, sensors
from pipelines.definitions import defs

GROUPS = {
    "corpora": {"clean_photos", "old_photos", "textures", "annotated_photos"},
    "dataset": {"degraded_pair_shards", "degraded_pairs", "reality_report"},
    "training": {
        "clean_vae",
        "degraded_vae",
        "inpainter",
        "latent_mapping",
        "tone_reader",
        "age_reader",
        "pretrained_detector",
        "defect_detector",
        "damage_kinds",
    },
    "baselines": {"deep_image_prior", "bm3d", "telea"},
    "trained_baselines": {
        "shared_crops",
        "pix2pix",
        "cyclegan",
        "operation_attention",
        "nafnet",
        "edge_model",
        "edge_connect",
        "sequential",
        "stopped_deep_image_prior",
        "unmasked_deep_image_prior",
    },
    "evaluation": {
        "triplet_translation",
        "worth_filling",
        "clean_photos_left_alone",
        "pairs_as_released",
        "scores",
        "released_model",
        "redrawn_pairs",
        "detector_roc",
    },
    "faces": {"aligned_faces", "face_generator", "face_examples", "face_injection_study"},
    "ablations": {f"ablation_{ablation.slug}" for ablation in ABLATIONS} | {"ablation_table", "domain_gap"},
    "preference": {"preference_study", "old_photo_scores", "preference"},
    "archive": {"sample_collection", "archive_manifest", "restored_shard", "archive_report", "sealed_bag"},
}


def test_every_asset_stands_in_its_group() -> None:
    found: dict[str, set[str]] = {}
    for spec in defs.resolve_all_asset_specs():
        found.setdefault(str(spec.group_name), set()).add(spec.key.to_user_string())
    assert found == GROUPS


def test_every_asset_says_what_it_is() -> None:
    assert [spec.key for spec in defs.resolve_all_asset_specs() if not spec.description] == []


def test_the_main_job_trains_no_ablation() -> None:
    names = set(defs.resolve_job_def("train_and_release").graph.node_names())
    assert not names & GROUPS["ablations"]
    assert set(defs.resolve_job_def("run_ablations").graph.node_names()) == GROUPS["ablations"]


def test_the_main_job_trains_no_baseline() -> None:
    names = set(defs.resolve_job_def("train_and_release").graph.node_names())
    assert not names & GROUPS["trained_baselines"]
    rivals = GROUPS["trained_baselines"] | {"scores", "scores_ours_beats_the_input"}
    assert set(defs.resolve_job_def("train_baselines").graph.node_names()) == rivals


def test_nothing_runs_until_somebody_switches_it_on() -> None:
    assert schedules.nightly_scan.default_status is dg.DefaultScheduleStatus.STOPPED
    for sensor in (sensors.new_photos, sensors.open_shards, sensors.books_after_restoring):
        assert sensor.default_status is dg.DefaultSensorStatus.STOPPED


@pytest.mark.parametrize(("gain", "passes"), [(0.5, True), (0.0, False), (-1.0, False), (float("nan"), False)])
def test_a_model_that_does_not_beat_the_input_is_blocked(gain: float, passes: bool) -> None:
    result = checks.ours_beats_the_input({"ours": gain})
    assert isinstance(result, dg.AssetCheckResult)
    assert result.passed is passes


def test_a_training_of_one_scale_configures_every_step_that_has_a_scale() -> None:
    from pipelines.job_runs import steps_with_scale

    steps = set(steps_with_scale("train_and_release"))
    assert {"degraded_pairs", "redrawn_pairs", "clean_vae", "defect_detector", "released_model"} <= steps
    assert not {"clean_photos", "old_photos", "detector_roc"} & steps
    assert set(steps_with_scale("train_faces")) == GROUPS["faces"] - {"face_injection_study"} | {"released_model"}


def test_the_main_job_is_as_long_as_without_faces() -> None:
    assert not GROUPS["faces"] & set(defs.resolve_job_def("train_and_release").graph.node_names())


def test_a_training_of_the_baselines_configures_every_step_but_the_table() -> None:
    from pipelines.job_runs import steps_with_scale

    assert set(steps_with_scale("train_baselines")) == GROUPS["trained_baselines"]

"""The one ``Definitions`` of the code location."""

import os

import dagster as dg

from pipelines import checks, jobs, schedules, sensors
from pipelines.assets import (
    ablations,
    archive,
    baselines,
    corpora,
    dataset,
    detection,
    evaluation,
    faces,
    preference,
    reality,
    release_marks,
    trained_baselines,
    training,
)
from pipelines.console import console
from pipelines.credentials import ContentCredentials
from pipelines.local_servers import tracking_uri
from pipelines.resources import (
    ArchiveCopies,
    ArchiveStorage,
    Compute,
    Home,
    MetricWeights,
    RecordIOManager,
    RestorationModel,
    Tracking,
)
from pipelines.settings import Settings


def build_definitions(settings: Settings) -> dg.Definitions:
    """Everything Dagster knows of one installation."""
    return dg.Definitions(
        assets=dg.load_assets_from_modules(
            [
                corpora,
                dataset,
                reality,
                training,
                detection,
                faces,
                baselines,
                trained_baselines,
                evaluation,
                release_marks,
                ablations,
                preference,
                archive,
            ]
        ),
        asset_checks=dg.load_asset_checks_from_modules([checks]),
        jobs=[
            jobs.train_and_release,
            jobs.make_pair_shards,
            jobs.train_faces,
            jobs.train_baselines,
            jobs.run_ablations,
            jobs.judge_by_eye,
            jobs.scan_archive,
            jobs.restore_archive,
            jobs.report_archive,
            jobs.seal_archive,
        ],
        schedules=[schedules.nightly_scan, schedules.nightly_books],
        sensors=[sensors.new_photos, sensors.open_shards, sensors.books_after_restoring, sensors.alert_on_failure],
        loggers={"console": console},
        resources={
            "home": Home(root=str(settings.home)),
            "tracking": Tracking(uri=tracking_uri(settings), artifacts=str(settings.home / "mlflow/artifacts")),
            "archive": ArchiveStorage(
                source=settings.archive_source,
                target=settings.archive_target,
                is_sample=settings.is_sample_archive,
                inventory=settings.archive_inventory,
                source_profile=settings.source_profile,
            ),
            "copies": ArchiveCopies(access_px=settings.access_px, has_sheets=settings.has_sheets),
            "photos": corpora.PhotoLocations(
                clean=settings.clean_photos,
                old=settings.old_photos,
                textures=settings.textures,
                faces=settings.face_photos,
                annotated=settings.annotated_photos,
            ),
            "model": RestorationModel(
                choice=settings.model,
                tracking_uri=tracking_uri(settings),
                cache=str(settings.home / "releases"),
                device=settings.device,
                finder_cache=str(settings.home / "cache"),
                face_strength=settings.face_strength,
                tone_strength=settings.tone_strength,
                all_marks=settings.all_marks,
            ),
            "compute": Compute(device=settings.device, gpus=settings.gpus, vgg_weights=settings.vgg),
            "metric_weights": MetricWeights(inception=settings.inception),
            "credentials": ContentCredentials(
                certificate=os.environ.get("ALBUMEN_C2PA_CERTIFICATE", ""),
                private_key=os.environ.get("ALBUMEN_C2PA_KEY", ""),
            ),
            "io_manager": RecordIOManager(root=str(settings.home)),
        },
    )


defs = build_definitions(Settings.from_environment())

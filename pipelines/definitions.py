"""The one ``Definitions`` of the code location."""

import dagster as dg

from pipelines import checks, jobs, schedules, sensors
from pipelines.assets import archive, baselines, corpora, dataset, evaluation, faces, reality, training
from pipelines.console import console
from pipelines.local_servers import tracking_uri
from pipelines.resources import ArchiveStorage, Compute, Home, RecordIOManager, Tracking
from pipelines.settings import Settings


def build_definitions(settings: Settings) -> dg.Definitions:
    """Everything Dagster knows of one installation."""
    return dg.Definitions(
        assets=dg.load_assets_from_modules(
            [corpora, dataset, reality, training, faces, baselines, evaluation, archive]
        ),
        asset_checks=dg.load_asset_checks_from_modules([checks]),
        jobs=[jobs.train_and_release, jobs.scan_archive, jobs.restore_archive, jobs.report_archive],
        schedules=[schedules.nightly_scan],
        sensors=[sensors.new_photos, sensors.open_shards, sensors.books_after_restoring],
        loggers={"console": console},
        resources={
            "home": Home(root=str(settings.home)),
            "tracking": Tracking(uri=tracking_uri(settings), artifacts=str(settings.home / "mlflow/artifacts")),
            "archive": ArchiveStorage(
                source=settings.archive_source, target=settings.archive_target, is_sample=settings.is_sample_archive
            ),
            "photos": corpora.PhotoLocations(
                clean=settings.clean_photos,
                old=settings.old_photos,
                textures=settings.textures,
                faces=settings.face_photos,
            ),
            "compute": Compute(device=settings.device),
            "io_manager": RecordIOManager(root=str(settings.home)),
        },
    )


defs = build_definitions(Settings.from_environment())

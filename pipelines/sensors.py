"""Sensors: what happens when something new is there. Both are stopped until somebody switches them on."""

import dagster as dg

from pipelines.jobs import report_archive, restore_archive, scan_archive
from pipelines.partitions import archive_shards
from pipelines.resources import ArchiveStorage


@dg.sensor(job=scan_archive, minimum_interval_seconds=60)
def new_photos(context: dg.SensorEvaluationContext, archive: ArchiveStorage) -> dg.SensorResult | dg.SkipReason:
    """Asks for a scan when the collection's listing no longer looks as it did at the last scan.

    The cursor is one checksum over all keys and ETags, however many there are.
    """
    from ops.archive.manifest import listing_checksum

    checksum = listing_checksum(archive.open_source())
    if checksum == context.cursor:
        return dg.SkipReason("nothing new in the collection")
    return dg.SensorResult(cursor=checksum, run_requests=[dg.RunRequest(run_key=checksum)])


@dg.sensor(job=restore_archive, minimum_interval_seconds=60)
def open_shards(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
    """Asks for the restoration of each shard that was never restored."""
    known = set(context.instance.get_dynamic_partitions(str(archive_shards.name)))
    done = context.instance.get_materialized_partitions(dg.AssetKey("restored_shard"))
    missing = sorted(known - done)
    if not missing:
        return dg.SkipReason("every shard is restored")
    return dg.SensorResult(run_requests=[dg.RunRequest(run_key=shard, partition_key=shard) for shard in missing[:100]])


@dg.run_status_sensor(
    run_status=dg.DagsterRunStatus.SUCCESS, monitored_jobs=[restore_archive], request_job=report_archive
)
def books_after_restoring(context: dg.RunStatusSensorContext) -> dg.RunRequest:
    """Asks for a new report when a shard was restored."""
    return dg.RunRequest(run_key=context.dagster_run.run_id)

"""Sensors: what happens when something new is there. They are stopped until somebody switches them on."""

import os

import dagster as dg

from pipelines.jobs import report_archive, restore_archive, scan_archive
from pipelines.partitions import archive_shards
from pipelines.resources import ArchiveStorage

_KEYS_A_LOOK = 20_000


@dg.sensor(job=scan_archive, minimum_interval_seconds=60)
def new_photos(context: dg.SensorEvaluationContext, archive: ArchiveStorage) -> dg.SensorResult | dg.SkipReason:
    """Asks for a scan when the collection no longer looks as it did, by a slice of its listing at a time.

    The cursor is one key and two checksums, however many photos there are; see ``ops/archive/listing_watch.py``.
    """
    from ops.archive.listing_watch import Watch, look

    before = Watch.from_cursor(context.cursor)
    now = look(archive.open_source(), before, _KEYS_A_LOOK)
    context.update_cursor(now.cursor)
    if not now.is_round_over or now.known == before.known:
        return dg.SkipReason("nothing new in the collection" if now.is_round_over else f"looked up to {now.after!r}")
    return dg.SensorResult(cursor=now.cursor, run_requests=[dg.RunRequest(run_key=now.known)])


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


@dg.run_failure_sensor(monitor_all_code_locations=False)
def alert_on_failure(context: dg.RunFailureSensorContext) -> dg.SkipReason | None:
    """Tells ``ALBUMEN_ALERT_URL`` which run failed; the reason, which may quote anything, stays in Dagster."""
    from ops.alerts import send_alert

    url = os.environ.get("ALBUMEN_ALERT_URL")
    if not url:
        return dg.SkipReason("ALBUMEN_ALERT_URL is not set")
    run = context.dagster_run
    partition = run.tags.get("dagster/partition", "")
    failure = send_alert(url, f"albumen: {run.job_name} {partition} failed; run {run.run_id}")
    return None if failure is None else dg.SkipReason(failure)

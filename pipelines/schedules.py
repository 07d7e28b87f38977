"""Schedules: what happens by the clock. Stopped by default, so that a fresh clone never surprises anyone."""

import dagster as dg

from pipelines.jobs import scan_archive

nightly_scan = dg.ScheduleDefinition(
    name="nightly_scan",
    job=scan_archive,
    cron_schedule="0 2 * * *",
    description="Every night at two: look for new and changed photos in the collection.",
)

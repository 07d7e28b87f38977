"""Schedules: what happens by the clock. Stopped by default, so that a fresh clone never surprises anyone."""

import dagster as dg

from pipelines.jobs import report_archive, scan_archive

nightly_scan = dg.ScheduleDefinition(
    name="nightly_scan",
    job=scan_archive,
    cron_schedule="0 2 * * *",
    description="Every night at two: look for new and changed photos in the collection.",
)

nightly_books = dg.ScheduleDefinition(
    name="nightly_books",
    job=report_archive,
    cron_schedule="0 7 * * *",
    description="Every morning at seven: the report of the collection, with rates, refusals by reason and samples.",
)

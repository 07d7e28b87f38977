"""Dagster declarations: assets, checks, jobs, schedules, sensors. No tensor is touched here."""

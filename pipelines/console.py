"""What a person sees while a job runs in a terminal: one short line a message, and nothing of the machinery."""

import logging
import sys
from typing import Any

import dagster as dg

_SHOWN_EVENTS = {"STEP_START": "started", "STEP_SUCCESS": "done", "STEP_FAILURE": "FAILED", "RUN_FAILURE": "FAILED"}


class ShortFormatter(logging.Formatter):
    """``12:30:05  clean_vae  step 200/800 ...``."""

    def format(self, record: logging.LogRecord) -> str:
        """Time, step and the message as it was written."""
        meta: dict[str, Any] = getattr(record, "dagster_meta", {})
        message = meta.get("orig_message") or record.getMessage()
        event = meta.get("dagster_event")
        if event is not None:
            message = _SHOWN_EVENTS[event.event_type_value]
            if message == "FAILED":
                message = f"FAILED: {_reason(event)}"
        return f"{self.formatTime(record, '%H:%M:%S')}  {meta.get('step_key') or 'run'}  {message}"


@dg.logger(config_schema={"log_level": dg.Field(str, default_value="INFO", is_required=False)})
def console(init_context: dg.InitLoggerContext) -> logging.Logger:
    """The console logger of every job."""
    logger = logging.Logger("albumen", level=init_context.logger_config["log_level"])
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(ShortFormatter())
    handler.addFilter(_is_for_people)
    logger.addHandler(handler)
    return logger


def _is_for_people(record: logging.LogRecord) -> bool:
    event = getattr(record, "dagster_meta", {}).get("dagster_event")
    return event is None or event.event_type_value in _SHOWN_EVENTS


def _reason(event: dg.DagsterEvent) -> str:
    """The sentence of whoever raised first, without Dagster's wrapping and the stack, which stand in the UI."""
    error = getattr(event.event_specific_data, "error", None)
    while error is not None and error.cause is not None:
        error = error.cause
    return (error.message if error is not None else event.message or "").strip()

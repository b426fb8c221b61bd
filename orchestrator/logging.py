"""Logs: one JSON object a line on standard error, with the ids of the request at work."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from pythonjsonlogger.json import JsonFormatter

from orchestrator import context

if TYPE_CHECKING:
    from collections.abc import Mapping


class RequestIdFilter(logging.Filter):
    """Adds the ids of the request or job at work to each record."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep the record; ids stand in it afterwards where there are any."""
        at_work = context.current()
        if at_work:
            record.request_id = at_work.request_id
            record.trace_id = at_work.traceparent.split("-")[1]
        return True


class UnexpectedOnlyFilter(logging.Filter):
    """Drops Django's line for each 4xx and 5xx answer; the access line has the same.

    What stays are exceptions that nobody expected, with their traceback.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep records with a traceback."""
        return bool(record.exc_info)


class JsonLineFormatter(JsonFormatter):
    """Time, level, logger, sentence, then the fields."""

    # Objects that Django hangs on its records; their repr says nothing.
    UNPRINTABLE = ("request", "server_time", "taskName")

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        """Leave out what cannot be read."""
        for name in self.UNPRINTABLE:
            log_data.pop(name, None)
        return super().process_log_record(log_data)


def logging_config(*, level: str) -> Mapping[str, Any]:
    """Return Django's LOGGING for the level, one of DEBUG INFO WARNING ERROR."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {
            "request_id": {"()": RequestIdFilter},
            "unexpected_only": {"()": UnexpectedOnlyFilter},
        },
        "formatters": {
            "json": {
                "()": JsonLineFormatter,
                "format": "%(levelname)s %(name)s %(message)s",
                "rename_fields": {"levelname": "level", "name": "logger"},
                "timestamp": "time",
            }
        },
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "formatter": "json",
                "filters": ["request_id"],
            }
        },
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            # Django would print in its own format and mail the administrators.
            "django": {"handlers": [], "level": level, "propagate": True},
            "django.request": {"filters": ["unexpected_only"]},
            # Anybody can ask for a host that is not ours; the access line with its 400 is enough.
            "django.security.DisallowedHost": {"level": "CRITICAL"},
            "django.server": {"handlers": [], "level": "WARNING", "propagate": True},
            # Its INFO lines tell of each log-in several times.
            "axes": {"level": "WARNING"},
        },
    }

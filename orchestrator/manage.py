"""The console script ``furrow-manage``: Django's commands with this project's settings."""

from __future__ import annotations

import os
import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING

from django.core.management import execute_from_command_line

from farm.observability import values

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from farm.observability.job_metrics import Reporter

# Commands that live long share the web processes' folder of counters, as what.
LONG_LIVED = {"db_worker": "worker"}
# Commands that work for a while and end: what they count is reported. The others, such as
# `migrate` and `check`, count nothing that anybody asks for, and start and end the faster.
REPORTED = frozenset({"demo", "generate_demo", "ingest_folder", "load_demo"})


def main() -> None:
    """Run the command that stands on the command line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orchestrator.settings")
    command = sys.argv[1] if len(sys.argv) > 1 else ""
    if command in LONG_LIVED:
        values.share_if_asked(role=LONG_LIVED[command])
    else:
        values.keep()
    with _reporting(command):
        execute_from_command_line(sys.argv)


def _reporting(command: str) -> AbstractContextManager[object]:
    if command not in REPORTED:
        return nullcontext()
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured

    from farm.observability.job_metrics import is_reachable, reporting

    try:
        target = settings.METRICS_TARGET
    except ImproperlyConfigured:
        return nullcontext()  # the command says so itself
    if not is_reachable(target):
        return nullcontext()

    def client() -> Reporter:  # gRPC is loaded once there is something to say
        from farm.clients.metrics import metrics_client

        return metrics_client()

    return reporting(command, client=client)

"""``manage.py db_worker``: runs background jobs until it is asked to end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand
from django.utils.crypto import get_random_string
from django_tasks_db.management.commands.db_worker import (
    valid_interval,
    valid_max_tasks,
    validate_worker_id,
)

from farm.jobs.worker import JobWorker
from farm.observability.process import begin

if TYPE_CHECKING:
    from django.core.management.base import CommandParser


class Command(BaseCommand):
    """Stands in front of the task backend's own command of this name."""

    help = "Run background jobs until asked to end."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options, named as in the task backend's own command."""
        parser.add_argument(
            "--interval",
            type=valid_interval,
            default=0.5,
            help="Seconds between two looks at an empty queue (default: %(default)s).",
        )
        parser.add_argument(
            "--batch", action="store_true", help="End when nothing is left to be done."
        )
        parser.add_argument(
            "--max-tasks", type=valid_max_tasks, default=None, help="End after so many tasks."
        )
        parser.add_argument(
            "--worker-id",
            type=validate_worker_id,
            default=get_random_string(32),
            help="Name of this worker, unlike any other (default: random).",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Work."""
        del args
        worker = JobWorker(
            queue_names=["default"],
            interval=options["interval"],
            batch=options["batch"],
            backend_name="default",
            startup_delay=False,
            max_tasks=options["max_tasks"],
            worker_id=options["worker_id"],
            excluded_queue_names=[],
        )
        begin(service="furrow-worker")
        worker.configure_signals()
        worker.run()

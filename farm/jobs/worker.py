"""The process that runs jobs: the task backend's worker, with a sweeper and a quiet end."""

from __future__ import annotations

import logging
import signal
import sys
import threading
import time
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import InterfaceError, OperationalError, close_old_connections, connections
from django.db.models import Q
from django.utils import timezone
from django_tasks_db.management.commands.db_worker import Worker

from farm.imagery.gauges import set_imagery_gauges
from farm.imagery.storage import object_store
from farm.jobs.gauges import set_queue_gauges
from farm.jobs.lease import stopping
from farm.jobs.models import Job, JobState
from farm.jobs.queue import prune, sweep
from farm.observability.gc_time import collections
from farm.weather.forecasts import thin_forecasts
from farm.weather.gauges import set_weather_gauges
from farm.weather.places import prune_places
from farm.weather.refresh_jobs import begin_with_new_farms, prune_jobs, schedule_due

if TYPE_CHECKING:
    from types import FrameType

log = logging.getLogger("furrow.jobs")

SWEEP_EVERY_S = 3.0
MEASURE_EVERY_S = 15.0
# Feeds are due by the hour; a minute sooner or later is within their jitter.
SCHEDULE_EVERY_S = 30.0
TIDY_EVERY_S = 3600.0
# With `--batch` the worker ends when nothing is left; longer waits of jobs are not sat out.
BATCH_PATIENCE_S = 60.0
# No request takes this long, so whoever was sending is gone.
FORGOTTEN_UPLOAD_S = 6 * 3600.0


class JobWorker(Worker):
    """Takes tasks one after another; asked to end, it gives the job at work back first."""

    def run(self) -> None:
        """Work until asked to end."""
        sweeper = Sweeper()
        sweeper.start()
        log.info("The job worker is ready.", extra={"worker": self.worker_id})
        try:
            super().run()
            while self.batch and self.running and not self._has_run_enough() and _more_comes():
                time.sleep(self.interval)
                super().run()
        finally:
            sweeper.stop()

    def _has_run_enough(self) -> bool:
        return self.max_tasks is not None and self._run_tasks >= self.max_tasks

    def shutdown(self, signum: int, frame: FrameType | None) -> None:
        """End after the job at work has reached its next checkpoint; at once when asked twice."""
        if not self.running:
            self.reset_signals()
            sys.exit(1)
        log.info("The job worker ends.", extra={"signal": signal.Signals(signum).name})
        self.running = False
        stopping.set()
        if not self.running_task:
            sys.exit(0)


def _more_comes() -> bool:
    """Say whether a job runs elsewhere or waits for its next attempt, and not for long."""
    soon = timezone.now() + timedelta(seconds=BATCH_PATIENCE_S)
    waits = Q(state=JobState.QUEUED) & (Q(run_after__isnull=True) | Q(run_after__lte=soon))
    return Job.objects.filter(waits | Q(state=JobState.RUNNING)).exists()


class Sweeper:
    """Every few seconds gives jobs that were left lying back to the queue."""

    def __init__(self, *, interval_s: float = SWEEP_EVERY_S) -> None:
        """Sweep every ``interval_s`` seconds."""
        self._interval_s = interval_s
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="job-sweeper", daemon=True)
        self._tidied_at = float("-inf")
        self._measured_at = float("-inf")
        self._scheduled_at = float("-inf")

    def start(self) -> None:
        """Start; the first sweep comes at once."""
        self._thread.start()

    def stop(self) -> None:
        """Stop after the sweep at work."""
        self._ended.set()
        self._thread.join(timeout=self._interval_s)

    def _run(self) -> None:
        try:
            while not self._ended.is_set():
                close_old_connections()
                self.sweep_once()
                self._ended.wait(self._interval_s)
        finally:
            connections.close_all()

    def sweep_once(self) -> None:
        """Sweep, four times a minute measure, and once an hour delete what nobody needs."""
        try:
            found = sweep(now=timezone.now())
            if found:
                log.info("Jobs were given back to the queue.", extra={"jobs": found})
            if time.monotonic() - self._measured_at > MEASURE_EVERY_S:
                self._measured_at = time.monotonic()
                set_queue_gauges(now=timezone.now())
                set_imagery_gauges()
                set_weather_gauges(now=timezone.now())
                collections.count()
            if time.monotonic() - self._scheduled_at > SCHEDULE_EVERY_S:
                self._scheduled_at = time.monotonic()
                begin_with_new_farms(now=timezone.now())
                schedule_due(now=timezone.now())
            if time.monotonic() - self._tidied_at > TIDY_EVERY_S:
                self._tidied_at = time.monotonic()
                prune(now=timezone.now())
                object_store().sweep_incoming(older_than_s=FORGOTTEN_UPLOAD_S)
                prune_jobs(now=timezone.now())
                prune_places(now=timezone.now())
                thin_forecasts(now=timezone.now())
        except (OperationalError, InterfaceError) as error:
            log.warning("A sweep failed; the next one follows.", extra={"error": str(error)})

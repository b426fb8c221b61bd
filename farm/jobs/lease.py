"""Who holds a job: claimed by a conditional update, kept by a heartbeat, lost by silence."""

from __future__ import annotations

import logging
import threading
import time
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import OperationalError, connections, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from farm.jobs.models import OPEN, Job, JobState

if TYPE_CHECKING:
    from datetime import datetime

log = logging.getLogger("furrow.jobs")

# Two heartbeats may fail before somebody else takes over.
LEASE_S = 30.0
HEARTBEAT_S = 10.0
# Progress is for eyes; more writes than this only cost.
PROGRESS_EVERY_S = 1.0


class LeaseLostError(Exception):
    """Another run holds the job now; whatever this one would write is not wanted any more."""


class JobStoppedError(Exception):
    """The run was asked to stop and did, before it was done."""


# Set when the worker was asked to end: runs stop at their next checkpoint and give the job back.
stopping = threading.Event()


def due(now: datetime) -> Q:
    """Select jobs that may be claimed: queued and not waiting, or held by a run gone silent."""
    waiting = Q(state=JobState.QUEUED) & (Q(run_after__isnull=True) | Q(run_after__lte=now))
    return waiting | Q(state=JobState.RUNNING, leased_until__lt=now)


def claim(*, job_id: int, run_id: str, now: datetime) -> Job | None:
    """Take a job for one run; None when it is not due, or another job works on the same subject.

    Args:
        job_id: The job.
        run_id: Names the run, unlike any other.
        now: The time.
    """
    with transaction.atomic():
        # PostgreSQL lets two claims of one subject run at once, each blind to the other's update:
        # whoever has locked the subject's open jobs goes first. SQLite has one writer anyway.
        _lock_subject_of(job_id)
        return _claim(job_id=job_id, run_id=run_id, now=now)


def _lock_subject_of(job_id: int) -> None:
    subject = Job.objects.filter(pk=job_id).values("kind", "subject_id").first()
    if subject is not None:
        rows = Job.objects.select_for_update().filter(**subject, state__in=OPEN).order_by("pk")
        list(rows.values_list("pk", flat=True))


def _claim(*, job_id: int, run_id: str, now: datetime) -> Job | None:
    rivals = Job.objects.filter(
        kind=OuterRef("kind"),
        subject_id=OuterRef("subject_id"),
        state=JobState.RUNNING,
        leased_until__gte=now,
    ).exclude(pk=OuterRef("pk"))
    claimed = Job.objects.filter(due(now), ~Exists(rivals), pk=job_id).update(
        state=JobState.RUNNING,
        leased_by=run_id,
        leased_until=now + timedelta(seconds=LEASE_S),
        attempts=F("attempts") + 1,
        run_after=None,
        started_at=now,
        finished_at=None,
    )
    return Job.objects.get(pk=job_id) if claimed else None


class JobRun:
    """One run of a job, as its handler sees it.

    Attributes:
        job: The row as it was when it was claimed.
    """

    def __init__(self, job: Job) -> None:
        """Hold the lease that ``claim`` took."""
        self.job = job
        self.is_lost = False
        self.is_cancel_requested = job.is_cancel_requested
        self._last_progress = float("-inf")

    def held(self) -> Q:
        """Select the job's row as long as this run holds it."""
        return Q(pk=self.job.pk, leased_by=self.job.leased_by, state=JobState.RUNNING)

    def beat(self) -> None:
        """Prolong the lease, and learn whether the job was cancelled or lost."""
        until = timezone.now() + timedelta(seconds=LEASE_S)
        if not Job.objects.filter(self.held()).update(leased_until=until):
            self.is_lost = True
            return
        flag = Job.objects.filter(pk=self.job.pk).values_list("is_cancel_requested", flat=True)
        self.is_cancel_requested = bool(flag.first())

    def fence(self) -> None:
        """Make sure, inside the transaction of a write, that this run still holds the job.

        The update locks the row until the transaction ends, so no other run can take the job in
        between.

        Raises:
            LeaseLostError: It does not; the transaction must be rolled back.
        """
        self.beat()
        if self.is_lost:
            msg = f"Job {self.job.pk} is held by another run."
            raise LeaseLostError(msg)

    def should_stop(self) -> bool:
        """Say whether the handler should leave at its next checkpoint."""
        return self.is_lost or self.is_cancel_requested or stopping.is_set()

    def checkpoint(self) -> None:
        """Leave here when asked to.

        Raises:
            JobStoppedError: The job was cancelled or lost, or the worker ends.
        """
        if self.should_stop():
            raise JobStoppedError

    def progress(self, done: int, total: int, note: str) -> None:
        """Tell how far the work is; written at most once a second, and when it is complete."""
        now = time.monotonic()
        if done < total and now - self._last_progress < PROGRESS_EVERY_S:
            return
        self._last_progress = now
        Job.objects.filter(self.held()).update(
            progress_done=done, progress_total=total, progress_note=note[:200]
        )
        self.beat()


class Heartbeat:
    """Prolongs a run's lease from a thread with its own database connection."""

    def __init__(self, run: JobRun, *, interval_s: float = HEARTBEAT_S) -> None:
        """Beat for ``run`` every ``interval_s`` seconds."""
        self._run = run
        self._interval_s = interval_s
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="job-heartbeat", daemon=True)

    def __enter__(self) -> None:
        """Start."""
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        """Stop and wait for the last beat to end."""
        self._ended.set()
        self._thread.join()

    def _beat(self) -> None:
        try:
            while not self._ended.wait(self._interval_s):
                try:
                    self._run.beat()
                except OperationalError as error:  # the database is busy: the next beat may do
                    log.info("A heartbeat failed.", extra={"error": str(error)})
                if self._run.is_lost:
                    return
        finally:
            connections.close_all()

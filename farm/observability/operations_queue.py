"""The queue of jobs in figures, for the operations page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db.models import Count, F, Min, Q
from django.db.models.functions import Coalesce

from farm.jobs.models import OPEN, Job, JobKind, JobState

if TYPE_CHECKING:
    from datetime import datetime

# What "lately" means for jobs that have ended.
LATELY = timedelta(days=1)
# Failed jobs that are named one by one.
MOST_FAILURES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class KindOfJob:
    """Jobs of one kind."""

    label: str
    waiting: int
    running: int
    succeeded: int  # lately
    failed: int  # lately
    cancelled: int  # lately
    oldest_waiting_s: float | None  # how long it could have run already; None: none waits


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedJob:
    """A job that ended in failure lately."""

    id: int
    label: str
    farm: str
    finished_at: datetime
    attempts: int
    error_code: str
    error_detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JobQueue:
    """All of it."""

    kinds: tuple[KindOfJob, ...]  # every kind there is, also those without a job
    failures: tuple[FailedJob, ...]  # the latest first


def job_queue(*, now: datetime) -> JobQueue:
    """Count the open jobs and those that ended within the last day."""
    since = now - LATELY
    ended = Q(finished_at__gte=since)
    counts = {
        (row["kind"], row["state"]): row["count"]
        for row in Job.objects.filter(Q(state__in=OPEN) | ended)
        .order_by()
        .values("kind", "state")
        .annotate(count=Count("pk"))
    }
    oldest = {
        row["kind"]: row["since"]
        for row in Job.objects.filter(Q(run_after=None) | Q(run_after__lte=now))
        .filter(state=JobState.QUEUED)
        .order_by()
        .values("kind")
        # A job that was put off waits since it may run, not since it was made.
        .annotate(since=Min(Coalesce(F("run_after"), F("created_at"))))
    }
    kinds = tuple(
        KindOfJob(
            label=kind.label,
            waiting=counts.get((kind, JobState.QUEUED), 0),
            running=counts.get((kind, JobState.RUNNING), 0),
            succeeded=counts.get((kind, JobState.SUCCEEDED), 0),
            failed=counts.get((kind, JobState.FAILED), 0),
            cancelled=counts.get((kind, JobState.CANCELLED), 0),
            oldest_waiting_s=(now - oldest[kind]).total_seconds() if kind in oldest else None,
        )
        for kind in JobKind
    )
    return JobQueue(kinds=kinds, failures=_failures(since=since))


def _failures(*, since: datetime) -> tuple[FailedJob, ...]:
    jobs = (
        Job.objects.filter(state=JobState.FAILED, finished_at__gte=since)
        .select_related("farm")
        .order_by("-finished_at", "-pk")[:MOST_FAILURES]
    )
    return tuple(
        FailedJob(
            id=job.pk,
            label=job.get_kind_display(),
            farm=job.farm.name,
            finished_at=job.finished_at,
            attempts=job.attempts,
            error_code=job.error_code,
            error_detail=job.error_detail,
        )
        for job in jobs
        if job.finished_at is not None
    )

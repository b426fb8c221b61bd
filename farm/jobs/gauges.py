"""How the queue stands, as gauges that a worker sets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Count, Min, Q
from django.db.models.functions import Coalesce

from farm.jobs.models import Job, JobKind, JobState
from farm.observability.metrics import JOBS_WAITING, OLDEST_WAITING_SECONDS, WORKER_HEARTBEAT

if TYPE_CHECKING:
    from datetime import datetime


def set_queue_gauges(*, now: datetime) -> None:
    """Count the jobs that wait and how long the oldest does that could run."""
    waiting = Job.objects.filter(state=JobState.QUEUED).order_by()
    counted = dict(waiting.values_list("kind").annotate(Count("pk")))
    for kind in JobKind.values:
        JOBS_WAITING.labels(kind).set(counted.get(kind, 0))
    could_run = Q(run_after__isnull=True) | Q(run_after__lte=now)
    # A job waits for a worker since it was asked for, or since its back-off ended.
    since = waiting.filter(could_run).aggregate(at=Min(Coalesce("run_after", "created_at")))["at"]
    OLDEST_WAITING_SECONDS.set(max(0.0, (now - since).total_seconds()) if since else 0.0)
    WORKER_HEARTBEAT.set(now.timestamp())

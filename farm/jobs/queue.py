"""Hands jobs to the task backend, and again whenever one was left lying.

The rows of ``Job`` are the truth; a task is only a hint to look at one. A hint too many does
nothing, a hint that got lost is given again by ``sweep``.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from farm.jobs.lease import due
from farm.jobs.models import Job
from farm.jobs.tasks import run_job

if TYPE_CHECKING:
    from datetime import datetime

log = logging.getLogger("furrow.jobs")

# Hints given in one sweep at most; the next sweep follows in seconds.
MAX_PER_SWEEP = 500
# Hints are of no use once their job has ended; a day of them is kept to look at.
KEEP_TASKS = timedelta(days=1)


def enqueue(job: Job) -> None:
    """Hint that a job is due. Inside a transaction the hint appears when that is committed."""
    run_job.enqueue(job.pk)


def sweep(*, now: datetime) -> int:
    """Give hints for jobs that are due and have none: back-offs that ended, leases that ran out.

    Returns:
        Number of hints given.
    """
    waiting = {
        arguments["args"][0]
        for arguments in DBTaskResult.objects.filter(
            task_path=run_job.module_path, status=TaskResultStatus.READY
        ).values_list("args_kwargs", flat=True)
    }
    jobs = Job.objects.filter(due(now)).exclude(pk__in=waiting).order_by("pk")[:MAX_PER_SWEEP]
    for job in jobs:
        enqueue(job)
    return len(jobs)


def prune(*, now: datetime) -> None:
    """Delete hints that are older than a day, those of killed workers included."""
    DBTaskResult.objects.filter(
        task_path=run_job.module_path, started_at__lt=now - KEEP_TASKS
    ).delete()

"""What can be asked of jobs: that there be one, that it stop, that it try again."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.utils import timezone

from farm.errors import ConflictError, InvalidInputError
from farm.jobs.models import OPEN, Job, JobState
from farm.jobs.queue import enqueue

if TYPE_CHECKING:
    from farm.accounts.models import User
    from farm.farms.models import Farm
    from farm.jobs.models import JobKind

MAX_KEY_LENGTH = 120


def request_job(
    *,
    farm: Farm,
    kind: JobKind,
    subject_id: int,
    requested_by: User | None,
    idempotency_key: str | None = None,
) -> Job:
    """Ask for work; the same work that still waits is not asked for twice.

    Args:
        farm: Whose job it is.
        kind: What to do.
        subject_id: To what.
        requested_by: Who asks; None for the system itself.
        idempotency_key: The caller's name for this request; the farm's job of that name is returned
            where there is one.

    Raises:
        ConflictError: The key names a job for something else.
        InvalidInputError: The key is longer than 120 characters.
    """
    if idempotency_key and len(idempotency_key) > MAX_KEY_LENGTH:
        msg = f"An Idempotency-Key has {MAX_KEY_LENGTH} characters at most."
        raise InvalidInputError(msg, reason="IDEMPOTENCY_KEY_INVALID")
    if idempotency_key:
        known = _known(farm, kind, subject_id, idempotency_key)
    else:
        # A running one may have read what has changed since; one that waits has not.
        known = Job.objects.filter(
            farm=farm, kind=kind, subject_id=subject_id, state=JobState.QUEUED
        ).first()
    if known is not None:
        return known
    try:
        with transaction.atomic():
            job = Job.objects.create(
                farm=farm,
                kind=kind,
                subject_id=subject_id,
                requested_by=requested_by,
                idempotency_key=idempotency_key or f"{kind}:{subject_id}:{uuid.uuid4()}",
            )
            enqueue(job)
    except IntegrityError:  # the same request came twice at once, and the other was first
        twin = _known(farm, kind, subject_id, idempotency_key or "")
        if twin is None:
            raise
        return twin
    return job


def cancel_job(*, job: Job) -> Job:
    """Stop a job: at once where it waits, at its next checkpoint where it runs.

    Raises:
        ConflictError: It has ended already.
    """
    Job.objects.filter(pk=job.pk, state=JobState.QUEUED).update(
        state=JobState.CANCELLED, is_cancel_requested=True, finished_at=timezone.now()
    )
    Job.objects.filter(pk=job.pk, state=JobState.RUNNING).update(is_cancel_requested=True)
    job.refresh_from_db()
    if not job.is_cancel_requested:
        msg = f"Job {job.pk} has ended: it is {job.state}."
        raise ConflictError(msg, reason="JOB_ENDED")
    return job


def retry_job(*, job: Job) -> Job:
    """Run a job that failed or was cancelled once more, with all its attempts.

    Raises:
        ConflictError: It is still open, or has succeeded.
    """
    with transaction.atomic():
        changed = Job.objects.filter(
            pk=job.pk, state__in=(JobState.FAILED, JobState.CANCELLED)
        ).update(
            state=JobState.QUEUED,
            attempts=0,
            run_after=None,
            is_cancel_requested=False,
            error_code="",
            error_detail="",
            finished_at=None,
            progress_done=0,
            progress_total=0,
            progress_note="",
        )
        job.refresh_from_db()
        if changed:
            enqueue(job)
    if not changed:
        if job.state == JobState.SUCCEEDED:
            msg = f"Job {job.pk} has succeeded; there is nothing to try again."
            raise ConflictError(msg, reason="JOB_ALREADY_SUCCEEDED")
        msg = f"Job {job.pk} is {job.state}; only failed and cancelled jobs run again."
        raise ConflictError(msg, reason="JOB_NOT_ENDED")
    return job


def cancel_open_jobs(*, kind: JobKind, subject_id: int) -> None:
    """Stop whatever is still open for a subject that is about to go."""
    for job in Job.objects.filter(kind=kind, subject_id=subject_id, state__in=OPEN):
        Job.objects.filter(pk=job.pk, state=JobState.QUEUED).update(
            state=JobState.CANCELLED, is_cancel_requested=True, finished_at=timezone.now()
        )
        Job.objects.filter(pk=job.pk, state=JobState.RUNNING).update(is_cancel_requested=True)


def _known(farm: Farm, kind: JobKind, subject_id: int, idempotency_key: str) -> Job | None:
    known = Job.objects.filter(farm=farm, idempotency_key=idempotency_key).first()
    if known is not None and (known.kind, known.subject_id) != (kind, subject_id):
        msg = f"The Idempotency-Key “{idempotency_key}” was used for something else."
        raise ConflictError(msg, reason="IDEMPOTENCY_KEY_REUSED")
    return known

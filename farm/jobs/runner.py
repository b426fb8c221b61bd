"""Runs a job once: claim, do, and write down how it ended."""

from __future__ import annotations

import logging
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from django.db import InterfaceError, OperationalError
from django.utils import timezone
from django.utils.module_loading import import_string

from farm.errors import (
    FarmError,
    ServiceBusyError,
    ServiceFaultError,
    ServiceUnavailableError,
)
from farm.jobs.lease import Heartbeat, JobRun, JobStoppedError, LeaseLostError, claim
from farm.jobs.models import Job, JobKind, JobState
from farm.observability.metrics import JOB_SECONDS, JOBS
from orchestrator import context

if TYPE_CHECKING:
    from datetime import datetime

log = logging.getLogger("furrow.jobs")

# Waiting helps against these; anything else in the family fails the same way every time.
TRANSIENT = (
    ServiceBusyError,
    ServiceUnavailableError,
    ServiceFaultError,
    OperationalError,
    InterfaceError,
)

# A service that is down or full comes back by itself; with five minutes between attempts this is
# patience for a night. Codes of the failures that are waited for so long.
PATIENT_ATTEMPTS = 100
PATIENT_CODES = frozenset({ServiceBusyError.code, ServiceUnavailableError.code})

FIRST_BACK_OFF_S = 2.0
MAX_BACK_OFF_S = 300.0

NOT_DUE = "not due"


class JobHandler(Protocol):
    """What does the work of a kind of job."""

    def run(self, run: JobRun) -> None:
        """Do it to the end, or raise: anything at all once ``run.should_stop()``."""

    def give_up(self, job: Job, detail: str) -> None:
        """Note on the subject that the job has failed for good."""


# By name, so that jobs know no kind of work and every kind of work may ask for jobs.
HANDLERS: dict[str, str] = {
    JobKind.INGEST_SCENE: "farm.imagery.ingest_jobs.IngestScene",
    JobKind.RECOMPUTE_FIELD: "farm.imagery.ingest_jobs.RecomputeField",
    JobKind.REFRESH_WEATHER: "farm.weather.refresh_jobs.RefreshWeather",
}


def run(*, job_id: int, handler: JobHandler | None = None) -> str:
    """Run a job if it is due.

    Args:
        job_id: The job.
        handler: Does the work; by default what ``HANDLERS`` names for the kind.

    Returns:
        State of the job after the run, or ``NOT_DUE``.
    """
    job = claim(job_id=job_id, run_id=secrets.token_hex(16), now=timezone.now())
    if job is None:
        return NOT_DUE
    handler = handler or import_string(HANDLERS[job.kind])()
    job_run = JobRun(job)
    with context.bound(context.new_context()), JOB_SECONDS.labels(job.kind).time():
        log.info("A job runs.", extra=_about(job))
        if job.attempts > _attempts_allowed(job, after=job.error_code):
            # Whoever ran it before was killed each time and could not write this down.
            detail = f"The worker was lost {job.attempts - 1} times while it did this."
            return _fail(job_run, handler, code="worker_lost", detail=detail)
        try:
            with Heartbeat(job_run):
                job_run.checkpoint()
                handler.run(job_run)
        except Exception as error:
            return _settle(job_run, handler, error)
        return _end(job_run, state=JobState.SUCCEEDED)


def back_off_s(*, attempts: int, at_least_s: float = 0.0) -> float:
    """Return how long to wait after a number of attempts, in seconds.

    Doubles from 2 s to 5 min and is spread by half to either side, so that jobs that failed
    together do not come back together.
    """
    middle = min(MAX_BACK_OFF_S, FIRST_BACK_OFF_S * 2.0 ** min(attempts - 1, 16))
    return max(at_least_s, middle * secrets.SystemRandom().uniform(0.5, 1.5))


def _settle(run: JobRun, handler: JobHandler, error: Exception) -> str:
    """Write down why a run did not reach its end; that it was asked to stop goes first."""
    if run.is_lost or isinstance(error, LeaseLostError):
        log.warning("A run lost its job to another one and wrote no more.", extra=_about(run.job))
        return NOT_DUE
    if run.is_cancel_requested:
        return _end(run, state=JobState.CANCELLED)
    if isinstance(error, JobStoppedError):
        return _give_back(run)
    is_expected = isinstance(error, (FarmError, *TRANSIENT))
    if not is_expected:
        log.error("A job failed unexpectedly.", exc_info=error, extra=_about(run.job))
    code = error.code if isinstance(error, FarmError) else "internal"
    detail = str(error) if is_expected else "Something went wrong on our side; the log has it."
    is_permanent = isinstance(error, FarmError) and not isinstance(error, TRANSIENT)
    if is_permanent or run.job.attempts >= _attempts_allowed(run.job, after=code):
        return _fail(run, handler, code=code, detail=detail)
    at_least_s = error.retry_after_s if isinstance(error, ServiceBusyError) else 0.0
    wait_s = back_off_s(attempts=run.job.attempts, at_least_s=at_least_s)
    return _wait(run, code=code, detail=detail, wait_s=wait_s)


def _attempts_allowed(job: Job, *, after: str) -> int:
    """Return how often a job is tried whose last attempt ended with a code."""
    return max(job.max_attempts, PATIENT_ATTEMPTS) if after in PATIENT_CODES else job.max_attempts


def _fail(run: JobRun, handler: JobHandler, *, code: str, detail: str) -> str:
    state = _end(run, state=JobState.FAILED, error_code=code, error_detail=detail)
    if state == JobState.FAILED:
        handler.give_up(run.job, detail)
        log.info("A job failed.", extra={**_about(run.job), "code": code, "detail": detail})
    return state


def _end(run: JobRun, *, state: JobState, error_code: str = "", error_detail: str = "") -> str:
    written = _write(
        run,
        state=state,
        finished_at=timezone.now(),
        error_code=error_code[:48],
        error_detail=error_detail,
    )
    if written:
        JOBS.labels(run.job.kind, state).inc()
    return state if written else NOT_DUE


def _wait(run: JobRun, *, code: str, detail: str, wait_s: float) -> str:
    run_after: datetime = timezone.now() + timedelta(seconds=wait_s)
    log.info(
        "A job waits for its next attempt.",
        extra={**_about(run.job), "code": code, "detail": detail, "wait_s": round(wait_s, 1)},
    )
    _write(
        run,
        state=JobState.QUEUED,
        run_after=run_after,
        error_code=code[:48],
        error_detail=detail,
    )
    return JobState.QUEUED


def _give_back(run: JobRun) -> str:
    """Return a job that the worker had no time to finish; this was no attempt."""
    _write(run, state=JobState.QUEUED, attempts=max(0, run.job.attempts - 1))
    return JobState.QUEUED


def _write(run: JobRun, **values: object) -> bool:
    held = Job.objects.filter(run.held())
    return bool(held.update(leased_by="", leased_until=None, **values))


def _about(job: Job) -> dict[str, object]:
    return {"job": job.pk, "kind": job.kind, "subject": job.subject_id, "attempt": job.attempts}

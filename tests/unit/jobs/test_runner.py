"""How a run ends, and what becomes of the job then."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.db import OperationalError
from django.utils import timezone

from farm import errors
from farm.jobs.lease import LEASE_S, JobRun, stopping
from farm.jobs.models import Job, JobState
from farm.jobs.runner import MAX_BACK_OFF_S, NOT_DUE, PATIENT_ATTEMPTS, back_off_s, run
from farm.jobs.services import cancel_job
from orchestrator import context
from tests.unit.jobs.conftest import Handler

if TYPE_CHECKING:
    from collections.abc import Callable


def failing(error: Exception) -> Callable[[JobRun], None]:
    def work(run: JobRun) -> None:
        raise error

    return work


def test_done_work_is_a_succeeded_job(job: Job) -> None:
    assert run(job_id=job.pk, handler=Handler()) == JobState.SUCCEEDED

    job.refresh_from_db()
    assert job.state == JobState.SUCCEEDED
    assert job.finished_at is not None
    assert (job.leased_by, job.leased_until) == ("", None)


def test_a_job_runs_once_however_often_it_is_hinted_at(job: Job) -> None:
    handler = Handler()

    states = [run(job_id=job.pk, handler=handler) for _ in range(3)]

    assert states == [JobState.SUCCEEDED, NOT_DUE, NOT_DUE]
    assert len(handler.runs) == 1


def test_a_hint_at_a_deleted_job_does_nothing(job: Job) -> None:
    job_id = job.pk
    job.delete()

    assert run(job_id=job_id, handler=Handler()) == NOT_DUE


@pytest.mark.parametrize(
    "error",
    [
        errors.InvalidInputError("No red band."),
        errors.UnreadableRasterError("Truncated."),
        errors.NotFoundError("The scene was deleted."),
        errors.ConflictError("No."),
    ],
)
def test_what_fails_the_same_way_every_time_fails_at_once(
    job: Job, error: errors.FarmError
) -> None:
    handler = Handler(failing(error))

    assert run(job_id=job.pk, handler=handler) == JobState.FAILED

    job.refresh_from_db()
    assert (job.error_code, job.error_detail) == (error.code, error.detail)
    assert job.attempts == 1
    assert handler.given_up == [error.detail]


@pytest.mark.parametrize(
    "error",
    [
        errors.ServiceBusyError("Busy."),
        errors.ServiceUnavailableError("Down."),
        errors.ServiceTimeoutError("Slow."),
        errors.ServiceFaultError("Broken."),
        OperationalError("database is locked"),
    ],
)
def test_what_passes_is_waited_for(job: Job, error: Exception) -> None:
    handler = Handler(failing(error))

    assert run(job_id=job.pk, handler=handler) == JobState.QUEUED

    job.refresh_from_db()
    assert job.state == JobState.QUEUED
    assert job.run_after is not None
    assert job.run_after > timezone.now()
    assert job.error_detail == str(error)
    assert handler.given_up == []


def test_a_busy_service_is_left_alone_as_long_as_it_asks(job: Job) -> None:
    busy = errors.ServiceBusyError("Busy.", retry_after_s=100)

    run(job_id=job.pk, handler=Handler(failing(busy)))

    job.refresh_from_db()
    assert job.run_after is not None
    assert job.run_after > timezone.now() + timedelta(seconds=95)


def test_patience_ends_with_the_last_attempt(job: Job) -> None:
    handler = Handler(failing(errors.ServiceFaultError("Broken.")))

    for _ in range(job.max_attempts):
        Job.objects.filter(pk=job.pk).update(run_after=None)
        last = run(job_id=job.pk, handler=handler)

    assert last == JobState.FAILED
    assert len(handler.runs) == job.max_attempts
    assert handler.given_up == ["Broken."]


def test_a_service_that_is_down_for_a_night_fails_no_job(job: Job) -> None:
    down = Handler(failing(errors.ServiceUnavailableError("Down.")))

    for _ in range(PATIENT_ATTEMPTS - 1):
        Job.objects.filter(pk=job.pk).update(run_after=None)
        assert run(job_id=job.pk, handler=down) == JobState.QUEUED
    Job.objects.filter(pk=job.pk).update(run_after=None)

    assert run(job_id=job.pk, handler=Handler()) == JobState.SUCCEEDED


def test_a_service_that_is_too_slow_each_time_is_not_asked_for_a_night(job: Job) -> None:
    slow = Handler(failing(errors.ServiceTimeoutError("Slow.")))

    for _ in range(job.max_attempts):
        Job.objects.filter(pk=job.pk).update(run_after=None)
        last = run(job_id=job.pk, handler=slow)

    assert last == JobState.FAILED


def test_an_unexpected_error_is_logged_and_not_told(
    job: Job, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, logger="furrow.jobs"):
        run(job_id=job.pk, handler=Handler(failing(ZeroDivisionError("secret detail"))))

    job.refresh_from_db()
    assert job.error_code == "internal"
    assert "secret" not in job.error_detail
    assert caplog.records[0].exc_info is not None


def test_a_job_that_kills_its_workers_is_given_up(job: Job) -> None:
    handler = Handler()
    Job.objects.filter(pk=job.pk).update(
        state=JobState.RUNNING,
        attempts=job.max_attempts,
        leased_by="killed",
        leased_until=timezone.now() - timedelta(seconds=1),
    )

    assert run(job_id=job.pk, handler=handler) == JobState.FAILED

    job.refresh_from_db()
    assert job.error_code == "worker_lost"
    assert handler.runs == []
    assert len(handler.given_up) == 1


def test_a_job_cancelled_while_it_runs_ends_at_its_next_checkpoint(job: Job) -> None:
    after = []

    def work(run: JobRun) -> None:
        cancel_job(job=job)
        run.beat()
        run.checkpoint()
        after.append("reached")

    assert run(job_id=job.pk, handler=Handler(work)) == JobState.CANCELLED

    job.refresh_from_db()
    assert job.state == JobState.CANCELLED
    assert after == []


def test_work_that_was_done_before_the_cancellation_was_heard_is_done(job: Job) -> None:
    assert run(job_id=job.pk, handler=Handler(lambda run: cancel_job(job=job) and None)) == (
        JobState.SUCCEEDED
    )


def test_a_worker_that_ends_gives_its_job_back(job: Job) -> None:
    def work(run: JobRun) -> None:
        stopping.set()
        run.checkpoint()

    assert run(job_id=job.pk, handler=Handler(work)) == JobState.QUEUED

    job.refresh_from_db()
    assert (job.state, job.attempts, job.leased_by) == (JobState.QUEUED, 0, "")


def test_a_run_whose_job_was_taken_over_writes_nothing_more(job: Job) -> None:
    """The first worker hangs for longer than its lease; the second does the work."""
    effects: list[str] = []

    def second(run: JobRun) -> None:
        run.fence()
        effects.append("second")

    def first(run_: JobRun) -> None:
        Job.objects.filter(pk=job.pk).update(
            leased_until=timezone.now() - timedelta(seconds=LEASE_S)
        )
        assert run(job_id=job.pk, handler=Handler(second)) == JobState.SUCCEEDED
        run_.fence()
        effects.append("first")

    assert run(job_id=job.pk, handler=Handler(first)) == NOT_DUE

    job.refresh_from_db()
    assert effects == ["second"]
    assert job.state == JobState.SUCCEEDED


def test_a_run_has_an_id_of_its_own_in_every_log_line(job: Job) -> None:
    seen: list[str] = []

    run(job_id=job.pk, handler=Handler(lambda run: seen.append(context.request_id())))

    assert seen[0] != ""
    assert context.request_id() == ""


def test_back_off_doubles_is_spread_and_has_an_end() -> None:
    first = {round(back_off_s(attempts=1), 3) for _ in range(50)}

    assert len(first) > 10
    assert min(first) >= 1.0
    assert max(first) <= 3.0
    assert 4.0 <= back_off_s(attempts=3) <= 12.0
    assert back_off_s(attempts=1000) <= MAX_BACK_OFF_S * 1.5
    assert back_off_s(attempts=1, at_least_s=60) >= 60

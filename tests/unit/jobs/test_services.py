"""Asking twice gives one job; cancelling and trying again keep to what is possible."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from farm.errors import ConflictError, InvalidInputError
from farm.farms.models import Farm
from farm.jobs.models import Job, JobKind, JobState
from farm.jobs.services import cancel_job, request_job, retry_job

if TYPE_CHECKING:
    from collections.abc import Callable

INGEST = JobKind.INGEST_SCENE


def ask(farm: Farm, *, subject_id: int = 7, key: str | None = None) -> Job:
    return request_job(
        farm=farm, kind=INGEST, subject_id=subject_id, requested_by=None, idempotency_key=key
    )


def test_the_same_request_is_one_job(farm: Farm) -> None:
    assert ask(farm, key="k") == ask(farm, key="k")
    assert Job.objects.count() == 1


def test_a_key_names_its_job_even_after_it_has_ended(farm: Farm) -> None:
    job = ask(farm, key="k")
    Job.objects.update(state=JobState.SUCCEEDED)

    assert ask(farm, key="k") == job


def test_a_key_for_something_else_is_a_conflict(farm: Farm) -> None:
    ask(farm, key="k")

    with pytest.raises(ConflictError):
        ask(farm, subject_id=8, key="k")


def test_farms_do_not_share_keys(farm: Farm) -> None:
    other = Farm.objects.create(name="Valley Farm")

    assert ask(farm, key="k") != ask(other, key="k")


def test_a_key_has_a_length(farm: Farm) -> None:
    with pytest.raises(InvalidInputError):
        ask(farm, key="k" * 121)


def test_work_that_still_waits_is_not_asked_for_twice(farm: Farm) -> None:
    assert ask(farm) == ask(farm)


def test_work_that_runs_is_asked_for_again_because_things_may_have_changed(farm: Farm) -> None:
    first = ask(farm)
    Job.objects.update(state=JobState.RUNNING)

    assert ask(farm) != first


def test_a_waiting_job_is_cancelled_at_once(job: Job) -> None:
    assert cancel_job(job=job).state == JobState.CANCELLED


def test_a_running_job_is_asked_to_stop(job: Job) -> None:
    Job.objects.update(state=JobState.RUNNING)

    cancelled = cancel_job(job=job)

    assert cancelled.state == JobState.RUNNING
    assert cancelled.is_cancel_requested


def test_an_ended_job_cannot_be_cancelled(job: Job) -> None:
    Job.objects.update(state=JobState.SUCCEEDED)

    with pytest.raises(ConflictError):
        cancel_job(job=job)


@pytest.mark.parametrize("end", [lambda job: cancel_job(job=job), None])
def test_a_failed_or_cancelled_job_runs_again_from_the_start(
    job: Job, end: Callable[[Job], Job] | None
) -> None:
    if end:
        end(job)
    else:
        Job.objects.update(state=JobState.FAILED, attempts=5, error_code="x", error_detail="y")

    again = retry_job(job=job)

    assert (again.state, again.attempts, again.error_code) == (JobState.QUEUED, 0, "")
    assert not again.is_cancel_requested
    assert again.finished_at is None


def test_a_job_that_succeeded_does_not_run_again(job: Job) -> None:
    Job.objects.update(state=JobState.SUCCEEDED)

    with pytest.raises(ConflictError):
        retry_job(job=job)

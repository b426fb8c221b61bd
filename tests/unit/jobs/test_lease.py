"""One run at a time holds a job, and only while it is heard of."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.db import connection, connections
from django.utils import timezone

from farm.jobs.lease import LEASE_S, JobRun, LeaseLostError, claim
from farm.jobs.models import Job, JobKind, JobState
from farm.jobs.services import cancel_job, request_job

if TYPE_CHECKING:
    from farm.farms.models import Farm

NOW = timezone.now()
LATER = NOW + timedelta(seconds=LEASE_S + 1)


def taken(job: Job, *, by: str = "a", at: object = NOW) -> JobRun | None:
    row = claim(job_id=job.pk, run_id=by, now=at)  # type: ignore[arg-type]
    return JobRun(row) if row else None


def test_a_job_is_claimed_once(job: Job) -> None:
    first, second = taken(job, by="a"), taken(job, by="b")

    assert first is not None
    assert second is None
    assert (first.job.state, first.job.leased_by, first.job.attempts) == ("running", "a", 1)


def test_a_silent_run_is_taken_over(job: Job) -> None:
    taken(job, by="a")

    second = taken(job, by="b", at=LATER)

    assert second is not None
    assert (second.job.leased_by, second.job.attempts) == ("b", 2)


def test_a_job_that_waits_is_not_due_before_its_time(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(run_after=NOW + timedelta(seconds=10))

    assert taken(job) is None
    assert taken(job, at=NOW + timedelta(seconds=10)) is not None


@pytest.mark.parametrize("state", [JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED])
def test_an_ended_job_is_never_claimed(job: Job, state: JobState) -> None:
    Job.objects.filter(pk=job.pk).update(state=state)

    assert taken(job) is None


def test_two_jobs_on_one_subject_run_one_after_the_other(farm: Farm, job: Job) -> None:
    taken(job)
    second = request_job(
        farm=farm, kind=JobKind.INGEST_SCENE, subject_id=job.subject_id, requested_by=None
    )

    assert second != job
    assert taken(second) is None

    Job.objects.filter(pk=job.pk).update(state=JobState.SUCCEEDED)
    assert taken(second) is not None


def test_jobs_on_other_subjects_do_not_wait(farm: Farm, job: Job) -> None:
    taken(job)
    other = request_job(farm=farm, kind=JobKind.INGEST_SCENE, subject_id=8, requested_by=None)

    assert taken(other) is not None


def test_a_run_that_lost_its_lease_may_not_write(job: Job) -> None:
    first = taken(job, by="a")
    assert first is not None
    taken(job, by="b", at=LATER)

    with pytest.raises(LeaseLostError):
        first.fence()

    assert first.should_stop()


def test_a_heartbeat_prolongs_the_lease(job: Job) -> None:
    run = taken(job)
    assert run is not None
    Job.objects.filter(pk=job.pk).update(leased_until=NOW - timedelta(seconds=1))

    run.beat()

    job.refresh_from_db()
    assert job.leased_until is not None
    assert job.leased_until > NOW + timedelta(seconds=LEASE_S - 5)
    assert not run.should_stop()


def test_a_heartbeat_hears_of_a_cancellation(job: Job) -> None:
    run = taken(job)
    assert run is not None
    cancel_job(job=job)

    run.beat()

    assert run.should_stop()


def test_progress_is_written_seldom_and_at_the_end(job: Job) -> None:
    run = taken(job)
    assert run is not None

    for done in range(1000):
        run.progress(done, 1000, "counting")
    job.refresh_from_db()
    early = job.progress_done
    run.progress(1000, 1000, "done")

    job.refresh_from_db()
    assert early < 999
    assert (job.progress_done, job.progress_total, job.progress_note) == (1000, 1000, "done")


def test_progress_of_a_lost_run_does_not_show(job: Job) -> None:
    first = taken(job, by="a")
    assert first is not None
    taken(job, by="b", at=LATER)

    first.progress(5, 5, "too late")

    job.refresh_from_db()
    assert job.progress_done == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(
    connection.vendor == "sqlite", reason="SQLite in memory has one connection: no two writers"
)
def test_two_workers_at_once_never_hold_two_jobs_of_one_subject(farm: Farm, job: Job) -> None:
    again = {"farm": farm, "kind": JobKind.INGEST_SCENE, "subject_id": 7, "requested_by": None}
    jobs = [job, *(request_job(**again, idempotency_key=str(n)) for n in range(3))]  # type: ignore[arg-type]
    for _ in range(10):
        Job.objects.update(state=JobState.QUEUED, leased_by="", leased_until=None)
        together = threading.Barrier(len(jobs))
        held: list[Job] = []

        def hold(one: Job, together: threading.Barrier, held: list[Job]) -> None:
            together.wait()
            row = claim(job_id=one.pk, run_id=str(one.pk), now=NOW)
            held.extend([row] if row else [])
            connections.close_all()

        workers = [threading.Thread(target=hold, args=(one, together, held)) for one in jobs]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert len(held) == 1

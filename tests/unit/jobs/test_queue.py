"""Whatever was left lying is found again."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from farm.jobs.models import Job, JobState
from farm.jobs.queue import prune, sweep
from farm.jobs.runner import run
from tests.unit.jobs.conftest import Handler


def hints() -> int:
    return DBTaskResult.objects.filter(status=TaskResultStatus.READY).count()


def lose_hints() -> None:
    DBTaskResult.objects.update(status=TaskResultStatus.RUNNING, started_at=timezone.now())


def test_a_requested_job_has_a_hint(job: Job) -> None:
    assert hints() == 1
    assert sweep(now=timezone.now()) == 0


def test_a_lost_hint_is_given_again(job: Job) -> None:
    lose_hints()

    assert sweep(now=timezone.now()) == 1
    assert hints() == 1


def test_a_back_off_is_hinted_at_when_it_ends(job: Job) -> None:
    lose_hints()
    now = timezone.now()
    Job.objects.filter(pk=job.pk).update(run_after=now + timedelta(seconds=10))

    assert sweep(now=now) == 0
    assert sweep(now=now + timedelta(seconds=11)) == 1


def test_a_killed_workers_job_runs_again_and_ends(job: Job) -> None:
    """kill -9 leaves a running row, a running task and a lease that nobody prolongs."""
    lose_hints()
    now = timezone.now()
    Job.objects.filter(pk=job.pk).update(
        state=JobState.RUNNING,
        leased_by="killed",
        leased_until=now + timedelta(seconds=5),
        attempts=1,
    )
    handler = Handler()

    assert sweep(now=now) == 0  # it may still live
    Job.objects.filter(pk=job.pk).update(leased_until=now - timedelta(seconds=1))
    assert sweep(now=now) == 1
    assert run(job_id=job.pk, handler=handler) == JobState.SUCCEEDED

    job.refresh_from_db()
    assert job.attempts == 2
    assert len(handler.runs) == 1


def test_an_ended_job_is_left_alone(job: Job) -> None:
    lose_hints()
    Job.objects.filter(pk=job.pk).update(state=JobState.FAILED)

    assert sweep(now=timezone.now()) == 0


def test_old_hints_are_deleted_and_waiting_ones_kept(job: Job) -> None:
    DBTaskResult.objects.update(
        status=TaskResultStatus.RUNNING, started_at=timezone.now() - timedelta(days=2)
    )
    sweep(now=timezone.now())

    prune(now=timezone.now())

    assert DBTaskResult.objects.count() == hints() == 1


def test_a_hint_names_its_job(job: Job) -> None:
    (task,) = DBTaskResult.objects.all()

    assert task.args_kwargs == {"args": [job.pk], "kwargs": {}}

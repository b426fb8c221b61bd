"""A farm with a job, and a handler that the tests direct."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from farm.farms.models import Farm
from farm.jobs.lease import JobRun, stopping
from farm.jobs.models import Job, JobKind
from farm.jobs.services import request_job


class Handler:
    """Does what the test says, and counts."""

    def __init__(self, work: Callable[[JobRun], None] = lambda run: None) -> None:
        self.work = work
        self.runs: list[JobRun] = []
        self.given_up: list[str] = []

    def run(self, run: JobRun) -> None:
        self.runs.append(run)
        self.work(run)

    def give_up(self, job: Job, detail: str) -> None:
        self.given_up.append(detail)


@pytest.fixture
def farm(db: None) -> Farm:
    return Farm.objects.create(name="Hill Farm")


@pytest.fixture
def job(farm: Farm) -> Job:
    return request_job(farm=farm, kind=JobKind.INGEST_SCENE, subject_id=7, requested_by=None)


@pytest.fixture(autouse=True)
def _worker_goes_on() -> Iterator[None]:
    yield
    stopping.clear()

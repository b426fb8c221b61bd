"""Real worker processes over one database: raced, killed, asked to end; the effect comes once."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django_tasks_db.models import DBTaskResult

from farm.clients.fakes import InMemoryNdvi, serving
from farm.imagery.catalogue import catalogue
from farm.rpc.ndvi.v1 import ndvi_pb2
from tests.unit.imagery.scene_making import has_vegetation, knows_sentinel_2

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
ENDS_WITHIN_S = 60
INDICES = sum(
    index.formula_for({"blue", "green", "red", "nir"}) is not None
    for index in catalogue().indices.values()
)

MAKE_A_SCENE = """
from farm.clients.ndvi import ndvi_client
from farm.farms.models import Farm
from farm.imagery.storage import object_store
from farm.jobs.models import Job
from farm.jobs.queue import enqueue
from tests.unit.imagery.observation_making import make_field
from tests.unit.imagery.scene_making import INSIDE, make_scene
farm = Farm.objects.create(name="Hill Farm")
make_field(farm, **INSIDE)
job = make_scene(farm, ndvi=ndvi_client(), store=object_store()).job
for _ in range(3):
    enqueue(job)
"""


@dataclass
class Site:
    """A database with a farm, a field, a scene and its queued job."""

    environment: dict[str, str]
    database: Path
    service: InMemoryNdvi
    log: Path
    reached: threading.Event  # a worker has asked for the numbers
    go_on: threading.Event  # and may have them

    def manage(self, *arguments: str) -> None:
        subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            check=True,
            capture_output=True,
            timeout=ENDS_WITHIN_S,
        )

    @contextmanager
    def worker(self, *options: str) -> Iterator[subprocess.Popen[bytes]]:
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "manage.py", "db_worker", *options],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    def rows(self, query: str) -> list[Any]:
        with closing(sqlite3.connect(self.database, timeout=20)) as connection, connection:
            return connection.execute(query).fetchall()

    def job(self) -> tuple[str, int]:
        ((state, attempts),) = self.rows(
            "select state, attempts from farm_job where kind = 'ingest_scene'"
        )
        return state, attempts

    def observations(self) -> int:
        ((count,),) = self.rows("select count(*) from farm_observation")
        return int(count)

    def times_computed(self) -> int:
        kind = ndvi_pb2.SummarizeFieldsRequest
        return sum(isinstance(request, kind) for request in self.service.requests)

    def trouble(self) -> list[str]:
        lines = [json.loads(line) for line in self.log.read_text().splitlines()]
        return [line for line in lines if line["level"] not in {"DEBUG", "INFO"}]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    service = InMemoryNdvi()
    knows_sentinel_2(service)
    has_vegetation(service)
    reached, go_on = threading.Event(), threading.Event()
    go_on.set()

    def wait_for_the_test(request: object) -> None:
        if isinstance(request, ndvi_pb2.SummarizeFieldsRequest):
            reached.set()
            go_on.wait(ENDS_WITHIN_S)

    service.on_request = wait_for_the_test
    with serving(service) as target:
        environment = {
            **{name: value for name, value in os.environ.items() if "FURROW" not in name},
            "FURROW_DATA_DIR": str(tmp_path),
            "FURROW_NDVI_TARGET": target,
            "FURROW_WEATHER_PROVIDERS": "none",  # no test asks anybody outside
            "PYTHONPATH": str(ROOT),
        }
        environment.pop("DATABASE_URL", None)
        site = Site(environment, tmp_path / "db.sqlite3", service, tmp_path / "log", reached, go_on)
        site.manage("migrate", "--verbosity=0")
        site.manage("shell", "--verbosity=0", "-c", MAKE_A_SCENE)
        yield site
        go_on.set()


def test_two_workers_that_race_compute_once(site: Site) -> None:
    with site.worker("--batch") as one, site.worker("--batch") as other:
        assert (one.wait(ENDS_WITHIN_S), other.wait(ENDS_WITHIN_S)) == (0, 0)

    assert site.job() == ("succeeded", 1)
    assert site.observations() == INDICES
    assert site.times_computed() == 1
    assert site.trouble() == []


def test_a_worker_killed_in_the_middle_loses_nothing_and_doubles_nothing(site: Site) -> None:
    site.go_on.clear()
    with site.worker() as first:
        assert site.reached.wait(ENDS_WITHIN_S)
        first.send_signal(signal.SIGKILL)
        first.wait()
    assert site.job() == ("running", 1)
    assert site.observations() == 0
    # What half a minute of silence does.
    site.rows("update farm_job set leased_until = '2000-01-01 00:00:00'")
    # So that only the sweeper can tell.
    site.rows(f"delete from {DBTaskResult._meta.db_table}")  # noqa: S608 – a name of Django's
    site.go_on.set()

    with site.worker("--max-tasks", "1") as second:
        assert second.wait(ENDS_WITHIN_S) == 0

    assert site.job() == ("succeeded", 2)
    assert site.observations() == INDICES
    assert site.trouble() == []


def test_a_worker_asked_to_end_gives_its_job_back(site: Site) -> None:
    site.go_on.clear()
    with site.worker() as worker:
        assert site.reached.wait(ENDS_WITHIN_S)
        worker.send_signal(signal.SIGTERM)
        site.go_on.set()
        assert worker.wait(ENDS_WITHIN_S) == 0

    assert site.job() == ("queued", 0)
    assert site.observations() == 0
    assert site.trouble() == []

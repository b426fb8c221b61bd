"""What Python processes count is what the real furrow-metrics shows, by files and by reports."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.contract.metrics.metrics_process import ROOT, controllable, in_memory

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.contract.metrics.metrics_process import MetricsProcess

THREADS = 'process_threads{role="web",slot="0"}'
SEEN_WITHIN_S = 60.0

WEB = """
import sys
from orchestrator.wsgi import application
from django.test import RequestFactory
def ask(path):
    environ = RequestFactory().get(path, headers={"host": "localhost"}).environ
    body = application(environ, lambda *_: None)
    b"".join(body)
for path in sys.argv[1:]:
    ask(path)
print("asked", flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def service() -> Iterator[MetricsProcess]:
    with in_memory() as folder, controllable(folder) as running:
        yield running


def environment(service: MetricsProcess, data_dir: Path) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("FURROW_")}
    return clean | {
        "DJANGO_SETTINGS_MODULE": "orchestrator.settings",
        "FURROW_DATA_DIR": str(data_dir),
        "FURROW_METRICS_TARGET": service.target,
        "FURROW_WEATHER_PROVIDERS": "none",  # no test asks anybody outside
        "PROMETHEUS_MULTIPROC_DIR": str(service.folder),
    }


@contextmanager
def web(service: MetricsProcess, data_dir: Path, *paths: str) -> Iterator[subprocess.Popen[str]]:
    """A web process that has answered and lives on."""
    process = subprocess.Popen(
        [sys.executable, "-c", WEB, *paths],
        cwd=ROOT,
        env=environment(service, data_dir),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "asked\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def of_route(samples: dict[str, float], name: str, route: str) -> dict[str, float]:
    return {
        line: value
        for line, value in samples.items()
        if line.startswith(f"{name}{{") and f'route="{route}"' in line
    }


def test_a_request_of_django_is_in_the_scrape_with_its_cpu(
    service: MetricsProcess, tmp_path: Path
) -> None:
    with web(service, tmp_path, "/healthz", "/healthz", "/nowhere") as process:
        found = service.scrape()

        (cpu,) = of_route(found, "http_request_cpu_seconds_count", "/healthz").items()
        (seconds,) = of_route(found, "http_request_cpu_seconds_sum", "/healthz").values()
        unmatched = of_route(found, "http_requests_total", "<unmatched>")
        assert 'runtime="python"' in cpu[0]
        assert 'service="furrow-web"' in cpu[0]
        assert cpu[1] == 2
        assert 0 < seconds < 10
        assert sum(unmatched.values()) == 1
        assert found[THREADS] >= 1
        started = found['process_start_time_seconds{role="web",slot="0"}']
        assert abs(started - Path(f"/proc/{process.pid}").stat().st_mtime) < 60
        assert any(line.startswith('furrow_build_info{service="furrow-web"') for line in found)
        assert any(line.startswith("python_gc_collections_total{") for line in found)


def test_counts_of_a_killed_process_stay_and_what_lived_with_it_goes(
    service: MetricsProcess, tmp_path: Path
) -> None:
    with web(service, tmp_path, "/healthz"):
        before = service.scrape()
    after = service.scrape()
    with web(service, tmp_path, "/healthz"):
        later = service.scrape()

    (name,) = of_route(before, "http_requests_total", "/healthz")
    assert (before[name], after[name], later[name]) == (1, 1, 2)
    assert THREADS in later
    # Slots are looked at now and then, not in each scrape.
    until = time.monotonic() + SEEN_WITHIN_S
    while THREADS in service.scrape():
        assert time.monotonic() < until
        time.sleep(0.1)


def test_a_command_reports_what_it_counted_even_where_it_fails(
    service: MetricsProcess, tmp_path: Path
) -> None:
    # There is no table yet, so its first question to the database fails.
    run = subprocess.run(
        [sys.executable, "manage.py", "ingest_folder", "--farm", "1", str(tmp_path)],
        cwd=ROOT,
        env=environment(service, tmp_path / "data"),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    found = service.scrape()
    assert run.returncode != 0
    assert "does not reach" not in run.stderr
    errors = [
        value
        for line, value in found.items()
        if line.startswith("django_db_errors_total{") and 'program="ingest_folder"' in line
    ]
    assert errors == [1.0], run.stderr
    assert not list(service.folder.glob("*.db"))

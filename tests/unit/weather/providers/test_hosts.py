"""Breaker and bucket as all processes share them."""

from __future__ import annotations

import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.db import connection, connections, transaction

from farm.observability.metrics import WEATHER_PROVIDER_BREAKER_OPEN
from farm.weather.models import ProviderHost
from farm.weather.providers import hosts
from farm.weather.providers.hosts import Host
from farm.weather.providers.registry import set_breaker_gauges
from tests.unit.weather.providers.provider_server import NOW

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_django.fixtures import SettingsWrapper

HOST = Host(key="somebody", title="Somebody", rate_per_s=1, burst=10)
PROJECT = Path(__file__).parents[4]

# Asks as often as it may at one moment, and says how often that was.
PROCESS = """
import sys
from datetime import UTC, datetime
import django
django.setup()
from farm.weather.providers import hosts
host = hosts.Host(key="somebody", title="Somebody", rate_per_s=1, burst=10)
now = datetime(2026, 3, 28, tzinfo=UTC)
print("ready", flush=True)
sys.stdin.readline()
asked = [hosts.admission(host, cost=1, now=now) for _ in range(10)]
print(sum(one.waits_s == 0 for one in asked))
"""

TABLE = """
import django
django.setup()
from django.db import connection
from farm.observability.metrics import WEATHER_PROVIDER_BREAKER_OPEN
from farm.weather.models import ProviderHost
connection.disable_constraint_checking()  # as SQLite's editor wants it
with connection.schema_editor() as editor:
    editor.create_model(ProviderHost)
"""


@pytest.mark.django_db
def test_a_host_is_known_from_its_first_request_on() -> None:
    first = hosts.admission(HOST, cost=4, now=NOW)
    second = hosts.admission(HOST, cost=8, now=NOW)

    assert first == hosts.Admission(rests_s=0, waits_s=0)
    assert second == hosts.Admission(rests_s=0, waits_s=2)
    assert ProviderHost.objects.get().tokens == 6


@pytest.mark.django_db
def test_a_host_that_fails_is_left_alone_until_it_answers() -> None:
    left_alone = [
        hosts.note_failure(HOST, code="provider_timeout", detail="Late.", now=NOW) for _ in range(5)
    ]
    rested = NOW + timedelta(hours=2)

    assert left_alone == [False, False, False, False, True]
    assert hosts.hosts_left_alone(now=NOW) == {"somebody"}
    assert hosts.hosts_left_alone(now=rested) == {"somebody"}
    hosts.note_success(HOST, now=rested)
    assert hosts.hosts_left_alone(now=rested) == set()


@pytest.mark.django_db
def test_a_rest_that_was_asked_for_ends_by_itself() -> None:
    until = NOW + timedelta(seconds=60)
    hosts.note_rest(HOST, until=until, code="provider_busy", detail="Wait.", now=NOW)

    assert hosts.hosts_left_alone(now=NOW) == {"somebody"}
    assert hosts.hosts_left_alone(now=until) == set()


@pytest.mark.django_db
def test_a_provider_shows_as_left_alone_where_one_of_its_hosts_is(
    settings: SettingsWrapper,
) -> None:
    settings.WEATHER_PROVIDERS = ("open_meteo", "nasa_power")
    archive = Host(key="open_meteo_archive", title="Open-Meteo", rate_per_s=1, burst=1)
    for _ in range(5):
        hosts.note_failure(archive, code="provider_timeout", detail="Late.", now=NOW)

    set_breaker_gauges(now=NOW)

    shown = {
        key: WEATHER_PROVIDER_BREAKER_OPEN.labels(key)._value.get()
        for key in ("open_meteo", "nasa_power")
    }
    assert shown == {"open_meteo": 1, "nasa_power": 0}


@pytest.mark.django_db
def test_who_has_to_wait_for_tokens_does_not_hold_the_place_of_the_probe() -> None:
    hosts.admission(HOST, cost=10, now=NOW)
    hosts.note_rest(HOST, until=NOW, code="provider_busy", detail="Wait.", now=NOW)

    short = hosts.admission(HOST, cost=5, now=NOW + timedelta(seconds=1))

    assert (short.rests_s, short.waits_s) == (0, 4)
    assert ProviderHost.objects.get().probed_until is None


@pytest.mark.django_db(transaction=True)
def test_no_transaction_of_a_caller_can_span_a_request() -> None:
    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
        hosts.admission(HOST, cost=1, now=NOW)


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(
    connection.vendor == "sqlite", reason="SQLite in memory has one connection: no two writers"
)
def test_threads_together_take_no_more_than_there_is() -> None:
    together, admitted = threading.Barrier(6), []

    def ask() -> None:
        together.wait()
        for _ in range(5):
            admitted.append(hosts.admission(HOST, cost=1, now=NOW).waits_s == 0)
        connections.close_all()

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (len(admitted), sum(admitted)) == (30, 10)


def test_processes_together_take_no_more_than_there_is(tmp_path: Path) -> None:
    environment = {
        "PATH": "/usr/bin:/bin",
        "DJANGO_SETTINGS_MODULE": "orchestrator.settings",
        "FURROW_DATA_DIR": str(tmp_path),
        "FURROW_WEATHER_PROVIDERS": "none",
    }
    _make_table(environment)
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PROCESS],
            cwd=PROJECT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    try:
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
        outputs = [process.communicate(timeout=60)[0] for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait()

    assert sum(int(output) for output in outputs) == 10


def _make_table(environment: Mapping[str, str]) -> None:
    """Make the one table that is needed, which takes a tenth of what all migrations take."""
    subprocess.run(
        [sys.executable, "-c", TABLE], cwd=PROJECT, env=dict(environment), check=True, timeout=60
    )

"""Measure what Django spends on a farm's year of hours: database, service, JSON. See ../README.md.

A process of its own, because Django's settings and its database are made for this run alone.
Usage: bench/weather/way.py PROGRAM [--requests N]. Prints a table in Markdown.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
_folder = tempfile.TemporaryDirectory(prefix="furrow-bench-")
for _name in [name for name in os.environ if name.startswith("FURROW_")]:
    del os.environ[_name]
os.environ.pop("DATABASE_URL", None)
os.environ.pop("PROMETHEUS_MULTIPROC_DIR", None)
os.environ["FURROW_DATA_DIR"] = _folder.name
os.environ["FURROW_WEATHER_PROVIDERS"] = "none"
os.environ["DJANGO_SETTINGS_MODULE"] = "orchestrator.settings"

import django  # noqa: E402

django.setup()

import numpy as np  # noqa: E402
from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import setup_test_environment  # noqa: E402

from bench.weather.service import service  # noqa: E402
from farm.accounts.models import User  # noqa: E402
from farm.accounts.tokens import issue_tokens  # noqa: E402
from farm.clients.channel import close_channels  # noqa: E402
from farm.farms.services import create_farm  # noqa: E402
from farm.weather.models import WeatherPlace, WeatherProduct, WeatherSource  # noqa: E402
from farm.weather.providers.interface import FetchRequest  # noqa: E402
from farm.weather.providers.simulated import SimulatedWeather  # noqa: E402
from farm.weather.series import HourlyWeather  # noqa: E402
from farm.weather.store import store_hours  # noqa: E402
from farm.weather.variables import HOURLY_NAMES  # noqa: E402

if TYPE_CHECKING:
    from farm.farms.models import Farm

BUDGET_MS = 15.0  # of Django's CPU, at the median
WARM_UP = 5
ROUTES = ("hourly", "daily", "agro", "et0", "windows/spray")
YEAR = {"from": "2025-01-01", "to": "2025-12-31"}  # 8,760 hours
# With what leaves, nights and sums look back and ahead to.
FIRST_DAY, LAST_DAY = date(2024, 12, 27), date(2026, 1, 4)
NOW = datetime(2026, 1, 10, tzinfo=UTC)


@dataclass(slots=True, kw_only=True)
class Requests:
    """The requests of a route."""

    route: str
    process_ms: list[float] = field(default_factory=list)  # with the threads of gRPC
    thread_ms: list[float] = field(default_factory=list)
    wall_ms: list[float] = field(default_factory=list)
    body_bytes: int = 0

    def ask(self, client: Client, farm: Farm) -> None:
        """Send one and note what it took."""
        path = f"/api/v1/farms/{farm.pk}/weather/{self.route}/"
        before = time.process_time(), time.thread_time(), time.perf_counter()
        answer = client.get(path, YEAR)
        after = time.process_time(), time.thread_time(), time.perf_counter()
        if answer.status_code != 200:
            raise SystemExit(f"{self.route}: {answer.status_code} {answer.content[:500]!r}")
        took = [1e3 * (end - begin) for begin, end in zip(before, after, strict=True)]
        self.process_ms.append(took[0])
        self.thread_ms.append(took[1])
        self.wall_ms.append(took[2])
        self.body_bytes = len(answer.content)


def filled_farm() -> tuple[Farm, Client]:
    """A farm with a year of hours in all columns, and somebody who may see it."""
    call_command("migrate", verbosity=0)
    owner = User.objects.create_user(username="owner", password=None)
    farm = create_farm(owner=owner, name="Bench farm", is_demo=False)
    place = WeatherPlace.objects.create(
        farm=farm, longitude=4.35, latitude=50.8, elevation_m=100.0, time_zone="Europe/Brussels"
    )
    hourly = (
        SimulatedWeather()
        .fetch(
            request=FetchRequest(
                product=WeatherProduct.ARCHIVE,
                longitude=place.longitude,
                latitude=place.latitude,
                first_day=FIRST_DAY,
                last_day=LAST_DAY,
                now=NOW,
            )
        )
        .hourly
    )
    # What only forecasts have gets numbers too, so that every column is full.
    columns = {name: np.full(hourly.count, 40.0) for name in HOURLY_NAMES} | dict(hourly.columns)
    store_hours(
        place=place,
        source=WeatherSource.OPEN_METEO_ARCHIVE,
        hourly=HourlyWeather(start=hourly.start, count=hourly.count, columns=columns),
    )
    setup_test_environment()
    return farm, Client(headers={"Authorization": f"Bearer {issue_tokens(user=owner).access}"})


def measured(*, program: Path, requests: int) -> list[Requests]:
    """Ask every route in turn, so that what else the machine does falls on all alike."""
    farm, client = filled_farm()
    found = [Requests(route=route) for route in ROUTES]
    with service(program) as running:
        settings.WEATHER_TARGET = running.address
        for number in range(WARM_UP + requests):
            for one in found:
                if number == WARM_UP:
                    one.process_ms, one.thread_ms, one.wall_ms = [], [], []
                one.ask(client, farm)
        close_channels()
    return found


def table(found: list[Requests]) -> list[str]:
    """The answer in Markdown."""
    lines = [
        f"Django's CPU for a farm's year, {len(found[0].process_ms)} requests a route in turn;"
        f" median (quartiles), at most {BUDGET_MS:g} ms asked of the process.",
        "",
        "| route | process ms | of it the request's thread ms | wall ms | answer KiB |",
        "|---|---|---|---|---|",
    ]
    for one in found:
        cells = [_cell(taken) for taken in (one.process_ms, one.thread_ms, one.wall_ms)]
        lines.append(f"| {one.route} | {' | '.join(cells)} | {one.body_bytes / 1024:.0f} |")
    return lines


def _cell(values: list[float]) -> str:
    low, middle, high = statistics.quantiles(values, n=4)
    return f"{middle:.1f} ({low:.1f}–{high:.1f})"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program", type=Path, help="furrow-weather")
    parser.add_argument("--requests", type=int, default=40)
    options = parser.parse_args()
    if options.requests < 2:
        parser.error("Quartiles are of two requests at least.")
    print("\n".join(table(measured(program=options.program, requests=options.requests))))


if __name__ == "__main__":
    main()

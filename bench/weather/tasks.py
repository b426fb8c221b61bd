"""What is measured: each task on our side and on a peer's, and how far their answers are apart."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bench.weather.calls import Calls
from bench.weather.generated import ELEVATION_M, LATITUDE_DEG, LONGITUDE_DEG, WIND_HEIGHT_M, Weather

if TYPE_CHECKING:
    from numpy.typing import NDArray

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
CACHE = ROOT / "var" / "bench"
PEERS = CACHE / "peers"
REPETITIONS = 3


@dataclass(frozen=True, slots=True)
class Round:
    """What one side took: the median of its repetitions, and the most memory."""

    seconds: float
    peak_mib: float


def farthest(ours: Path, theirs: Path) -> float:
    """The largest difference of two answers."""
    return apart(np.fromfile(ours, "<f8"), np.fromfile(theirs, "<f8"))


def apart(our: NDArray[np.float64], their: NDArray[np.float64]) -> float:
    """The largest difference; where one side has no value the other must have none."""
    if our.shape != their.shape:
        raise SystemExit(f"Ours are {our.size} values, the peer's {their.size}.")
    if (differing := int((np.isnan(our) != np.isnan(their)).sum())) > 0:
        raise SystemExit(f"{differing} values are missing on one side only.")
    return float(np.nanmax(np.abs(our - their)))


@dataclass(slots=True, kw_only=True)
class Task:
    """A task, what both sides took round by round, and how far their answers are apart."""

    name: str
    our: Callable[[Path], Round]
    their: Callable[[Path], Round]
    asked: float  # times as fast
    within: float  # how far apart the answers may be
    compare: Callable[[Path, Path], float] = farthest
    ours: list[Round] = field(default_factory=list)
    theirs: list[Round] = field(default_factory=list)
    apart: float = float("nan")

    def ratios(self) -> list[float]:
        """How many times as fast ours was, pair by pair."""
        pairs = zip(self.ours, self.theirs, strict=True)
        return [their.seconds / our.seconds for our, their in pairs]


def program(command: list[str | Path]) -> Round:
    """Run a program that prints its repetitions."""
    printed = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout
    said = json.loads(printed.splitlines()[-1])
    return Round(statistics.median(said["seconds"]), said["peak_mib"])


def peer(task: str, columns: Weather) -> Callable[[Path], Round]:
    """The peer on these columns."""

    def run(out: Path) -> Round:
        return program(
            [
                PEERS / "bin" / "python", HERE / "peers.py", task, columns.folder,
                str(columns.stations), str(columns.hours), columns.start.isoformat(), out,
                str(REPETITIONS),
            ]
        )  # fmt: skip

    return run


def example(release: Path, name: str, columns: Weather) -> Callable[[Path], Round]:
    """Ours on these columns: an example program of the crate, one thread."""

    def run(out: Path) -> Round:
        return program(
            [
                release / "examples" / name, columns.folder, str(columns.stations),
                str(columns.hours), str(int(columns.start.timestamp())), out, str(REPETITIONS),
            ]
        )  # fmt: skip

    return run


def lines(command: list[str]) -> Round:
    """Run a program that prints the nanoseconds of each repetition; the first is not counted."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        nanoseconds = [int(line) for line in process.stdout or ()]
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{command[0]} failed.")
    return Round(statistics.median(nanoseconds[1:]) / 1e9, used.ru_maxrss / 1024)


def chill(release: Path, columns: Weather, out: Path) -> Round:
    """Ours on one station's temperatures: all four models of chill at once, one thread."""
    program = release / "examples" / "chill_portions"
    file = columns.path("air_temperature_c")
    return lines([*map(str, (program, file, REPETITIONS + 1, out))])


def hourly_et(release: Path, columns: Weather, out: Path) -> Round:
    """Ours on all stations: ASCE, short reference, one thread."""
    program = release / "examples" / "hourly_et"
    place = (LATITUDE_DEG, LONGITUDE_DEG, ELEVATION_M, WIND_HEIGHT_M)
    hours = (columns.folder, columns.stations, columns.hours, int(columns.start.timestamp()))
    return lines([*map(str, (program, *hours, *place, "asce_short", REPETITIONS + 1, out))])


def season_apart(release: Path, columns: Weather, _: Path, theirs: Path) -> float:
    """How far the portions of one season are apart, where both begin in July.

    xclim turns °C into kelvins by 273.15, the model's authors by 273; so ours gets what xclim takes
    for the same temperature.
    """
    first = datetime(1992, 7, 1, tzinfo=UTC)
    begin, end = (int((when - columns.start).total_seconds()) // 3600 for when in
                  (first, first.replace(year=1993)))  # fmt: skip
    temperature = columns.column("air_temperature_c")[0]
    known = np.maximum.accumulate(np.where(np.isnan(temperature), 0, np.arange(columns.hours)))
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        season, out = Path(folder, "season.f64"), Path(folder, "portions.f64")
        (temperature[known][begin:end] + 0.15).tofile(season)
        command = [*map(str, (release / "examples" / "chill_portions", season, "1", out))]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        ours = float(np.fromfile(out, "<f8")[-1])
    return abs(ours - float(np.fromfile(theirs, "<f8")[first.year - columns.start.year + 1]))


def sun_rad(hour: NDArray[np.float64]) -> NDArray[np.float64]:
    """Height of the sun above the horizon so many hours into a year, UTC (ASCE-EWRI 2005)."""
    day = np.floor(hour / 24) + 1
    season = 2 * np.pi * (day - 81) / 364
    correction_h = 0.1645 * np.sin(2 * season) - 0.1255 * np.cos(season) - 0.025 * np.sin(season)
    angle = np.pi / 12 * (hour % 24 + LONGITUDE_DEG / 15 + correction_h - 12)
    declination = 0.409 * np.sin(2 * np.pi * day / 365 - 1.39)
    latitude = np.radians(LATITUDE_DEG)
    sine = np.sin(latitude) * np.sin(declination)
    height: NDArray[np.float64] = np.arcsin(
        sine + np.cos(latitude) * np.cos(declination) * np.cos(angle)
    )
    return height


def high_sun_apart(columns: Weather, ours: Path, theirs: Path) -> float:
    """How far evapotranspiration is apart while the sun is higher than 0.3 rad.

    Below it refet takes the sky as clear, where the standard keeps the evening's cloudiness.
    """
    end = np.arange(columns.hours, dtype=np.float64)
    # It asks for the sun at the beginning of the hour, the standard at its middle.
    is_high = (sun_rad(end - 0.5) > 0.301) & (sun_rad(end - 1.0) > 0.301)
    shape = (columns.stations, columns.hours)
    both = (np.fromfile(one, "<f8").reshape(shape)[:, is_high] for one in (ours, theirs))
    return apart(*both)


def tasks(release: Path, calls: Calls, one: Weather, many: Weather) -> list[Task]:
    """Everything that is compared."""
    return [
        Task(
            name="days: 262,800 hours of one station, against polars",
            our=example(release, "local_days", one),
            their=peer("days-polars", one),
            asked=4,
            within=1e-9,
        ),
        Task(
            name="days: 262,800 hours of one station, against pandas",
            our=example(release, "local_days", one),
            their=peer("days-pandas", one),
            asked=10,
            within=1e-9,
        ),
        Task(
            name="days: a year of 1,000 stations, against polars",
            our=example(release, "local_days", many),
            their=peer("days-polars", many),
            asked=4,
            within=1e-9,
        ),
        Task(
            name="hourly ASCE evapotranspiration, 8.76 million hours, against refet",
            our=partial(hourly_et, release, many),
            their=peer("hourly-et-refet", many),
            asked=8,
            within=1e-6,
            compare=partial(high_sun_apart, many),
        ),
        Task(
            name="chill portions, 262,800 hours, against xclim",
            our=partial(chill, release, one),
            their=peer("chill-xclim", one),
            asked=40,
            within=1e-6,
            compare=partial(season_apart, release, one),
        ),
        Task(
            name="daily ASCE evapotranspiration, 1,000 stations × 1 year, over gRPC, against refet",
            our=lambda out: Round(*calls.daily_et(many, out)),
            their=peer("daily-et-refet", many),
            asked=1,
            within=1e-6,
        ),
    ]

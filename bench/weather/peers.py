"""What else one would take, each task in a process of its own: polars, pandas, refet, xclim.

Usage: peers.py TASK FOLDER STATIONS HOURS START OUT REPETITIONS. Prints the seconds of each
repetition as JSON, reading of the columns and imports left out, and writes what came out, so that
both sides can be compared. Runs in the environment that `make bench` makes for peers.
"""

from __future__ import annotations

import json
import resource
import sys
import time
import warnings
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

ZONE = "Europe/Brussels"
LATITUDE_DEG, LONGITUDE_DEG, ELEVATION_M, WIND_HEIGHT_M = 50.8, 4.35, 100.0, 10.0
# Five aggregates of instants, as both sides give them.
AGGREGATES = (
    ("air_temperature_c", "mean"),
    ("air_temperature_c", "min"),
    ("air_temperature_c", "max"),
    ("relative_humidity_percent", "mean"),
    ("wind_speed_m_s", "mean"),
)

Column = Any  # an array: this file is run where numpy's types are not checked
Task = tuple[Callable[[], Any], Callable[[Any], Column]]


def column(folder: Path, name: str, stations: int, hours: int) -> Column:
    """Read a column: (stations, hours)."""
    return np.fromfile(folder / f"{name}.f64", "<f8").reshape(stations, hours)


def stamps(start: datetime, hours: int) -> Column:
    """Hours as numpy has them."""
    first = np.datetime64(start.replace(tzinfo=None), "ms")
    return first + np.arange(hours) * np.timedelta64(3_600_000, "ms")


def days_polars(folder: Path, stations: int, hours: int, start: datetime) -> Task:
    """Local days by polars' own grouping in time, per station."""
    import polars as pl

    names = sorted({name for name, _ in AGGREGATES})
    frame = pl.DataFrame(
        {
            "station": np.repeat(np.arange(stations), hours),
            "time": np.tile(stamps(start, hours), stations),
            # polars knows absent values by null.
            **{name: column(folder, name, stations, hours).ravel() for name in names},
        }
    ).with_columns(pl.col("time").dt.replace_time_zone("UTC"), pl.col(names).fill_nan(None))

    def run() -> pl.DataFrame:
        local = frame.with_columns(pl.col("time").dt.convert_time_zone(ZONE))
        grouped = local.group_by_dynamic(
            "time", every="1d", **({"group_by": "station"} if stations > 1 else {})
        )
        return grouped.agg(
            *(getattr(pl.col(name), how)().alias(f"{name}_{how}") for name, how in AGGREGATES)
        )

    def values(found: pl.DataFrame) -> Column:
        return found.select([f"{name}_{how}" for name, how in AGGREGATES]).to_numpy().T

    return run, values


def days_pandas(folder: Path, stations: int, hours: int, start: datetime) -> Task:
    """Local days by pandas: grouped by the local date, per station."""
    import pandas as pd

    times = pd.DatetimeIndex(np.tile(stamps(start, hours), stations), tz="UTC")
    names = sorted({name for name, _ in AGGREGATES})
    frame = pd.DataFrame({n: column(folder, n, stations, hours).ravel() for n in names})
    station = np.repeat(np.arange(stations), hours)

    def run() -> pd.DataFrame:
        local = times.tz_convert(ZONE).tz_localize(None).normalize()
        keys = [station, local] if stations > 1 else local
        return frame.groupby(keys, sort=True).agg(
            **{f"{name}_{how}": (name, how) for name, how in AGGREGATES}
        )

    return run, lambda found: found.to_numpy().T


def hourly_et_refet(folder: Path, stations: int, hours: int, start: datetime) -> Task:
    """Hourly ASCE reference evapotranspiration, short."""
    import refet

    begin = [start + timedelta(hours=h - 1) for h in range(hours)]  # hours are stamped at their end
    doy = np.array([moment.timetuple().tm_yday for moment in begin], float)
    utc_hour = np.array([moment.hour for moment in begin], float)
    temperature = column(folder, "air_temperature_c", stations, hours)
    humidity = column(folder, "relative_humidity_percent", stations, hours)
    saturation = 0.6108 * np.exp(17.27 * temperature / (temperature + 237.3))
    inputs = {
        "tmean": temperature,
        "ea": saturation * humidity / 100,
        "rs": column(folder, "shortwave_radiation_mj_m2", stations, hours),
        "uz": column(folder, "wind_speed_m_s", stations, hours),
        "zw": WIND_HEIGHT_M,
        "elev": np.full((stations, 1), ELEVATION_M),
        "lat": np.full((stations, 1), LATITUDE_DEG),
        "lon": np.full((stations, 1), LONGITUDE_DEG),
        "doy": doy[np.newaxis, :],
        "time": utc_hour[np.newaxis, :],
    }

    def run() -> Column:
        with warnings.catch_warnings(), np.errstate(invalid="ignore"):
            warnings.simplefilter("ignore")
            return refet.Hourly(**inputs).eto()

    return run, np.ravel


def daily_et_refet(folder: Path, stations: int, hours: int, start: datetime) -> Task:
    """Daily ASCE reference evapotranspiration of UTC days, short."""
    import refet

    days = hours // 24
    by_day = {
        name: column(folder, name, stations, hours)[:, : days * 24].reshape(stations, days, 24)
        for name in ("air_temperature_c", "wind_speed_m_s", "shortwave_radiation_mj_m2")
    }
    doy = np.array([(start + timedelta(days=d)).timetuple().tm_yday for d in range(days)], float)
    lowest = np.nanmin(by_day["air_temperature_c"], axis=2)
    highest = np.nanmax(by_day["air_temperature_c"], axis=2)
    wind = np.nanmean(by_day["wind_speed_m_s"], axis=2)
    sun = np.nansum(by_day["shortwave_radiation_mj_m2"], axis=2)
    vapour = 0.6108 * np.exp(17.27 * lowest / (lowest + 237.3))

    def run() -> Column:
        return refet.Daily(
            tmin=lowest,
            tmax=highest,
            ea=vapour,
            rs=sun,
            uz=wind,
            zw=WIND_HEIGHT_M,
            elev=np.array([ELEVATION_M]),
            lat=np.array([LATITUDE_DEG]),
            doy=doy,
        ).eto()

    return run, np.ravel


def chill_xclim(folder: Path, stations: int, hours: int, start: datetime) -> Task:
    """Chill portions of each winter half, 1 November to the end of February, by xclim."""
    warnings.simplefilter("ignore")
    import xarray
    from xclim import indices

    temperature = column(folder, "air_temperature_c", stations, hours)[0]
    # xclim knows no gaps: both sides get the last value that is known.
    known = np.maximum.accumulate(np.where(np.isnan(temperature), 0, np.arange(hours)))
    filled = temperature[known]
    array = xarray.DataArray(
        filled,
        dims=["time"],
        coords={"time": stamps(start, hours).astype("datetime64[ns]")},
        attrs={"units": "degC"},
    )

    def run() -> Any:
        return indices.chill_portions(array, freq="YS-JUL").load()

    return run, lambda found: np.asarray(found.values, float)


TASKS = {
    "days-polars": days_polars,
    "days-pandas": days_pandas,
    "hourly-et-refet": hourly_et_refet,
    "daily-et-refet": daily_et_refet,
    "chill-xclim": chill_xclim,
}


def main() -> None:
    """Run one task and print what it took."""
    task, folder, stations, hours, start, out, repetitions = sys.argv[1:]
    run, values = TASKS[task](
        Path(folder), int(stations), int(hours), datetime.fromisoformat(start)
    )
    seconds = []
    found = run()  # the first one compiles, allocates and reads zones
    for _ in range(int(repetitions)):
        begun = time.perf_counter()
        found = run()
        seconds.append(time.perf_counter() - begun)
    np.ascontiguousarray(values(found), "<f8").tofile(out)
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "peak_mib": peak_mib}))


if __name__ == "__main__":
    main()

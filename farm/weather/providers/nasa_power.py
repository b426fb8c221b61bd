"""NASA POWER: MERRA-2 and CERES by the hour and by the day, some days late, the sun later still.

Answers are asked for as CSV, whose header names the unit of every parameter. Values are means over
the hour that begins at the hour given. So amounts get the stamp of its end; instants keep the hour
itself, unchanged: the mean lies half an hour later, on the same side of every full hour.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
from django.conf import settings

from farm.weather.models import WeatherProduct, WeatherSource
from farm.weather.providers import checks
from farm.weather.providers.body import Kind
from farm.weather.providers.errors import NoSuchDaysError, ProviderInvalidError
from farm.weather.providers.hosts import Host
from farm.weather.providers.interface import Attribution, DaySpan, Fetched, FetchRequest
from farm.weather.providers.power_csv import PowerTable, read_table
from farm.weather.providers.queries import Query
from farm.weather.series import DailyWeather
from farm.weather.variables import HOURLY_BY_NAME, Semantics

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from farm.weather.providers.http import PoliteSession
    from farm.weather.series import Column

FIRST_HOURLY, FIRST_DAILY = date(2001, 1, 1), date(1981, 1, 1)  # UTC
LAG = timedelta(days=2)  # near real time; the sun's is about a week, and missing till then
MOST_DAYS = 366
# Nobody says how often is too often; public clients keep to one request in two seconds.
HOST = Host(key="nasa_power", title="NASA POWER", rate_per_s=0.5, burst=5)

# Their name → ours.
HOURLY_PARAMETERS = {
    "T2M": "air_temperature_c",
    "RH2M": "relative_humidity_percent",
    "T2MDEW": "dew_point_c",
    "WS10M": "wind_speed_m_s",
    "WD10M": "wind_direction_deg",
    "PRECTOTCORR": "precipitation_mm",
    "ALLSKY_SFC_SW_DWN": "shortwave_radiation_mj_m2",
    "PS": "surface_pressure_hpa",
}
DAILY_PARAMETERS = {
    "T2M": "temperature_mean_c",
    "T2M_MIN": "temperature_min_c",
    "T2M_MAX": "temperature_max_c",
    "RH2M": "relative_humidity_mean_percent",
    "T2MDEW": "dew_point_mean_c",
    "WS10M": "wind_speed_mean_m_s",
    "WS10M_MAX": "wind_speed_max_m_s",
    "PRECTOTCORR": "precipitation_mm",
    "ALLSKY_SFC_SW_DWN": "shortwave_radiation_mj_m2",
    "PS": "surface_pressure_mean_hpa",
}
# Ending of our name → their spelling → factor. Their community decides on the sun's unit, so it is
# read and never assumed.
_PER_STEP: dict[str, dict[str, float]] = {
    "_c": {"C": 1.0},
    "_percent": {"%": 1.0},
    "_m_s": {"m/s": 1.0},
    "_deg": {"Degrees": 1.0, "degrees": 1.0},
    "_hpa": {"kPa": 10.0, "hPa": 1.0},
}
_PER_HOUR = _PER_STEP | {
    "_mm": {"mm/hour": 1.0, "mm/hr": 1.0},
    "_mj_m2": {
        "MJ/hr": 1.0,  # of a square metre, which their agroclimatology leaves out
        "MJ/m^2/hour": 1.0,
        "MJ/m^2/hr": 1.0,
        "MJ/m^2": 1.0,
        "Wh/m^2": 0.0036,
        "W/m^2": 0.0036,
        "kW-hr/m^2/hour": 3.6,
    },
}
_PER_DAY = _PER_STEP | {
    "_mm": {"mm/day": 1.0},
    "_mj_m2": {"MJ/m^2/day": 1.0, "kW-hr/m^2/day": 3.6, "W/m^2": 0.0864},
}


class NasaPower:
    """Asks NASA POWER."""

    key = "nasa_power"
    title = "NASA POWER"
    products: tuple[str, ...] = (WeatherProduct.ARCHIVE,)
    most_days = MOST_DAYS
    attribution = Attribution(
        text="Data from the NASA Langley Research Center POWER Project, funded through the NASA"
        " Earth Science Directorate Applied Science Program",
        url="https://power.larc.nasa.gov/",
        licence="free of restrictions",
    )

    def host_key(self, product: str) -> str:
        """There is one host."""
        del product
        return HOST.key

    def source_of(self, product: str) -> str:
        """There is one source."""
        del product
        return str(WeatherSource.NASA_POWER)

    def reach(self, product: str, now: datetime) -> DaySpan:
        """Return the days whose hours it has, near enough to the present."""
        del product
        return DaySpan(first_day=FIRST_HOURLY, last_day=now.astimezone(UTC).date() - LAG)

    def fetch(self, *, request: FetchRequest, session: PoliteSession) -> Fetched:
        """Ask for the hours; see :class:`~farm.weather.providers.interface.Provider`."""
        if request.product != WeatherProduct.ARCHIVE:
            msg = "NASA POWER has no forecast."
            raise NoSuchDaysError(msg)
        reach = self.reach(request.product, request.now)
        days = checks.wanted_days(request, reach, most_days=MOST_DAYS)
        # The first hour's amounts are those of the last hour of the day before.
        asked = DaySpan(
            first_day=max(FIRST_HOURLY, days.first_day - timedelta(days=1)), last_day=days.last_day
        )
        query = _query(request, asked, step="hourly", parameters=HOURLY_PARAMETERS)
        return session.ask(query, lambda text: read_hours(text, request=request, days=days)).value

    def fetch_daily(
        self, *, request: FetchRequest, session: PoliteSession
    ) -> tuple[DailyWeather, float | None]:
        """Ask for UTC days, which reach back to 1981; they are no hours and not kept as such.

        Returns:
            The days, and the ground they stand for, m.

        Raises:
            ProviderError: As of ``fetch``.
        """
        last_day = request.now.astimezone(UTC).date() - LAG
        reach = DaySpan(first_day=FIRST_DAILY, last_day=last_day)
        days = checks.wanted_days(request, reach, most_days=20 * MOST_DAYS)
        query = _query(request, days, step="daily", parameters=DAILY_PARAMETERS)
        return session.ask(query, lambda text: read_days(text, request=request, days=days)).value


def _query(request: FetchRequest, days: DaySpan, *, step: str, parameters: dict[str, str]) -> Query:
    return Query(
        provider=NasaPower.key,
        title=NasaPower.title,
        product=request.product,
        host=HOST,
        url=f"{settings.NASA_POWER_URL}/api/temporal/{step}/point",
        parameters={
            "parameters": ",".join(parameters),
            "community": "AG",
            "longitude": f"{request.longitude:.5f}",
            "latitude": f"{request.latitude:.5f}",
            "start": f"{days.first_day:%Y%m%d}",
            "end": f"{days.last_day:%Y%m%d}",
            "format": "CSV",
            "time-standard": "UTC",
        },
        kind=Kind.CSV,
    )


def read_hours(text: str, *, request: FetchRequest, days: DaySpan) -> Fetched:
    """Read an hourly answer; hours out of ``days`` are left out.

    Raises:
        ProviderInvalidError: It cannot be believed.
    """
    table = read_table(text, has_hours=True)
    _check(table, request)
    stamps = table.stamps
    checks.check_hours(stamps)
    columns: dict[str, tuple[NDArray[np.int64], Column]] = {}
    for theirs, ours in HOURLY_PARAMETERS.items():
        if theirs in table.columns:
            values = _converted(table, theirs, ours, _PER_HOUR)
            ends_later = HOURLY_BY_NAME[ours].semantics is not Semantics.INSTANT
            columns[ours] = (stamps + checks.HOUR_S if ends_later else stamps, values)
    hourly = checks.on_axis(columns, days)
    return Fetched(
        source=str(WeatherSource.NASA_POWER),
        hourly=hourly,
        issued_at=None,
        elevation_m=table.elevation_m,
        observed_until=checks.last_known(hourly),
    )


def read_days(
    text: str, *, request: FetchRequest, days: DaySpan
) -> tuple[DailyWeather, float | None]:
    """Read a daily answer.

    Raises:
        ProviderInvalidError: It cannot be believed.
    """
    table = read_table(text, has_hours=False)
    _check(table, request)
    day_numbers = table.stamps // 86_400
    if np.any(np.diff(day_numbers) <= 0):
        msg = "The answer's days do not ascend."
        raise ProviderInvalidError(msg)
    first = days.first_day.toordinal() - date(1970, 1, 1).toordinal()
    count = (days.last_day - days.first_day).days + 1
    inside = (day_numbers >= first) & (day_numbers < first + count)
    if not inside.any():
        msg = f"The answer has nothing of {days.first_day} to {days.last_day}, which was asked for."
        raise ProviderInvalidError(msg)
    columns: dict[str, Column] = {}
    for theirs, ours in DAILY_PARAMETERS.items():
        if theirs in table.columns:
            columns[ours] = np.full(count, np.nan)
            values = _converted(table, theirs, ours, _PER_DAY)
            columns[ours][day_numbers[inside] - first] = values[inside]
    weather = DailyWeather(first_day=days.first_day, count=count, columns=columns)
    return weather, table.elevation_m


def _check(table: PowerTable, request: FetchRequest) -> None:
    if table.is_local_solar:
        msg = "The answer is in local solar time; UTC was asked for."
        raise ProviderInvalidError(msg)
    checks.check_place(request, longitude=table.longitude, latitude=table.latitude)
    if table.elevation_m is not None:
        checks.check_ground(table.elevation_m)


def _converted(
    table: PowerTable, theirs: str, ours: str, conversions: dict[str, dict[str, float]]
) -> Column:
    known = next(units for ending, units in conversions.items() if ours.endswith(ending))
    unit = table.units.get(theirs)
    if unit is None or unit not in known:
        shown = "no unit" if unit is None else unit[:40]
        msg = f"The answer's {theirs} is in {shown}; {' or '.join(known)} is known."
        raise ProviderInvalidError(msg)
    return table.columns[theirs] * known[unit]

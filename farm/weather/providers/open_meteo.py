"""Open-Meteo: a forecast with the days before it, and a reanalysis of the years past.

Two hosts. The archive has what ERA5 has, which is settled some five days after; the forecast's host
has the last 92 days and the coming 16. Units are asked for by name, and still read from the answer:
its default for wind is km/h.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
from django.conf import settings

from farm.weather.models import WeatherProduct, WeatherSource
from farm.weather.providers import checks, reading
from farm.weather.providers.body import Kind
from farm.weather.providers.errors import ProviderInvalidError, ProviderRefusedError
from farm.weather.providers.hosts import Host
from farm.weather.providers.interface import Attribution, DaySpan, Fetched, FetchRequest
from farm.weather.providers.queries import Query
from farm.weather.variables import HOURLY_BY_NAME

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from farm.weather.providers.http import PoliteSession
    from farm.weather.series import Column, HourlyWeather

PAST_DAYS, FORECAST_DAYS = 92, 16  # documented limits of the forecast's host
FIRST_ARCHIVED = date(1940, 1, 1)
ARCHIVE_LAG = timedelta(days=5)
MOST_DAYS = 366

# Of a customer; taken where a key is given and the addresses are left as they are.
CUSTOMER_HOSTS = {
    "https://api.open-meteo.com": "https://customer-api.open-meteo.com",
    "https://archive-api.open-meteo.com": "https://customer-archive-api.open-meteo.com",
}
# The free service is for 10,000 calls a day; 0.05 a second on each of two hosts are 8,640.
FORECAST_HOST = Host(key="open_meteo", title="Open-Meteo", rate_per_s=0.05, burst=120)
ARCHIVE_HOST = Host(key="open_meteo_archive", title="Open-Meteo", rate_per_s=0.05, burst=120)

# Their name → ours.
VARIABLES = {
    "temperature_2m": "air_temperature_c",
    "relative_humidity_2m": "relative_humidity_percent",
    "dew_point_2m": "dew_point_c",
    "wind_speed_10m": "wind_speed_m_s",
    "wind_gusts_10m": "wind_gust_m_s",
    "wind_direction_10m": "wind_direction_deg",
    "precipitation": "precipitation_mm",
    "shortwave_radiation": "shortwave_radiation_mj_m2",
    "surface_pressure": "surface_pressure_hpa",
    "cloud_cover": "cloud_cover_percent",
    "precipitation_probability": "precipitation_probability_percent",
    "weather_code": "weather_code",
}
ONLY_FORECAST = {"precipitation_probability"}

# Our unit → their spelling → what to multiply with and to add.
_SPEEDS = {"m/s": (1.0, 0.0), "km/h": (1 / 3.6, 0.0), "mp/h": (0.44704, 0.0), "kn": (0.514444, 0.0)}
CONVERSIONS: dict[str, dict[str, tuple[float, float]]] = {
    "°C": {"°C": (1.0, 0.0), "°F": (5 / 9, -160 / 9)},
    "%": {"%": (1.0, 0.0)},
    "m/s": _SPEEDS | {"mph": _SPEEDS["mp/h"]},
    "°": {"°": (1.0, 0.0)},
    "mm": {"mm": (1.0, 0.0), "inch": (25.4, 0.0)},
    # A mean over the hour that ends at the stamp: 3,600 s of it are the hour's energy.
    "MJ/m²": {"W/m²": (0.0036, 0.0)},
    "hPa": {"hPa": (1.0, 0.0)},
    "WMO 4677": {"wmo code": (1.0, 0.0)},
}


class OpenMeteo:
    """Asks Open-Meteo."""

    key = "open_meteo"
    title = "Open-Meteo"
    products: tuple[str, ...] = (WeatherProduct.ARCHIVE, WeatherProduct.FORECAST)
    most_days = MOST_DAYS
    attribution = Attribution(
        text="Weather data by Open-Meteo.com", url="https://open-meteo.com/", licence="CC BY 4.0"
    )

    def host_key(self, product: str) -> str:
        """Each product has a host of its own."""
        return self._host(product).key

    def _host(self, product: str) -> Host:
        return ARCHIVE_HOST if product == WeatherProduct.ARCHIVE else FORECAST_HOST

    def source_of(self, product: str) -> str:
        """Reanalysis and model are told apart."""
        is_archive = product == WeatherProduct.ARCHIVE
        return str(WeatherSource.OPEN_METEO_ARCHIVE if is_archive else WeatherSource.OPEN_METEO)

    def reach(self, product: str, now: datetime) -> DaySpan:
        """Return the days that the product's host has."""
        today = now.astimezone(UTC).date()
        if product == WeatherProduct.ARCHIVE:
            return DaySpan(first_day=FIRST_ARCHIVED, last_day=today - ARCHIVE_LAG)
        return DaySpan(
            first_day=today - timedelta(days=PAST_DAYS),
            last_day=today + timedelta(days=FORECAST_DAYS - 1),
        )

    def fetch(self, *, request: FetchRequest, session: PoliteSession) -> Fetched:
        """Ask for the hours; see :class:`~farm.weather.providers.interface.Provider`."""
        reach = self.reach(request.product, request.now)
        days = checks.wanted_days(request, reach, most_days=MOST_DAYS)
        answer = session.ask(
            self._query(request, days), lambda text: read_hours(text, request=request, days=days)
        )
        return answer.value

    def _query(self, request: FetchRequest, days: DaySpan) -> Query:
        is_archive = request.product == WeatherProduct.ARCHIVE
        names = [name for name in VARIABLES if not (is_archive and name in ONLY_FORECAST)]
        parameters = {
            "latitude": f"{request.latitude:.5f}",
            "longitude": f"{request.longitude:.5f}",
            "hourly": ",".join(names),
            "temperature_unit": "celsius",
            "wind_speed_unit": "ms",
            "precipitation_unit": "mm",
            "timezone": "GMT",
            "timeformat": "unixtime",
        }
        if request.elevation_m is not None:
            parameters["elevation"] = f"{request.elevation_m:.0f}"
        if is_archive:
            parameters["start_date"] = days.first_day.isoformat()
            parameters["end_date"] = days.last_day.isoformat()
        else:
            today = request.now.astimezone(UTC).date()
            parameters["past_days"] = str(max(0, (today - days.first_day).days))
            parameters["forecast_days"] = str(max(1, (days.last_day - today).days + 1))
        if settings.OPEN_METEO_KEY:
            parameters["apikey"] = settings.OPEN_METEO_KEY
        asked_days = (days.last_day - days.first_day).days + 1
        return Query(
            provider=self.key,
            title=self.title,
            product=request.product,
            host=self._host(request.product),
            url=_url(request.product),
            parameters=parameters,
            kind=Kind.JSON,
            secret=settings.OPEN_METEO_KEY,
            # As they count: ten variables of two weeks are one call, more are more.
            cost=max(1.0, len(names) / 10) * max(1.0, asked_days / 14),
        )


def _url(product: str) -> str:
    is_archive = product == WeatherProduct.ARCHIVE
    base = settings.OPEN_METEO_ARCHIVE_URL if is_archive else settings.OPEN_METEO_URL
    if settings.OPEN_METEO_KEY:
        base = CUSTOMER_HOSTS.get(base, base)
    return f"{base}/v1/{'archive' if is_archive else 'forecast'}"


def read_hours(text: str, *, request: FetchRequest, days: DaySpan) -> Fetched:
    """Read an answer.

    Args:
        text: JSON.
        request: What was asked for.
        days: Those of the asked days that the product reaches; other hours are left out.

    Raises:
        ProviderError: It is a refusal, or cannot be believed.
    """
    document = reading.mapping(reading.parse_json(text), "document")
    if document.get("error") is True:
        reason = document.get("reason")
        msg = f"It refuses: {reason[:200] if isinstance(reason, str) else 'without a reason'}"
        raise ProviderRefusedError(msg)
    checks.check_place(
        request,
        longitude=reading.number(document.get("longitude"), "longitude"),
        latitude=reading.number(document.get("latitude"), "latitude"),
    )
    ground = document.get("elevation")
    elevation_m = (
        None if ground is None else checks.check_ground(reading.number(ground, "elevation"))
    )
    units = reading.mapping(document.get("hourly_units"), "hourly_units")
    hours = reading.mapping(document.get("hourly"), "hourly")
    stamps = _stamps(hours.get("time"), units.get("time"), document.get("utc_offset_seconds", 0))
    columns: dict[str, tuple[NDArray[np.int64], Column]] = {}
    for theirs, ours in VARIABLES.items():
        if theirs not in hours:
            continue
        values = reading.column(hours[theirs], f"hourly.{theirs}", count=len(stamps))
        if np.isnan(values).all() and units.get(theirs) == "undefined":
            continue  # as it says that the model of this place does not have it
        factor, offset = _conversion(theirs, ours, units.get(theirs))
        columns[ours] = (stamps, values if factor == 1 and not offset else values * factor + offset)
    hourly = checks.on_axis(columns, days)
    return Fetched(
        source=OpenMeteo().source_of(request.product),
        hourly=hourly,
        issued_at=None,
        elevation_m=elevation_m,
        observed_until=_observed_until(hourly, request),
    )


def _observed_until(hourly: HourlyWeather, request: FetchRequest) -> datetime | None:
    if request.product == WeatherProduct.ARCHIVE:
        return checks.last_known(hourly)
    # Up to now, hours of the forecast's host are what its models hold of the past.
    this_hour = request.now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    known = checks.last_known(hourly)
    return None if known is None or hourly.start > this_hour else min(this_hour, known)


def _conversion(theirs: str, ours: str, unit: object) -> tuple[float, float]:
    known = CONVERSIONS[HOURLY_BY_NAME[ours].unit]
    if not isinstance(unit, str) or unit not in known:
        shown = unit[:40] if isinstance(unit, str) else "no unit"
        msg = f"The answer's {theirs} is in {shown}; {' or '.join(known)} is known."
        raise ProviderInvalidError(msg)
    return known[unit]


def _stamps(value: object, unit: object, offset: object) -> NDArray[np.int64]:
    """Return seconds since 1970: (n,) int64, whole hours, ascending."""
    times = reading.sequence(value, "hourly.time", most=(MOST_DAYS + PAST_DAYS) * 24)
    if not times:
        msg = "The answer has no hours."
        raise ProviderInvalidError(msg)
    if unit == "unixtime":
        seconds = [reading.number(time, f"hourly.time[{row}]") for row, time in enumerate(times)]
    elif unit == "iso8601":
        # Written on a clock that is so many seconds ahead of UTC, throughout.
        ahead_s = reading.number(offset, "utc_offset_seconds")
        seconds = [_iso_seconds(time, row) - ahead_s for row, time in enumerate(times)]
    else:
        msg = "The answer's times are neither unixtime nor iso8601."
        raise ProviderInvalidError(msg)
    stamps = np.array(seconds)
    if np.abs(stamps).max() > 1e11 or np.any(stamps != np.floor(stamps)):
        msg = "The answer's times are no seconds since 1970."
        raise ProviderInvalidError(msg)
    whole = stamps.astype(np.int64)
    checks.check_hours(whole)
    return whole


def _iso_seconds(value: object, row: int) -> float:
    given = reading.text(value, f"hourly.time[{row}]")
    try:
        return datetime.fromisoformat(given).replace(tzinfo=UTC).timestamp()
    except ValueError as error:
        msg = f"The answer's hourly.time[{row}] is no time."
        raise ProviderInvalidError(msg) from error

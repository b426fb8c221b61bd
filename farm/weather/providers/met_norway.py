"""MET Norway's locationforecast: hours for some two days and a half, then every sixth hour.

Its terms ask for a User-Agent with a contact, coordinates of four decimals at most, and that
nothing is asked again before it expires, then with ``If-Modified-Since``.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
from django.conf import settings

from farm.weather.models import WeatherProduct, WeatherSource
from farm.weather.providers import checks, reading
from farm.weather.providers.body import Kind
from farm.weather.providers.errors import (
    NoSuchDaysError,
    ProviderInvalidError,
    ProviderRefusedError,
)
from farm.weather.providers.hosts import Host
from farm.weather.providers.interface import Attribution, DaySpan, Fetched, FetchRequest
from farm.weather.providers.queries import Query

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from farm.weather.providers.http import PoliteSession
    from farm.weather.series import Column

PATH = "/weatherapi/locationforecast/2.0/complete"
FORECAST_DAYS = 10
MOST_ENTRIES = 1000
# Their terms: 20 requests a second from everybody behind one contact.
HOST = Host(key="met_norway", title="MET Norway", rate_per_s=1, burst=5)

# Their name → ours, their unit.
INSTANTS = {
    "air_temperature": ("air_temperature_c", "celsius"),
    "relative_humidity": ("relative_humidity_percent", "%"),
    "dew_point_temperature": ("dew_point_c", "celsius"),
    "wind_speed": ("wind_speed_m_s", "m/s"),
    "wind_speed_of_gust": ("wind_gust_m_s", "m/s"),
    "wind_from_direction": ("wind_direction_deg", "degrees"),
    "cloud_area_fraction": ("cloud_cover_percent", "%"),
}
# Of the hour that begins at the entry's time, so they are stamped an hour later.
NEXT_HOUR = {
    "precipitation_amount": ("precipitation_mm", "mm"),
    "probability_of_precipitation": ("precipitation_probability_percent", "%"),
}


class MetNorway:
    """Asks MET Norway."""

    key = "met_norway"
    title = "MET Norway"
    products: tuple[str, ...] = (WeatherProduct.FORECAST,)
    most_days = 31
    attribution = Attribution(
        text="Weather data by MET Norway", url="https://api.met.no/", licence="CC BY 4.0"
    )

    def host_key(self, product: str) -> str:
        """There is one host."""
        del product
        return HOST.key

    def source_of(self, product: str) -> str:
        """There is one source."""
        del product
        return str(WeatherSource.MET_NORWAY)

    def reach(self, product: str, now: datetime) -> DaySpan:
        """Return the days that the forecast has."""
        del product
        today = now.astimezone(UTC).date()
        return DaySpan(first_day=today, last_day=today + timedelta(days=FORECAST_DAYS))

    def fetch(self, *, request: FetchRequest, session: PoliteSession) -> Fetched:
        """Ask for the hours; see :class:`~farm.weather.providers.interface.Provider`."""
        if request.product != WeatherProduct.FORECAST:
            msg = "MET Norway has forecasts only."
            raise NoSuchDaysError(msg)
        if not settings.WEATHER_CONTACT:
            msg = "MET Norway wants to know who asks: set FURROW_WEATHER_CONTACT."
            raise ProviderRefusedError(msg)
        reach = self.reach(request.product, request.now)
        days = checks.wanted_days(request, reach, most_days=self.most_days)
        parameters = {"lat": f"{request.latitude:.4f}", "lon": f"{request.longitude:.4f}"}
        if request.elevation_m is not None:
            parameters["altitude"] = f"{request.elevation_m:.0f}"
        query = Query(
            provider=self.key,
            title=self.title,
            product=request.product,
            host=HOST,
            url=f"{settings.MET_NORWAY_URL}{PATH}",
            parameters=parameters,
            kind=Kind.JSON,
            is_kept=True,
        )
        # Kept whole, because the same answer is asked for with other days later.
        whole = session.ask(query, lambda text: read_entries(text, request=request))
        issued_at, elevation_m, columns = whole.value
        return Fetched(
            source=str(WeatherSource.MET_NORWAY),
            hourly=checks.on_axis(columns, days),
            issued_at=issued_at,
            elevation_m=elevation_m,
            observed_until=None,
            asked_again_from=whole.expires_at,
        )


Columns = dict[str, "tuple[NDArray[np.int64], Column]"]


def read_entries(text: str, *, request: FetchRequest) -> tuple[datetime, float | None, Columns]:
    """Read an answer.

    Returns:
        When it was issued; the ground, m; name → stamps, seconds since 1970, and values.

    Raises:
        ProviderInvalidError: It cannot be believed.
    """
    document = reading.mapping(reading.parse_json(text), "document")
    elevation_m = _place(document, request)
    properties = reading.mapping(document.get("properties"), "properties")
    meta = reading.mapping(properties.get("meta"), "properties.meta")
    issued_at = reading.moment(meta.get("updated_at"), "properties.meta.updated_at")
    units = reading.mapping(meta.get("units"), "properties.meta.units")
    entries = reading.sequence(
        properties.get("timeseries"), "properties.timeseries", most=MOST_ENTRIES
    )
    found: dict[str, list[tuple[int, float]]] = {}
    stamps: list[int] = []
    for row, entry in enumerate(entries):
        stamp, instant, next_hour = _entry(entry, f"properties.timeseries[{row}]")
        stamps.append(stamp)
        for details, names, at in (
            (instant, INSTANTS, stamp),
            (next_hour, NEXT_HOUR, stamp + checks.HOUR_S),
        ):
            for theirs, (ours, unit) in names.items():
                if theirs in details:
                    if units.get(theirs) != unit:
                        msg = f"The answer's {theirs} is not in {unit}."
                        raise ProviderInvalidError(msg)
                    path = f"properties.timeseries[{row}].{theirs}"
                    found.setdefault(ours, []).append((at, reading.number(details[theirs], path)))
    if not stamps:
        msg = "The answer has no hours."
        raise ProviderInvalidError(msg)
    checks.check_hours(np.array(stamps, dtype=np.int64))
    columns: Columns = {
        name: (
            np.array([at for at, _ in values], dtype=np.int64),
            np.array([value for _, value in values]),
        )
        for name, values in found.items()
    }
    return issued_at, elevation_m, columns


def _place(document: dict[str, Any], request: FetchRequest) -> float | None:
    """Check the place and return its ground, m."""
    geometry = reading.mapping(document.get("geometry"), "geometry")
    point = reading.sequence(geometry.get("coordinates"), "geometry.coordinates", most=3)
    numbers = [reading.number(value, "geometry.coordinates") for value in point]
    if len(numbers) < 2:
        msg = "The answer does not say for which place it is."
        raise ProviderInvalidError(msg)
    checks.check_place(request, longitude=numbers[0], latitude=numbers[1])
    return checks.check_ground(numbers[2]) if len(numbers) == 3 else None


def _entry(entry: object, path: str) -> tuple[int, dict[str, Any], dict[str, Any]]:
    """Return an entry's stamp, seconds since 1970, its instants and what it says of its hour."""
    fields = reading.mapping(entry, path)
    moment = reading.moment(fields.get("time"), f"{path}.time")
    seconds = moment.timestamp()
    if seconds != int(seconds):
        msg = f"The answer's {path}.time is not a whole hour."
        raise ProviderInvalidError(msg)
    data = reading.mapping(fields.get("data"), f"{path}.data")
    instant = reading.mapping(data.get("instant", {}), f"{path}.instant")
    next_hour = reading.mapping(data.get("next_1_hours", {}), f"{path}.next_1_hours")
    return (
        int(seconds),
        reading.mapping(instant.get("details", {}), f"{path}.instant.details"),
        reading.mapping(next_hour.get("details", {}), f"{path}.next_1_hours.details"),
    )

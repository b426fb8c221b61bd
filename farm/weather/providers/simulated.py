"""Weather that is made up, for the demonstration: the same for a place and hour whenever asked.

It claims nothing about a place. What it holds together is what decisions rest on: the sun by
latitude and season, warm afternoons, damp nights, fronts that bring cloud, wind and rain at once.
A forecast is the same weather with errors that grow with its lead, so that it can be wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

import numpy as np

from farm.weather.models import WeatherProduct, WeatherSource
from farm.weather.providers.errors import NoSuchDaysError
from farm.weather.providers.interface import Attribution, DaySpan, Fetched
from farm.weather.series import HOUR, HourlyWeather

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from farm.weather.providers.http import PoliteSession
    from farm.weather.providers.interface import FetchRequest
    from farm.weather.series import Column

    Hours = NDArray[np.int64]  # hours since 1970, one a stamp

FIRST_DAY = date(1990, 1, 1)
FORECAST_DAYS = 10
ISSUED_EVERY_H = 3
GROUND_M = 60.0
# Solar constant, MJ/m² an hour (FAO-56, eq 28).
SOLAR_CONSTANT = 4.92
_ERRORS = 10_000  # chance of forecasts is apart from chance of the weather
_STILL_AIR = 9_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sky:
    """What the weather of the hours follows from; each (hours,), about -3 to 3."""

    front: Column  # low pressure, cloud, rain
    warmth: Column  # of the air mass
    damp: Column
    breeze: Column


class SimulatedWeather:
    """A provider that asks nobody."""

    key = "simulated"
    title = "Simulated weather"
    products: tuple[str, ...] = (WeatherProduct.ARCHIVE, WeatherProduct.FORECAST)
    most_days = 1_000
    attribution = Attribution(
        text="Simulated weather; it claims nothing about any place.", url="", licence="CC0-1.0"
    )

    def __init__(self, *, seed: int = 1) -> None:
        """Make weather up from a seed."""
        self._seed = seed

    def host_key(self, product: str) -> str:
        """Return a name that no host has."""
        del product
        return self.key

    def source_of(self, product: str) -> str:
        """Return the one source."""
        del product
        return WeatherSource.SIMULATED

    def reach(self, product: str, now: datetime) -> DaySpan:
        """Return the days there are: all since 1990, or the last ones and ten to come."""
        today = now.astimezone(UTC).date()
        if product == WeatherProduct.ARCHIVE:
            return DaySpan(first_day=FIRST_DAY, last_day=today - timedelta(days=1))
        return DaySpan(
            first_day=today - timedelta(days=90), last_day=today + timedelta(days=FORECAST_DAYS)
        )

    def fetch(self, *, request: FetchRequest, session: PoliteSession | None = None) -> Fetched:
        """Make the hours up.

        Raises:
            NoSuchDaysError: The product reaches none of the days.
        """
        del session
        days = request.days.overlap(self.reach(request.product, request.now))
        if days is None:
            msg = "The simulation reaches none of these days."
            raise NoSuchDaysError(msg)
        start = datetime.combine(days.first_day, time(), UTC)
        count = ((days.last_day - days.first_day).days + 1) * 24
        first = int(start.timestamp()) // 3600
        hours = np.arange(first, first + count, dtype=np.int64)
        now_h = int(request.now.timestamp()) // 3600
        issue_h = now_h - now_h % ISSUED_EVERY_H
        sky = self._sky(hours, issue_h=issue_h, from_h=now_h + 1)
        columns = _columns(
            hours,
            sky,
            longitude=request.longitude,
            latitude=request.latitude,
            elevation_m=GROUND_M if request.elevation_m is None else request.elevation_m,
        )
        is_coming = hours > now_h
        if is_coming.any():
            chance = np.round(100 / (1 + np.exp(-2.2 * (sky.front - 0.9))))
            columns["precipitation_probability_percent"] = np.where(is_coming, chance, np.nan)
        return Fetched(
            source=WeatherSource.SIMULATED,
            hourly=HourlyWeather(start=start, count=count, columns=columns),
            issued_at=datetime.fromtimestamp(issue_h * 3600, UTC) if is_coming.any() else None,
            elevation_m=GROUND_M,
            observed_until=min(
                datetime.fromtimestamp(now_h * 3600, UTC), start + (count - 1) * HOUR
            ),
        )

    def _sky(self, hours: Hours, *, issue_h: int, from_h: int) -> _Sky:
        lead_days = np.clip((hours - issue_h) / 24, 0, None)
        growth = np.where(hours >= from_h, 0.16 * lead_days**0.8, 0.0)

        def channel(number: int, periods_h: tuple[int, ...]) -> Column:
            truth = sum(
                _smooth(hours, period_h, key=self._seed * 100 + number * 10 + at)
                for at, period_h in enumerate(periods_h)
            )
            error = _smooth(hours, 18, key=_ERRORS + self._seed * 100 + number + issue_h * 64)
            return np.asarray(truth / np.sqrt(len(periods_h)) + growth * error)

        return _Sky(
            front=channel(1, (96, 31)),
            warmth=channel(2, (150, 60)),
            damp=channel(3, (72, 24)),
            breeze=channel(4, (40, 9)),
        )


def _columns(
    hours: Hours, sky: _Sky, *, longitude: float, latitude: float, elevation_m: float
) -> dict[str, Column]:
    day_of_year = (hours / 24) % 365.2425 + 1
    solar_h = (hours + longitude / 15) % 24
    season = np.cos(2 * np.pi * (day_of_year - (200 if latitude >= 0 else 17)) / 365.2425)
    cloud = 1 / (1 + np.exp(-1.8 * sky.front - 0.2))
    mean_c = 27 - 0.42 * max(abs(latitude) - 10, 0) - 0.0065 * elevation_m
    daily_c = mean_c + 0.17 * abs(latitude) * season + 3.2 * sky.warmth - 0.6 * sky.front
    swing_c = (5.2 + 1.3 * season) * (1 - 0.65 * cloud)
    air_c = daily_c + swing_c * np.cos(2 * np.pi * (solar_h - 15) / 24)
    dew_c = np.minimum(daily_c - 0.85 * swing_c - 2.2 + 2.0 * sky.damp + 2.0 * cloud, air_c)
    wind = (
        2.6
        + 1.2 * sky.breeze
        + 1.1 * np.clip(sky.front, -1, 3)
        + 0.8 * np.cos(2 * np.pi * (solar_h - 14) / 24)
    )
    # Still air stirs: an anemometer that says the same for a day is a broken one.
    wind = np.clip(wind, 0.3 + 0.5 * _uniform(hours, key=_STILL_AIR), 30)
    rain = np.round(np.clip(sky.front - 1.05, 0, None) ** 1.4 * (1.6 + sky.damp.clip(-1, 2)), 1)
    humidity = np.clip(100 * _vapour_pressure(dew_c) / _vapour_pressure(air_c), 5, 100)
    clear_sky = _extraterrestrial(hours, longitude=longitude, latitude=latitude) * 0.75
    radiation = clear_sky * (1 - 0.72 * cloud**1.6)
    pressure = (1015 - 8 * sky.front) * ((293 - 0.0065 * elevation_m) / 293) ** 5.26
    code = np.select(
        [(rain > 0) & (air_c < 0.5), rain >= 4, rain >= 1, rain > 0, cloud > 0.8, cloud > 0.3],
        [73, 65, 63, 61, 3, 2],
        0,
    )
    return {
        "air_temperature_c": np.round(air_c, 1),
        "relative_humidity_percent": np.round(humidity),
        "dew_point_c": np.round(dew_c, 1),
        "wind_speed_m_s": np.round(wind, 1),
        "wind_gust_m_s": np.round(1.55 * wind + 0.8, 1),
        "wind_direction_deg": np.round((235 + 65 * sky.warmth + 30 * sky.breeze) % 360),
        "precipitation_mm": rain,
        "shortwave_radiation_mj_m2": np.round(radiation, 3),
        "surface_pressure_hpa": np.round(pressure, 1),
        "cloud_cover_percent": np.round(100 * cloud),
        "weather_code": code.astype(np.float64),
    }


def _vapour_pressure(celsius: Column) -> Column:
    """FAO-56, eq 11, kPa."""
    return np.asarray(0.6108 * np.exp(17.27 * celsius / (celsius + 237.3)))


def _extraterrestrial(hours: Hours, *, longitude: float, latitude: float) -> Column:
    """Radiation above the air over the hour that ends at the stamp, MJ/m² (FAO-56, eq 28)."""
    middle = hours - 0.5
    day_of_year = np.floor(middle / 24 % 365.2425) + 1
    angle = 2 * np.pi * day_of_year / 365
    declination = 0.409 * np.sin(angle - 1.39)
    turn = np.pi / 12 * ((middle + longitude / 15) % 24 - 12)
    phi = np.deg2rad(latitude)
    sunset = np.arccos(np.clip(-np.tan(phi) * np.tan(declination), -1, 1))
    begin = np.clip(turn - np.pi / 24, -sunset, sunset)
    end = np.clip(turn + np.pi / 24, -sunset, sunset)
    height = (end - begin) * np.sin(phi) * np.sin(declination)
    height += np.cos(phi) * np.cos(declination) * (np.sin(end) - np.sin(begin))
    distance = 1 + 0.033 * np.cos(angle)
    return np.asarray(np.clip(12 / np.pi * SOLAR_CONSTANT * distance * height, 0, None))


def _smooth(hours: Hours, period_h: int, *, key: int) -> Column:
    """Chance that changes smoothly, about normal: random knots every ``period_h`` hours."""
    knot, rest = np.divmod(hours, period_h)
    share = rest / period_h
    ease = share * share * (3 - 2 * share)
    return np.asarray((1 - ease) * _normal(knot, key=key) + ease * _normal(knot + 1, key=key))


def _normal(number: Hours, *, key: int) -> Column:
    """A number's own chance: the sum of four uniform ones, mean 0, deviation 1.2."""
    total = np.zeros(len(number))
    for draw in range(4):
        total += _uniform(number, key=key * 4 + draw)
    return np.asarray((total - 2.0) * 1.2 * np.sqrt(3.0))


def _uniform(number: Hours, *, key: int) -> Column:
    """Mix a number and a key (SplitMix64, Steele, Lea and Flood 2014) into 0 to 1."""
    with np.errstate(over="ignore"):
        mixed = number.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        mixed += np.uint64((key * 0xD1B54A32D192ED03) % 2**64)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        mixed ^= mixed >> np.uint64(31)
    return np.asarray(mixed.astype(np.float64) / 2**64)

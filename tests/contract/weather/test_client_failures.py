"""What is wrong is refused by column and row; a service that dies is missed, then found again."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import numpy as np
import pytest

from farm.errors import InvalidInputError, ServiceUnavailableError
from farm.weather.domain import LocalHours, Stamp, StationHours
from farm.weather.domain_et import EtDays, EtEquation, EtMethod, EtReference
from farm.weather.domain_seasons import HeatMethod
from farm.weather.series import DailyWeather, HourlyWeather, Site

if TYPE_CHECKING:
    from collections.abc import Callable

    from farm.clients.weather import WeatherClient
    from tests.contract.weather.weather_process import WeatherProcess

START = datetime(2026, 6, 1, tzinfo=UTC)
SITE = Site(latitude_deg=50.8, longitude_deg=4.35, elevation_m=100)
DAY = DailyWeather(
    first_day=date(2026, 6, 1),
    count=1,
    columns={"temperature_min_c": np.array([5.0]), "temperature_max_c": np.array([25.0])},
)
# A breaker asks again every two seconds, and grpc dials again within two.
BACK_WITHIN_S = 15.0


def hours(*values: float, count: int | None = None, start: datetime = START) -> HourlyWeather:
    return HourlyWeather(
        start=start,
        count=len(values) if count is None else count,
        columns={"air_temperature_c": np.array(values, float)},
    )


def days_of(hourly: HourlyWeather, zone: str = "Europe/Brussels") -> Callable[..., object]:
    return lambda client: client.aggregate_days(
        stations=[StationHours(hours=hourly)], time_zone=zone
    )


@pytest.mark.parametrize(
    ("call", "reason", "sentence"),
    [
        (days_of(hours(1), "Europe/Bruxelles"), "TIME_ZONE_UNKNOWN", "Europe/Bruxelles"),
        (days_of(hours(1), "+02:00"), "TIME_ZONE_UNKNOWN", r"\+02:00"),
        (days_of(hours(1), ""), "TIME_ZONE_UNKNOWN", "zone"),
        (days_of(hours(1, 2, 200)), "REQUEST_INVALID", r"air_temperature_c\[2\] is 200"),
        (days_of(hours(1, np.inf)), "REQUEST_INVALID", r"air_temperature_c\[1\] is inf"),
        (days_of(hours(1, 2, count=3)), "REQUEST_INVALID", "16 bytes; 3 values of 8 are due"),
        (days_of(hours(count=0)), "REQUEST_INVALID", "1 to 300000 is allowed"),
        (days_of(hours(1, start=START.replace(minute=7))), "REQUEST_INVALID", "quarters"),
        (
            lambda client: client.aggregate_days(stations=[], time_zone="UTC"),
            "REQUEST_INVALID",
            "stations",
        ),
        (
            lambda client: client.resample_hours(
                times=np.array([600, 1200, 1200]),
                columns={"precipitation_mm": np.zeros(3)},
                step_s=600,
                stamp=Stamp.END,
            ),
            None,
            r"times\[2\]",
        ),
        (
            lambda client: client.resample_hours(
                times=np.array([700, 1300]),
                columns={"precipitation_mm": np.zeros(2)},
                step_s=700,
                stamp=Stamp.END,
            ),
            None,
            "700",
        ),
        (
            lambda client: client.estimate_daily_et(
                stations=[EtDays(site=replace(SITE, elevation_m=9000), days=DAY)],
                method=EtMethod(),
            ),
            "REQUEST_INVALID",
            "elevation_m",
        ),
        (
            lambda client: client.estimate_daily_et(
                stations=[EtDays(site=SITE, days=DAY)],
                method=EtMethod(equation=EtEquation.FAO56, reference=EtReference.TALL),
            ),
            None,
            "(?i)short|grass|tall",
        ),
        (
            lambda client: client.accumulate_heat(
                source=DAY, method=HeatMethod.AVERAGE, lower_c=10.0, upper_c=5.0
            ),
            None,
            "upper",
        ),
        (
            lambda client: client.accumulate_heat(
                source=DAY, method=HeatMethod.HOURLY, lower_c=10.0
            ),
            None,
            "hours",
        ),
        (
            lambda client: client.summarize_rain(
                hours=LocalHours(hours=hours(1), time_zone="UTC"),
                until=START.replace(year=2025),
            ),
            None,
            "until",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(
    weather: WeatherClient, call: Callable[[WeatherClient], object], reason: str, sentence: str
) -> None:
    with pytest.raises(InvalidInputError, match=sentence) as refused:
        call(weather)

    assert refused.value.detail.endswith(".")
    if reason is not None:
        assert refused.value.reason == reason


def test_an_answer_follows_every_refusal(weather: WeatherClient) -> None:
    with pytest.raises(InvalidInputError):
        days_of(hours(1), "Mars/Olympus")(weather)

    assert weather.judge_hours(hourly=hours(1.0))["air_temperature_c"].tolist() == [0]


def test_thirty_years_of_hours_pass_and_what_is_larger_is_refused_in_words(
    weather: WeatherClient, weather_process: WeatherProcess
) -> None:
    thirty = HourlyWeather(
        start=START,
        count=262_800,
        columns={"air_temperature_c": np.tile(np.arange(24.0), 10_950)},
    )
    names = ("air_temperature_c", "dew_point_c", "wind_speed_m_s", "precipitation_mm")
    larger = HourlyWeather(
        start=START, count=600_000, columns={name: np.zeros(600_000) for name in names}
    )

    flags = weather.judge_hours(hourly=thirty)
    with pytest.raises(InvalidInputError, match="too much for one call"):
        weather.judge_hours(hourly=larger)

    assert len(flags["air_temperature_c"]) == 262_800
    assert weather_process.peak_memory_bytes() < 200 << 20


def test_a_killed_service_is_missed_and_found_again(
    weather: WeatherClient, weather_process: WeatherProcess
) -> None:
    assert weather.judge_hours(hourly=hours(1.0))

    weather_process.kill()
    with pytest.raises(ServiceUnavailableError):
        weather.judge_hours(hourly=hours(1.0), timeout_s=5)
    weather_process.start()

    deadline = time.monotonic() + BACK_WITHIN_S
    while True:
        try:
            flags = weather.judge_hours(hourly=hours(1.0), timeout_s=5)
            break
        except ServiceUnavailableError:
            assert time.monotonic() < deadline, "It was not found again."
            # The channel has no other sign than its answer; the pause only spares the processor.
            time.sleep(0.1)
    assert flags["air_temperature_c"].tolist() == [0]

"""The client sends columns as they are and gives back what the weather service answers."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import grpc
import numpy as np
import pytest

from farm.clients.channel import channel_to, close_channels
from farm.clients.fakes import Failure
from farm.clients.services import WEATHER
from farm.clients.weather import WeatherClient, weather_client
from farm.clients.weather_fakes import InMemoryWeather, serving_weather
from farm.errors import InvalidInputError, ServiceBusyError, ServiceUnavailableError
from farm.rpc.weather.v1 import water_pb2, weather_pb2
from farm.weather.domain import Aggregate, Days, FurtherColumn, LocalHours, Stamp, StationHours
from farm.weather.domain_risks import FrostThresholds, InfectionModel
from farm.weather.domain_seasons import ChillDays, HeatMethod
from farm.weather.domain_water import (
    BalanceMethod,
    BalanceStart,
    Crop,
    IrrigationRules,
    RainAction,
    Soil,
    WaterBalanceRequest,
)
from farm.weather.domain_windows import FrostProtectionThresholds, LimitingFactor
from farm.weather.series import DailyWeather, Flag, HourlyWeather, Site

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_django.fixtures import SettingsWrapper

START = datetime(2026, 3, 28, 23, tzinfo=UTC)
SITE = Site(latitude_deg=50.8, longitude_deg=3.2, elevation_m=20)
CROP = Crop(
    name="cotton",
    planted_day=-3,
    stage_days=(30, 50, 60, 55),
    single_coefficients=(0.35, 1.2, 0.6),
    basal_coefficients=(0.15, 1.15, 0.5),
    initial_height_m=0.05,
    max_height_m=1.2,
    initial_root_depth_m=0.3,
    max_root_depth_m=1.5,
    depletion_share=0.65,
)
SOIL = Soil(
    name="loam",
    field_capacity_m3_m3=0.27,
    wilting_point_m3_m3=0.12,
    evaporation_depth_m=0.1,
    readily_evaporable_mm=9,
)


@pytest.fixture
def service() -> InMemoryWeather:
    return InMemoryWeather()


@pytest.fixture
def client(service: InMemoryWeather) -> Iterator[WeatherClient]:
    with serving_weather(service) as target:
        yield WeatherClient(channel_to(target, WEATHER))
        close_channels()


def hourly(count: int = 48, **columns: float) -> HourlyWeather:
    columns = columns or {"air_temperature_c": 10.0, "precipitation_mm": 0.5}
    return HourlyWeather(
        start=START,
        count=count,
        columns={name: np.full(count, value) for name, value in columns.items()},
    )


def test_columns_go_and_come_as_they_are_with_their_gaps(
    service: InMemoryWeather, client: WeatherClient
) -> None:
    values = np.array([0.1 + 0.2, np.nan, -1e-300, 5.0])
    service.answers["ResampleHours"] = lambda request: weather_pb2.ResampleHoursResponse(
        hours={
            "hours": {"start": {"seconds": int(START.timestamp())}, "count": 4},
            "air_temperature_c": request.samples.air_temperature_c,
        }
    )

    judged = client.resample_hours(
        times=np.arange(0, 2400, 600),
        columns={"air_temperature_c": values},
        step_s=600,
        stamp=Stamp.BEGIN,
    )

    assert judged.hourly.columns["air_temperature_c"].tobytes() == values.tobytes()
    assert judged.hourly.start == START
    assert set(judged.hourly.columns) == {"air_temperature_c"}  # absent columns stay absent
    assert list(service.requests[0].times) == [0, 600, 1200, 1800]
    assert not service.requests[0].samples.HasField("hours")


def test_a_view_of_every_second_value_goes_as_its_values(
    service: InMemoryWeather, client: WeatherClient
) -> None:
    whole = np.arange(8.0)
    strided = HourlyWeather(start=START, count=4, columns={"dew_point_c": whole[::2]})

    client.judge_hours(hourly=strided)

    sent = np.frombuffer(service.requests[0].hours.dew_point_c, "<f8")
    assert sent.tolist() == [0, 2, 4, 6]


def test_flags_come_by_column(client: WeatherClient) -> None:
    flags = client.judge_hours(hourly=hourly(air_temperature_c=99.0, precipitation_mm=0.0))

    assert (flags["air_temperature_c"] == Flag.RANGE).all()
    assert not flags["precipitation_mm"].any()


def test_days_come_with_their_bounds_shares_and_further_columns(
    service: InMemoryWeather, client: WeatherClient
) -> None:
    station = StationHours(
        station_id="7",
        hours=hourly(),
        further=(FurtherColumn(name="et_mm", values=np.full(48, 0.25), aggregate=Aggregate.SUM),),
    )

    days = client.aggregate_days(
        stations=[station], time_zone="Europe/Brussels", observed_until=START
    )

    (of_station,) = days.stations
    assert of_station.station_id == "7"
    assert of_station.days.first_day == date(2026, 3, 29)
    assert np.diff(of_station.day_bounds)[0] == 23 * 3600
    assert of_station.further["et_mm"][0] == 23 * 0.25
    assert of_station.is_provisional[0] == 1
    assert of_station.coverage["precipitation_mm"][0] == 1
    assert days.tzdb_version == "2026b"
    assert service.requests[0].observed_until.seconds == int(START.timestamp())


def test_only_what_the_air_needs_is_sent(service: InMemoryWeather, client: WeatherClient) -> None:
    air = client.describe_air(site=SITE, hourly=hourly())

    assert air.wet_bulb_c.tolist() == [1.0] * 48
    assert service.requests[0].hours.air_temperature_c
    assert not service.requests[0].hours.precipitation_mm


def test_warmth_of_hours_and_of_days_are_told_apart(
    service: InMemoryWeather, client: WeatherClient
) -> None:
    days = DailyWeather(
        first_day=date(2026, 3, 29), count=2, columns={"temperature_min_c": np.zeros(2)}
    )
    local = LocalHours(hours=hourly(), time_zone="Europe/Brussels")

    by_day = client.accumulate_heat(
        source=days, method=HeatMethod.SINGLE_SINE, lower_c=10, upper_c=None
    )
    client.accumulate_heat(source=local, method=HeatMethod.HOURLY, lower_c=10, upper_c=30)

    assert [request.WhichOneof("source") for request in service.requests] == ["days", "hours"]
    assert not service.requests[0].HasField("upper_c")
    assert service.requests[1].upper_c == 30
    assert by_day.total.tolist() == [5, 10]
    assert by_day.days.dates() == [date(2026, 3, 29), date(2026, 3, 30)]


def test_a_season_goes_on_from_the_state_that_came(
    service: InMemoryWeather, client: WeatherClient
) -> None:
    first = client.accumulate_chill(source=hourly())

    client.accumulate_chill(source=hourly(), state=first.state)
    client.accumulate_chill(
        source=ChillDays(days=DailyWeather(first_day=date(2026, 1, 1), count=1), latitude_deg=50)
    )

    assert not service.requests[0].HasField("state")
    assert service.requests[1].state.chilling_hours == 48
    assert service.requests[1].state.last_hour.seconds == int(START.timestamp()) + 47 * 3600
    assert service.requests[2].WhichOneof("source") == "days"


def test_what_is_absent_of_a_night_is_none(service: InMemoryWeather, client: WeatherClient) -> None:
    service.answers["AssessFrost"] = lambda request: weather_pb2.AssessFrostResponse(
        nights=[weather_pb2.FrostNight(date="2026-03-29", coverage=0.1)]
    )
    thresholds = FrostThresholds(stage="bloom", kills_tenth_c=-2.2, kills_nine_tenths_c=-3.9)

    frost = client.assess_frost(
        hours=LocalHours(hours=hourly(), time_zone="UTC"), site=SITE, thresholds=thresholds
    )

    (night,) = frost.nights
    assert (night.min_temperature_c, night.min_at, night.kind, night.risk) == (None,) * 4
    assert service.requests[0].thresholds.kills_nine_tenths_c == -3.9
    assert service.requests[0].site.wind_height_m == 10


def test_a_day_that_is_no_hutton_day_is_not_one_that_nobody_knows(client: WeatherClient) -> None:
    local = LocalHours(hours=hourly(), time_zone="UTC")
    model = InfectionModel(
        name="scab",
        min_temperature_c=1,
        optimum_temperature_c=20,
        max_temperature_c=35,
        min_wetness_h=6,
        max_wetness_h=40,
        dry_interruption_h=8,
    )

    disease = client.assess_disease(hours=local, model=model)

    assert disease.days[0].is_hutton_day is False
    assert disease.days[0].is_hutton_period is None
    assert disease.infections[0].from_ == START


def test_rain_comes_by_span(client: WeatherClient) -> None:
    rain = client.summarize_rain(hours=LocalHours(hours=hourly(), time_zone="UTC"), until=START)

    assert [total.hours for total in rain.sums][-1] == 720
    assert rain.dry_days == 1


def test_rules_that_are_not_given_stay_unset(
    service: InMemoryWeather, client: WeatherClient
) -> None:
    balance = WaterBalanceRequest(
        days=Days(first_day=date(2026, 3, 29), count=3),
        reference_et_mm=np.full(3, 4.0),
        precipitation_mm=np.zeros(3),
        crop=CROP,
        soil=SOIL,
        start=BalanceStart(root_depletion_mm=0),
        method=BalanceMethod(),
        rules=IrrigationRules(
            first_day=0,
            last_day=2,
            allowed_depletion_share=0.5,
            forecast_action=RainAction.REDUCE,
        ),
    )

    balanced = client.balance_water(balance=balance)

    sent = service.requests[0]
    assert sent.rules.HasField("allowed_depletion_share")
    assert not sent.rules.HasField("allowed_depletion_mm")
    assert sent.rules.forecast_action == water_pb2.RAIN_ACTION_REDUCE
    assert not sent.soil.HasField("curve_number")
    assert not sent.wind_speed_2m_m_s
    assert not sent.HasField("ndvi_kcb")
    assert balanced.advice[0].reasons == ("allowed_depletion_share",)
    assert balanced.end is not None
    assert balanced.end.surface_depletion_mm is None


def test_the_kind_of_thresholds_is_the_kind_of_window(
    service: InMemoryWeather, client: WeatherClient
) -> None:
    thresholds = FrostProtectionThresholds(start_wet_bulb_c=0, stop_wet_bulb_c=1, max_wind_m_s=3)

    found = client.find_windows(hourly=hourly(), site=SITE, thresholds=thresholds, min_hours=2)

    assert service.requests[0].WhichOneof("thresholds") == "frost"
    assert found.limiting_factor[0] == [*LimitingFactor].index(LimitingFactor.CALM) + 1
    assert found.windows[0].ended_by is None


def test_a_refusal_names_row_and_reason(service: InMemoryWeather, client: WeatherClient) -> None:
    service.failures["JudgeHours"] = Failure(
        code=grpc.StatusCode.INVALID_ARGUMENT,
        detail="hours.air_temperature_c[3] is 99; -95 to 65 is possible.",
        reason="REQUEST_INVALID",
    )

    with pytest.raises(InvalidInputError, match=r"air_temperature_c\[3\]") as refused:
        client.judge_hours(hourly=hourly())

    assert refused.value.reason == "REQUEST_INVALID"


def test_a_busy_service_is_named(service: InMemoryWeather, client: WeatherClient) -> None:
    service.failures["JudgeHours"] = Failure(
        code=grpc.StatusCode.RESOURCE_EXHAUSTED, reason="SERVICE_BUSY", retry_after_s=3
    )

    with pytest.raises(ServiceBusyError, match="weather service") as refused:
        client.judge_hours(hourly=hourly())

    assert refused.value.retry_after_s == 3


def test_thirty_years_of_five_columns_fit_both_ways(client: WeatherClient) -> None:
    count = 262_800
    names = ["air_temperature_c", "dew_point_c", "wind_speed_m_s", "precipitation_mm"]
    columns = {name: np.zeros(count) for name in [*names, "surface_pressure_hpa"]}
    long = HourlyWeather(start=START, count=count, columns=columns)

    flags = client.judge_hours(hourly=long)
    air = client.describe_air(site=SITE, hourly=HourlyWeather(start=START, count=250_000))

    assert len(flags["dew_point_c"]) == count
    assert len(air.delta_t_k) == 250_000  # eight columns come back for none that went


def test_what_is_too_large_for_a_message_is_refused_in_words(client: WeatherClient) -> None:
    names = ["air_temperature_c", "dew_point_c", "wind_speed_m_s", "precipitation_mm"]
    columns = {name: np.zeros(600_000) for name in names}

    with pytest.raises(InvalidInputError, match="too much for one call"):
        client.judge_hours(hourly=HourlyWeather(start=START, count=600_000, columns=columns))


def test_a_service_that_is_not_there_is_named(settings: SettingsWrapper) -> None:
    settings.WEATHER_TARGET = "unix:/nowhere/weather.sock"

    with pytest.raises(ServiceUnavailableError, match="The weather service is not running"):
        weather_client().judge_hours(hourly=hourly(), timeout_s=2)
    close_channels()

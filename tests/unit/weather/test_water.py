"""A field's water: what is sent of it, and what is said of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest

from farm.clients import weather_fakes
from farm.errors import InvalidInputError
from farm.imagery.catalogue import index_named
from farm.imagery.models import Observation, Scene, SceneState
from farm.weather.domain_et import Filled
from farm.weather.models import CropProfile, FieldIrrigation, FieldWater, SoilProfile
from farm.weather.ndvi_looks import NdviLook, ndvi_looks
from farm.weather.water import balance_span, water_balance
from tests.unit.weather.store_world import new_farm, new_field
from tests.unit.weather.weather_world import START, told

if TYPE_CHECKING:
    from typing import Any

    from farm.clients.weather import WeatherClient
    from farm.clients.weather_fakes import InMemoryWeather

SOWN = date(2026, 1, 2)
TODAY = date(2026, 1, 6)
RULES = {"allowed_depletion_share": 0.5, "target_depletion_mm": 0}


def crop(**changes: object) -> CropProfile:
    values: dict[str, Any] = {
        "name": "maize",
        "stage_days": [5, 5, 10, 10],
        "single_coefficients": [0.3, 1.2, 0.6],
        "basal_coefficients": [0.15, 1.15, 0.5],
        "initial_height_m": 0.1,
        "max_height_m": 2.0,
        "initial_root_depth_m": 0.3,
        "max_root_depth_m": 1.2,
        "depletion_share": 0.55,
    }
    return CropProfile(**{**values, **changes})


def setup(**changes: object) -> FieldWater:
    values: dict[str, Any] = {
        "crop": crop(),
        "soil": SoilProfile(
            name="loam",
            field_capacity_m3_m3=0.3,
            wilting_point_m3_m3=0.1,
            readily_evaporable_mm=9,
        ),
        "planted_on": SOWN,
        "initial_depletion_share": 0.25,
        "efficiency_share": 0.8,
        "wetted_share": 0.4,
    }
    return FieldWater(**{**values, **changes})


def balanced(client: WeatherClient, **changes: Any) -> Any:
    values: dict[str, Any] = {
        "setup": setup(),
        "irrigations": (),
        "looks": (),
        "weather": told(days=10, observed_days=6),
        "client": client,
        "today": TODAY,
    }
    return water_balance(**{**values, **changes})


def test_a_balance_reaches_from_sowing_to_the_season_or_the_forecast() -> None:
    assert balance_span(setup=setup(), today=TODAY) == (SOWN, date(2026, 1, 21))
    assert balance_span(setup=setup(), today=date(2026, 6, 1)) == (SOWN, date(2026, 1, 31))
    with pytest.raises(InvalidInputError, match="later than any forecast"):
        balance_span(setup=setup(), today=date(2025, 11, 1))


def test_the_season_is_sent_with_what_it_stands_on(
    weather_client: WeatherClient, weather_service: InMemoryWeather
) -> None:
    irrigations = [
        FieldIrrigation(day=date(2026, 1, 4), depth_mm=20),
        FieldIrrigation(day=date(2026, 1, 3), depth_mm=10, efficiency_share=0.9),
        FieldIrrigation(day=date(2025, 12, 1), depth_mm=99),  # of another season
    ]

    report = balanced(weather_client, irrigations=irrigations, setup=setup(rules=RULES))

    sent = weather_service.requests[-1]
    assert sent.days.first_day == "2026-01-02"
    assert [(each.day, each.depth_mm) for each in sent.irrigations] == [(1, 10), (2, 20)]
    # A quarter of 1000 (0.3 - 0.1) × 0.3 m.
    assert sent.start.root_depletion_mm == pytest.approx(15)
    assert sent.rules.first_day == 4  # today
    assert sent.rules.efficiency_share == 0.8
    assert sent.rules.wetted_share == 0.4
    assert sent.is_forecast[:5] == bytes(5)
    assert sent.is_forecast[5:] == bytes([1]) * (sent.days.count - 5)
    assert report.table.columns["irrigation_mm"][1:3].tolist() == [10, 20]
    assert report.table.columns["reference_et_mm"][0] == 4.0
    assert report.advice[0].day == report.table.dates[-1]
    assert report.assumptions["soil"] == "loam"


def test_what_was_assumed_of_the_wind_is_not_sent_as_known(
    weather_client: WeatherClient, weather_service: InMemoryWeather
) -> None:
    from farm.clients import weather_fake_days
    from farm.clients.weather_converters import column_to_bytes
    from farm.rpc.weather.v1 import series_pb2

    def without_wind(request: Any) -> Any:
        answer = weather_fake_days.daily_et(request)
        count = request.stations[0].days.days.count
        answer.stations[0].filled = bytes([Filled.WIND]) + bytes(count - 1)
        answer.stations[0].intermediates.append(
            series_pb2.NamedColumn(
                name="wind_speed_2m_m_s", values=column_to_bytes(np.full(count, 2.0))
            )
        )
        return answer

    weather_service.answers["EstimateDailyEt"] = without_wind

    balanced(weather_client)

    wind = np.frombuffer(weather_service.requests[-1].wind_speed_2m_m_s)
    assert np.isnan(wind[0])
    assert wind[1] == 2.0


def test_without_rules_there_is_no_advice(
    weather_client: WeatherClient, weather_service: InMemoryWeather
) -> None:
    report = balanced(weather_client)

    assert not weather_service.requests[-1].HasField("rules")
    assert (report.has_rules, report.advice) == (False, ())


def test_a_season_that_is_over_asks_for_no_water(
    weather_client: WeatherClient, weather_service: InMemoryWeather
) -> None:
    over = setup(rules=RULES, crop=crop(stage_days=[1, 1, 1, 1]))

    report = balanced(weather_client, setup=over, today=date(2026, 1, 9))

    assert weather_service.requests[-1].days.count == 4
    assert not report.has_rules


def test_the_day_that_stops_a_balance_is_named(
    weather_client: WeatherClient, weather_service: InMemoryWeather
) -> None:
    def stopped(request: Any) -> Any:
        answer = weather_fakes._water(request)
        answer.days_balanced = 3
        return answer

    weather_service.answers["BalanceWater"] = stopped

    report = balanced(weather_client)

    assert report.balanced_until == date(2026, 1, 4)
    assert report.stopped_by.startswith("The rain of 2026-01-05 is not known")


def test_weather_that_begins_after_sowing_is_refused(weather_client: WeatherClient) -> None:
    late = told(days=5, start=START + timedelta(days=3))

    with pytest.raises(InvalidInputError, match="No weather is kept of the day of sowing"):
        balanced(weather_client, weather=late)


def test_coefficients_from_above_name_their_calibration(
    weather_client: WeatherClient, weather_service: InMemoryWeather
) -> None:
    calibrated = crop(ndvi_calibration="Mediterranean crops", ndvi_slope=1.44, ndvi_intercept=-0.1)
    looks = [NdviLook(day=SOWN + timedelta(days=2), ndvi=0.5)]

    report = balanced(weather_client, setup=setup(uses_ndvi=True, crop=calibrated), looks=looks)

    sent = weather_service.requests[-1].ndvi_kcb
    assert (sent.slope, sent.intercept) == (1.44, -0.1)
    assert [(each.day, each.ndvi) for each in sent.observations] == [(2, 0.5)]
    assert (report.looks, report.calibration) == (1, "Mediterranean crops")


def test_without_a_calibration_no_coefficient_comes_from_above(
    weather_client: WeatherClient,
) -> None:
    with pytest.raises(InvalidInputError, match="has no calibration"):
        balanced(weather_client, setup=setup(uses_ndvi=True))


def test_the_clearest_look_of_a_day_at_the_present_outline_counts(db: None) -> None:
    field = new_field(new_farm(), longitude=4.3, latitude=50.8)

    def look(day: int, mean: float | None, **changes: object) -> None:
        at = datetime(2026, 1, day, 10, 30, tzinfo=UTC)
        scene = Scene.objects.create(
            farm=field.farm,
            name=f"{day} {mean}",
            content_sha256=f"{day} {mean}",
            acquired_at=at,
            state=SceneState.READY,
        )
        values: dict[str, Any] = {
            "index": index_named("ndvi").id,
            "acquired_at": at,
            "mean": mean,
            "covered_pixels": 100,
            "covered_area_m2": 10_000,
            "outline_area_m2": 10_000,
            "effective_pixels": 100,
            "valid_share": 1.0,
            "clear_share": 1.0,
            "edge_share": 0.1,
            "outline_sha256": field.outline_sha256,
        }
        Observation.objects.create(field=field, scene=scene, **{**values, **changes})

    look(3, 0.3, valid_share=0.9)
    look(3, 0.4)
    look(5, 0.5, valid_share=0.5)  # half of the field
    look(6, 0.6, outline_sha256="0" * 64)  # of an earlier outline
    look(7, 0.7)
    look(20, 0.9)

    seen = ndvi_looks(field=field, first_day=date(2026, 1, 1), last_day=date(2026, 1, 10))

    assert [(look.day.day, look.ndvi) for look in seen] == [(3, 0.4), (7, 0.7)]


def test_days_without_a_value_are_counted(weather_client: WeatherClient) -> None:
    weather = told(days=10)
    weather.hourly.columns["precipitation_mm"][5 * 24 : 6 * 24] = np.nan
    weather = replace(weather)

    report = balanced(weather_client, weather=weather)

    assert report.table.missing["precipitation_mm"] == 1

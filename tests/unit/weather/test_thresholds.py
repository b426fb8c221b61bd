"""Thresholds and rules are refused by name before anybody relies on them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from farm.errors import InvalidInputError
from farm.weather.domain_water import RainAction, ReplacedEt
from farm.weather.domain_windows import HarvestThresholds, SprayThresholds
from farm.weather.models import DecisionKind, DecisionProfile
from farm.weather.thresholds import KINDS, rules_of, thresholds_of
from farm.weather.windows import windows
from tests.unit.weather.weather_world import START, told

if TYPE_CHECKING:
    from farm.clients.weather import WeatherClient
    from farm.clients.weather_fakes import InMemoryWeather

SPRAY: dict[str, Any] = {
    "min_wind_m_s": 0.8,
    "max_wind_m_s": 4.2,
    "max_gust_m_s": 7,
    "min_delta_t_k": 2,
    "marginal_delta_t_k": 8,
    "max_delta_t_k": 10,
    "min_temperature_c": 5,
    "max_temperature_c": 28,
    "dry_hours_after": 4,
    "rain_from_mm": 0.1,
    "refuses_wet_leaves": False,
    "inversion_cloud_below_percent": 30,
    "inversion_wind_below_m_s": 3,
    "inversion_sunset_hours": 2,
    "inversion_sunrise_hours": 1,
}


def test_every_kind_of_decision_has_thresholds() -> None:
    assert set(KINDS) == set(DecisionKind.values)


def test_thresholds_are_read_with_their_types() -> None:
    thresholds = thresholds_of("spray", SPRAY)

    assert isinstance(thresholds, SprayThresholds)
    assert thresholds.dry_hours_after == 4
    assert isinstance(thresholds.max_gust_m_s, float)
    assert thresholds.refuses_wet_leaves is False


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"max_wind_kmh": 15}, "no threshold “max_wind_kmh”"),
        ({"max_wind_m_s": None}, "“max_wind_m_s” is missing"),
        ({"max_wind_m_s": "4"}, "max_wind_m_s is '4'; a number"),
        ({"max_wind_m_s": True}, "a number is asked for"),
        ({"max_wind_m_s": float("nan")}, "0 to 60"),
        ({"max_wind_m_s": 10**400}, "0 to 60"),  # JSON has whole numbers beyond every float
        ({"dry_hours_after": float("inf")}, "0 to 48"),
        ({"max_wind_m_s": -1}, "0 to 60"),
        ({"dry_hours_after": 2.5}, "a whole number"),
        ({"dry_hours_after": 49}, "0 to 48"),
        ({"refuses_wet_leaves": 1}, "true or false"),
        ({"min_wind_m_s": 5}, "min_wind_m_s is 5, above max_wind_m_s, 4.2"),
        ({"marginal_delta_t_k": 11}, "above max_delta_t_k"),
        ({"inversion_cloud_below_percent": 130}, "0 to 100"),
    ],
)
def test_a_threshold_that_makes_no_sense_is_named(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidInputError, match=sentence):
        thresholds_of("spray", {**SPRAY, **changes})


@pytest.mark.parametrize("given", [[], "min_wind_m_s", None])
def test_what_is_no_mapping_is_refused(given: Any) -> None:
    with pytest.raises(InvalidInputError, match="Names and values"):
        thresholds_of("harvest", given)


def test_an_unknown_kind_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InvalidInputError, match="spray, frost, irrigation, harvest, disease"):
        thresholds_of("sowing", {})


def test_limits_may_meet() -> None:
    thresholds = thresholds_of(
        "harvest",
        {
            "max_relative_humidity_percent": 80,
            "marginal_relative_humidity_percent": 80,
            "dry_hours_before": 6,
            "rain_from_mm": 0.1,
            "min_vpd_kpa": 0.2,
        },
    )

    assert isinstance(thresholds, HarvestThresholds)


def test_rules_are_read_with_their_words() -> None:
    rules = rules_of(
        {
            "allowed_depletion_share": 0.5,
            "target_depletion_mm": 0,
            "forecast_rain_mm": 5,
            "forecast_days": 3,
            "forecast_action": "reduce",
            "replaced_et": "crop",
            "weekdays": [4, 0, 4],
        },
        first_day=30,
        last_day=40,
    )

    assert rules is not None
    assert (rules.first_day, rules.last_day) == (30, 40)
    assert rules.forecast_action is RainAction.REDUCE
    assert rules.replaced_et is ReplacedEt.CROP
    assert rules.weekdays == (0, 4)
    assert rules.target_depletion_mm == 0
    assert rules.constant_mm is None


def test_no_rules_ask_for_no_advice() -> None:
    assert rules_of({}) is None


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"constant_mm": None}, "Exactly one amount .* found none"),
        ({"target_depletion_mm": 0}, "found constant_mm, target_depletion_mm"),
        ({"forecast_rain_mm": 5}, "asks for forecast_days and forecast_action"),
        ({"forecast_action": "pray"}, "one of proceed, cancel, reduce"),
        ({"weekdays": [7]}, "0 Monday to 6 Sunday"),
        ({"weekdays": "Monday"}, "0 Monday to 6 Sunday"),
        ({"efficiency_share": 0}, "efficiency_share is '0'"),
        ({"allowed_depletion_share": 1.5}, "0 to 1"),
        ({"min_mm": 30, "max_mm": 20}, "min_mm is 30, above max_mm"),
        ({"first_day": 3}, "no threshold “first_day”"),
    ],
)
def test_a_rule_that_makes_no_sense_is_named(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidInputError, match=sentence):
        rules_of({"constant_mm": 20, **changes})


@pytest.mark.parametrize("given", [["constant_mm"], "constant_mm", 5])
def test_rules_that_are_no_mapping_are_refused(given: Any) -> None:
    with pytest.raises(InvalidInputError, match="Names and values"):
        rules_of(given)


def test_windows_come_by_a_profile_and_within_the_span(
    weather_client: WeatherClient, weather_service: InMemoryWeather
) -> None:
    profile = DecisionProfile(kind="spray", thresholds=SPRAY, min_hours=3)

    report = windows(
        weather=told(days=1),
        client=weather_client,
        profile=profile,
        end=START + timedelta(hours=2),
    )
    later = windows(
        weather=told(days=1),
        client=weather_client,
        profile=profile,
        start=START + timedelta(hours=23),
    )

    assert weather_service.requests[0].spray.max_gust_m_s == 7
    assert weather_service.requests[0].min_hours == 3
    codes, words = report.table.words["status"]
    assert [words[code] for code in codes] == ["unsuitable", "suitable"]
    codes, words = report.table.words["limiting_factor"]
    assert [words[code] for code in codes] == ["calm", None]
    assert len(report.windows) == 1
    assert report.windows[0].until == START + timedelta(hours=1)
    (last,) = later.windows
    assert (last.from_, last.until) == (START + timedelta(hours=22), START + timedelta(hours=23))
    assert last.least_margin == 0.5

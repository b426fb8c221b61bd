"""Metric numbers in US units: values by published factors, names that say what they are in."""

from __future__ import annotations

import math

import numpy as np
import pytest

from farm.weather.units import (
    UnitSystem,
    column_in,
    document_in,
    metric_value,
    name_in,
    unit_in,
)
from farm.weather.variables import HOURLY

US = UnitSystem.US


# Fixed points of the scales, and NIST SP 811, appendix B.8.
@pytest.mark.parametrize(
    ("name", "metric", "us_name", "us"),
    [
        ("air_temperature_c", 0.0, "air_temperature_f", 32.0),
        ("air_temperature_c", 100.0, "air_temperature_f", 212.0),
        ("air_temperature_c", -40.0, "air_temperature_f", -40.0),
        ("delta_t_k", 10.0, "delta_t_f", 18.0),
        ("wind_speed_m_s", 0.44704, "wind_speed_mph", 1.0),
        ("precipitation_mm", 25.4, "precipitation_in", 1.0),
        ("surface_pressure_hpa", 1013.25, "surface_pressure_inhg", 29.9213),
        ("shortwave_radiation_mj_m2", 0.04184, "shortwave_radiation_ly", 1.0),
        ("elevation_m", 304.8, "elevation_ft", 1000.0),
        ("degree_days_k_d", 10.0, "degree_days_f_d", 18.0),
    ],
)
def test_a_column_is_converted_and_named_by_its_new_unit(
    name: str, metric: float, us_name: str, us: float
) -> None:
    assert name_in(name, system=US) == us_name
    assert column_in(name, np.array([metric]), system=US)[0] == pytest.approx(us, rel=1e-5)
    assert metric_value(name, us, system=US) == pytest.approx(metric, rel=1e-5)


@pytest.mark.parametrize(
    "name",
    [
        "relative_humidity_percent",
        "wind_direction_deg",
        "vapour_pressure_deficit_kpa",
        "weather_code",
        "chill_portions",
        "field_capacity_m3_m3",
        "wetted_share",
        "wet_h",
    ],
)
def test_what_has_no_other_unit_keeps_number_and_name(name: str) -> None:
    values = np.array([1.5, math.nan])

    assert name_in(name, system=US) == name
    assert column_in(name, values, system=US) is values
    assert unit_in(name, "as ever", system=US) == "as ever"


def test_metric_answers_are_not_copied() -> None:
    values = np.array([1.5])

    assert column_in("air_temperature_c", values, system=UnitSystem.METRIC) is values


def test_what_is_absent_stays_absent() -> None:
    converted = column_in("air_temperature_c", np.array([math.nan, 10.0]), system=US)

    assert math.isnan(converted[0])
    assert converted[1] == 50.0


def test_every_hourly_variable_is_written_in_a_unit_that_its_name_ends_with() -> None:
    endings = {
        "°F": "_f",
        "mph": "_mph",
        "in": "_in",
        "ly": "_ly",
        "inHg": "_inhg",
        "%": "_percent",
        "°": "_deg",
    }

    for variable in HOURLY:
        unit = unit_in(variable.name, variable.unit, system=US)
        if unit in endings:
            assert name_in(variable.name, system=US).endswith(endings[unit]), variable.name
        else:
            assert variable.name == "weather_code"


def test_a_document_is_converted_at_any_depth_and_nothing_else_of_it() -> None:
    document = {
        "nights": [{"date": "2026-04-02", "min_temperature_c": -5.0, "margin_k": 1.0, "kind": 2}],
        "thresholds": {"kills_tenth_c": None, "stage": "full bloom"},
        "sums": {"rain_mm": [0.0, None]},
        "is_simulated": True,
    }

    assert document_in(document, system=UnitSystem.METRIC) == document
    assert document_in(document, system=US) == {
        "nights": [{"date": "2026-04-02", "min_temperature_f": 23.0, "margin_f": 1.8, "kind": 2}],
        "thresholds": {"kills_tenth_f": None, "stage": "full bloom"},
        "sums": {"rain_in": [0.0, None]},
        "is_simulated": True,
    }


def test_numbers_of_a_document_have_the_decimals_of_their_unit() -> None:
    document = {"total_k_d": 89.123456, "rain_mm": 0.30000000000000004, "latitude": 50.123456}
    found = document_in({**document, "elevation_m": 51}, system=UnitSystem.US)

    assert document_in(document, system=UnitSystem.METRIC) == {
        "total_k_d": 89.12,
        "rain_mm": 0.3,
        "latitude": 50.123456,
    }
    assert found == {
        "total_f_d": 160.4,
        "rain_in": 0.012,
        "latitude": 50.123456,
        "elevation_ft": 167.3,
    }
    applied = {"thresholds": {"start_wet_bulb_c": 0.55}}
    assert document_in(applied, system=UnitSystem.METRIC) == applied

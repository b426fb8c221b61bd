"""Columns that were asked for, in the units that were asked for."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from rest_framework.exceptions import ValidationError

from farm.weather.api_tables import in_units, with_columns
from farm.weather.series import Flag, Method
from farm.weather.tables import Freshness, Step, WeatherTable
from farm.weather.units import UnitSystem

METRIC, US = UnitSystem.METRIC, UnitSystem.US


@pytest.fixture
def table() -> WeatherTable:
    return WeatherTable(
        step=Step.HOUR,
        time_zone="Europe/Brussels",
        stamps_s=np.array([0, 3600], dtype=np.int64),
        columns={
            "air_temperature_c": np.array([10.0, np.nan]),
            "wind_speed_m_s": np.array([1.0, 2.0]),
            "relative_humidity_percent": np.array([80.0, 81.0]),
        },
        words={"status": (np.array([0, 1], dtype=np.uint8), (None, "suitable"))},
        units={
            "air_temperature_c": "°C",
            "wind_speed_m_s": "m/s",
            "relative_humidity_percent": "%",
        },
        sources={"air_temperature_c": np.array([1, 0], dtype=np.uint8)},
        source_names=("", "station"),
        made_of={"air_temperature_c": ("station",)},
        flags={"air_temperature_c": np.array([Flag.STEP, 0], dtype=np.uint8)},
        methods=(
            Method(quantity="air_temperature_c", name="as_measured", source="the station"),
            Method(quantity="windows", name="of_all", source="a book"),
        ),
        missing={"air_temperature_c": 1, "wind_speed_m_s": 0, "relative_humidity_percent": 0},
        is_provisional=np.array([0, 0], dtype=np.uint8),
        freshness=Freshness(),
    )


def test_a_table_in_us_units_names_every_column_by_its_unit_everywhere(table: WeatherTable) -> None:
    us = in_units(table, system=US)

    assert us.columns["air_temperature_f"][0] == 50.0
    assert np.isnan(us.columns["air_temperature_f"][1])
    assert us.units == {
        "air_temperature_f": "°F",
        "wind_speed_mph": "mph",
        "relative_humidity_percent": "%",
    }
    assert set(us.sources) == set(us.flags) == set(us.made_of) == {"air_temperature_f"}
    assert us.missing["air_temperature_f"] == 1
    assert us.methods[0].quantity == "air_temperature_f"


def test_a_metric_table_is_not_touched(table: WeatherTable) -> None:
    assert in_units(table, system=METRIC) is table


@pytest.mark.parametrize(
    ("system", "name"),
    [(METRIC, "air_temperature_c"), (US, "air_temperature_f"), (US, "air_temperature_c")],
)
def test_a_column_may_be_named_as_the_answer_or_the_metric_one_does(
    table: WeatherTable, system: UnitSystem, name: str
) -> None:
    kept = with_columns(table, names=(name,), system=system)

    assert set(kept.columns) == set(kept.units) == set(kept.missing) == {"air_temperature_c"}
    assert kept.words == {}
    assert [method.quantity for method in kept.methods] == ["air_temperature_c", "windows"]


def test_words_are_columns_too(table: WeatherTable) -> None:
    kept = with_columns(table, names=("status",), system=METRIC)

    assert (set(kept.columns), set(kept.words)) == (set(), {"status"})


def test_an_unknown_column_is_refused_with_the_known_ones(table: WeatherTable) -> None:
    with pytest.raises(ValidationError) as caught:
        with_columns(table, names=("soil_moisture",), system=US)

    assert caught.value.detail == {
        "columns": [
            "There is no column “soil_moisture”; known are: air_temperature_f, wind_speed_mph, "
            "relative_humidity_percent, status."
        ]
    }


def test_the_axis_and_what_is_said_of_the_whole_stay(table: WeatherTable) -> None:
    kept = in_units(with_columns(table, names=("status",), system=US), system=US)

    by_column = {"columns", "words", "units", "sources", "made_of", "flags", "missing", "methods"}
    by_column |= {"rejected", "coverage"}
    for one in fields(WeatherTable):
        if one.name not in by_column:
            assert getattr(kept, one.name) is getattr(table, one.name)

"""Tables become JSON whose every number is the table's, rounded."""

from __future__ import annotations

import json
import math
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from farm.weather.json_columns import dates_json, numbers_json, times_json, words_json
from farm.weather.render import rendered
from farm.weather.series import Flag, Method
from farm.weather.tables import Freshness, Step, WeatherTable, unit_of

HOUR_S = 3600


@given(
    values=hnp.arrays(
        np.float64,
        st.integers(0, 40),
        elements=st.one_of(
            st.floats(-2000, 2000), st.just(math.nan), st.floats(-1e15, 1e15), st.just(-0.0)
        ),
    ),
    decimals=st.integers(0, 3),
)
def test_numbers_come_back_rounded_and_absent_ones_as_null(
    values: np.ndarray, decimals: int
) -> None:
    read = json.loads(numbers_json(values, decimals=decimals))

    assert len(read) == len(values)
    for written, value in zip(read, values.tolist(), strict=True):
        if math.isnan(value):
            assert written is None
        else:
            assert written == pytest.approx(value, abs=0.5 * 10**-decimals * (1 + 1e-9), rel=1e-12)


def test_no_zero_is_negative_and_none_leads() -> None:
    values = np.array([-0.04, 0.05, 7.0, -12.34, 1013.25, np.nan])

    assert numbers_json(values, decimals=1) == b"[0.0,0.0,7.0,-12.3,1013.2,null]"
    assert numbers_json(np.array([0.0, 61.0, np.nan]), decimals=0) == b"[0,61,null]"
    assert numbers_json(np.array([]), decimals=1) == b"[]"
    assert numbers_json(np.array([np.inf, 1.0]), decimals=1) == b"[null,1.0]"


@pytest.mark.parametrize(
    "zone",
    [
        "Europe/Brussels",
        "America/St_Johns",
        "Australia/Lord_Howe",
        "Asia/Kathmandu",
        "Pacific/Chatham",
        "Africa/Casablanca",
        "Pacific/Apia",
    ],
)
def test_times_are_local_with_their_offset_through_two_changes_of_clocks(zone: str) -> None:
    stamps_s = np.arange(8800, dtype=np.int64) * HOUR_S + 1_296_000_000 + 900

    read = json.loads(times_json(stamps_s, time_zone=zone))

    local = [datetime.fromtimestamp(int(stamp), ZoneInfo(zone)) for stamp in stamps_s]
    assert read == [moment.isoformat() for moment in local]


def test_days_and_words_are_written_as_they_are() -> None:
    assert json.loads(dates_json([date(2026, 3, 29)])) == ["2026-03-29"]
    assert json.loads(words_json(np.array([2, 0, 1], np.uint8), (None, "dry", "wet"))) == [
        "wet",
        None,
        "dry",
    ]


def hours_table() -> WeatherTable:
    start = int(datetime(2026, 3, 29, 0, tzinfo=UTC).timestamp())
    return WeatherTable(
        step=Step.HOUR,
        time_zone="Europe/Brussels",
        stamps_s=np.arange(4) * HOUR_S + start,
        columns={"air_temperature_c": np.array([1.26, np.nan, 3.0, 4.0])},
        words={"leaf_wetness": (np.array([1, 1, 0, 2], np.uint8), (None, "dry", "wet"))},
        units={"air_temperature_c": "°C"},
        sources={"air_temperature_c": np.array([1, 0, 1, 2], np.uint8)},
        source_names=("", "station", "open_meteo"),
        flags={"air_temperature_c": np.array([0, Flag.RANGE, 0, 0], np.uint8)},
        rejected={"air_temperature_c": np.array([np.nan, 99.0, np.nan, np.nan])},
        methods=(Method(quantity="leaf_wetness", name="m", source="s"),),
        missing={"air_temperature_c": 1},
        is_provisional=np.array([0, 0, 0, 1], np.uint8),
        freshness=Freshness(observed_until=datetime(2026, 3, 29, 2, tzinfo=UTC)),
    )


def test_an_hour_is_told_with_its_source_its_flag_and_what_was_left_out() -> None:
    document = json.loads(rendered(hours_table(), before={"farm": {"id": 7}}))

    assert document["farm"] == {"id": 7}
    assert document["times"][0] == "2026-03-29T01:00:00+01:00"
    assert document["times"][1] == "2026-03-29T03:00:00+02:00"
    assert document["columns"]["air_temperature_c"] == [1.3, None, 3.0, 4.0]
    assert document["columns"]["leaf_wetness"] == ["dry", "dry", None, "wet"]
    assert document["missing_hours"] == {"air_temperature_c": 1}
    assert document["sources"]["air_temperature_c"] == ["station", "open_meteo"]
    assert document["source_runs"]["air_temperature_c"] == [
        {"from_row": 0, "rows": 1, "source": "station"},
        {"from_row": 2, "rows": 1, "source": "station"},
        {"from_row": 3, "rows": 1, "source": "open_meteo"},
    ]
    assert document["flags"]["air_temperature_c"] == [
        {"from_row": 1, "rows": 1, "flags": ["range"]}
    ]
    assert document["rejected"]["air_temperature_c"] == [{"row": 1, "value": 99.0}]
    assert document["forecast_from_row"] == 3
    assert document["observed_until"] == "2026-03-29T04:00:00+02:00"
    assert document["stale"] is None


def test_a_day_says_whether_it_is_whole_and_whether_it_may_change() -> None:
    table = WeatherTable(
        step=Step.DAY,
        time_zone="Europe/Brussels",
        dates=[date(2026, 3, 28), date(2026, 3, 29)],
        columns={"precipitation_mm": np.array([1.239, np.nan])},
        units={"precipitation_mm": "mm"},
        made_of={"precipitation_mm": ("station",)},
        missing={"precipitation_mm": 1},
        coverage={"precipitation_mm": np.array([1.0, 0.5])},
        is_partial=np.array([0, 1], np.uint8),
        is_provisional=np.array([0, 1], np.uint8),
        freshness=Freshness(is_stale=True, age_s=9000.0, stale_reason="Open-Meteo is down."),
    )

    document = json.loads(rendered(table))

    assert document["dates"] == ["2026-03-28", "2026-03-29"]
    assert document["columns"] == {"precipitation_mm": [1.24, None]}
    assert document["coverage"] == {"precipitation_mm": [1.0, 0.5]}
    assert document["rows"] == {"is_partial": [False, True], "is_provisional": [False, True]}
    assert document["is_partial"] is True
    assert document["stale"] == {"age_s": 9000.0, "reason": "Open-Meteo is down."}
    assert document["missing_days"] == {"precipitation_mm": 1}


def test_units_are_read_off_names() -> None:
    assert unit_of("wind_speed_m_s") == "m/s"
    assert unit_of("precipitation_mm") == "mm"
    assert unit_of("root_depth_m") == "m"
    assert unit_of("total_k_d") == "K d"
    assert unit_of("delta_t_k") == "K"
    assert unit_of("vapour_pressure_deficit_kpa") == "kPa"
    assert unit_of("chill_portions") == "1"

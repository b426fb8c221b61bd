"""NASA POWER: hours and days late, units from the header, and -999."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from farm.weather.providers.errors import NoSuchDaysError, ProviderInvalidError
from farm.weather.providers.nasa_power import NasaPower, read_days, read_hours
from tests.unit.weather.providers.answers import DAY, asked, days, power, recorded
from tests.unit.weather.providers.provider_server import NOW, as_csv

if TYPE_CHECKING:
    from farm.weather.providers.http import PoliteSession
    from farm.weather.providers.interface import Fetched
    from tests.unit.weather.providers.provider_server import ProviderServer

BEGIN = datetime(2026, 3, 26, tzinfo=UTC)  # the day before DAY
# Where the recorded answers are of.
POLE = {"latitude": -89.5, "longitude": -179.5}
NINETEEN_EIGHTY_THREE = date(1983, 1, 1)


def read(text: str, **changes: Any) -> Fetched:
    request = asked(product="archive", **changes)
    return read_hours(text, request=request, days=request.days)


@pytest.mark.django_db
def test_hours_are_asked_in_utc_with_the_day_before(
    server: ProviderServer, session: PoliteSession
) -> None:
    server.will(as_csv(power({"T2M": [8.0] * 48}, first=BEGIN)))
    request = asked(product="archive", first_day=DAY.replace(day=26), last_day=DAY)

    fetched = NasaPower().fetch(request=request, session=session)

    (seen,) = server.seen
    assert seen.path == "/api/temporal/hourly/point"
    # Two days behind: the 27th cannot be had on the 28th.
    assert (seen.parameters["start"], seen.parameters["end"]) == ("20260325", "20260326")
    assert seen.parameters["time-standard"] == "UTC"
    assert seen.parameters["format"] == "CSV"
    assert fetched.source == "nasa_power"
    assert fetched.elevation_m == 12.5
    assert fetched.hourly.count == 24


def test_amounts_are_stamped_with_the_end_of_their_hour_and_instants_with_their_own() -> None:
    rain = [0.0] * 47 + [9.0]
    rain[23] = 5.0  # from 23:00 to midnight of the day before
    rain[30] = 2.0

    hourly = read(power({"T2M": [float(v) for v in range(48)], "PRECTOTCORR": rain}, first=BEGIN))

    columns = hourly.hourly.columns
    assert columns["air_temperature_c"].tolist() == [float(v) for v in range(24, 48)]
    assert columns["precipitation_mm"][0] == 5
    assert columns["precipitation_mm"][7] == 2
    assert columns["precipitation_mm"].sum() == 7  # the last hour's belongs to the next day


@pytest.mark.parametrize(
    ("sun", "given", "wanted"),
    [("MJ/hr", 2.5, 2.5), ("MJ/m^2/hour", 2.5, 2.5), ("Wh/m^2", 1000.0, 3.6), ("W/m^2", 500, 1.8)],
)
def test_the_unit_of_the_sun_is_read_from_the_header(sun: str, given: float, wanted: float) -> None:
    fetched = read(power({"ALLSKY_SFC_SW_DWN": [given] * 48}, first=BEGIN, sun=sun))

    assert fetched.hourly.columns["shortwave_radiation_mj_m2"] == pytest.approx([wanted] * 24)


@pytest.mark.parametrize("sun", ["MJ/m^2/day", "kW-hr/m^2/day", "", "langley"])
def test_a_sun_in_an_unknown_unit_is_refused(sun: str) -> None:
    with pytest.raises(ProviderInvalidError, match="ALLSKY_SFC_SW_DWN is in"):
        read(power({"ALLSKY_SFC_SW_DWN": [1.0] * 48}, first=BEGIN, sun=sun))


def test_pressure_comes_in_hectopascals() -> None:
    fetched = read(power({"PS": [101.325] * 48}, first=BEGIN))

    assert fetched.hourly.columns["surface_pressure_hpa"] == pytest.approx([1013.25] * 24)


def test_minus_999_is_absent_and_not_observed() -> None:
    sun = [1.0] * 30 + [-999.0] * 18

    fetched = read(power({"T2M": [3.0] * 40 + [-999.0] * 8, "ALLSKY_SFC_SW_DWN": sun}, first=BEGIN))

    temperatures = fetched.hourly.columns["air_temperature_c"]
    assert np.isnan(temperatures).tolist() == [False] * 16 + [True] * 8
    assert np.isnan(fetched.hourly.columns["shortwave_radiation_mj_m2"][7:]).all()
    assert fetched.observed_until == datetime(2026, 3, 27, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"standard": "LST"}, "local solar time"),
        ({"latitude": 20.0}, "km from"),
        ({"ground": "99999"}, "ground lies at"),
    ],
)
def test_an_answer_to_another_question_is_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ProviderInvalidError, match=said):
        read(power({"T2M": [1.0] * 48}, first=BEGIN, **change))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("-BEGIN HEADER-", "BEGIN", "has no header"),
        ("-END HEADER-", "END", "has no header"),
        ("Location:", "Place:", "for which place"),
        ("(C)", "(K)", "T2M is in K"),
        ("MERRA-2 Temperature at 2 Meters (C)", "", "T2M is in no unit"),
        ("2026,3,27,0,1.0", "2026,3,27,0,1.0,7", "3 columns|6 values for 5 columns in line 35"),
        ("2026,3,27,0,1.0", "2026,3,27,0,=1+1", "is no number in line 35"),
        ("2026,3,27,0,1.0", "2026,3,27,0,nan", "is no number"),
        ("2026,3,27,0,1.0", "2026,2,30,0,1.0", "not in the calendar"),
        ("2026,3,27,0,1.0", "2026,3,27,24,1.0", "HR that is none"),
        ("2026,3,27,0,1.0", "2026,13,27,0,1.0", "MO that is none"),
        ("2026,3,27,0,1.0", "2026,3,26,23,1.0", "is there twice"),
        ("2026,3,27,0,1.0", "2026,3,28,0,1.0", "comes before"),
        ("YEAR,MO,DY,HR", "YEAR,MO,DY,HH", "has no columns YEAR, MO, DY, HR"),
        ("YEAR,MO,DY,HR", "YEAR,YEAR,DY,HR", "make no sense"),
    ],
)
def test_a_table_that_makes_no_sense_is_refused(old: str, new: str, said: str) -> None:
    text = power({"T2M": [1.0] * 48}, first=BEGIN)
    assert old in text

    with pytest.raises(ProviderInvalidError, match=said):
        read(text.replace(old, new, 1))


@pytest.mark.parametrize("text", ["", "{}", "-BEGIN HEADER-\n-END HEADER-", "\n" * 30_000])
def test_what_is_no_table_is_refused(text: str) -> None:
    with pytest.raises(ProviderInvalidError):
        read(text)


def test_it_has_no_forecast_and_nothing_of_yesterday(session: PoliteSession) -> None:
    with pytest.raises(NoSuchDaysError, match="no forecast"):
        NasaPower().fetch(request=asked(), session=session)
    with pytest.raises(NoSuchDaysError, match="2001-01-01 to 2026-03-26"):
        NasaPower().fetch(request=asked(product="archive"), session=session)


@pytest.mark.django_db
def test_a_recorded_day_is_read(server: ProviderServer, session: PoliteSession) -> None:
    server.will(as_csv(recorded("nasa_power/daily_ag_point.csv").decode()))
    request = asked(
        product="archive",
        **POLE,
        first_day=NINETEEN_EIGHTY_THREE,
        last_day=NINETEEN_EIGHTY_THREE,
        now=NOW,
    )

    weather, elevation_m = NasaPower().fetch_daily(request=request, session=session)

    assert server.seen[0].path == "/api/temporal/daily/point"
    assert elevation_m == 2885.03
    assert (weather.first_day, weather.count) == (NINETEEN_EIGHTY_THREE, 1)
    columns = {name: float(column[0]) for name, column in weather.columns.items()}
    assert columns == pytest.approx(
        {
            "temperature_mean_c": -24.36,
            "temperature_min_c": -25.37,
            "temperature_max_c": -22.7,
            "relative_humidity_mean_percent": 92.61,
            "wind_speed_mean_m_s": 1.93,
            "surface_pressure_mean_hpa": 692.3,
        }
    )


def test_a_recorded_day_in_local_solar_time_is_refused() -> None:
    text = recorded("nasa_power/daily_sb_point_LST.csv").decode()

    with pytest.raises(ProviderInvalidError, match="local solar time"):
        read_days(text, request=asked(**POLE), days=days(NINETEEN_EIGHTY_THREE))


def test_a_daily_answer_is_no_hourly_one() -> None:
    text = recorded("nasa_power/daily_ag_point.csv").decode()

    with pytest.raises(ProviderInvalidError, match="has no columns"):
        read_hours(text, request=asked(**POLE), days=days(NINETEEN_EIGHTY_THREE))


def test_days_that_nobody_gave_are_gaps() -> None:
    text = recorded("nasa_power/daily_ag_point.csv").decode()
    span = days(NINETEEN_EIGHTY_THREE, date(1983, 1, 3))

    weather, _ = read_days(text, request=asked(**POLE), days=span)

    assert weather.count == 3
    assert np.isnan(weather.columns["temperature_mean_c"]).tolist() == [False, True, True]

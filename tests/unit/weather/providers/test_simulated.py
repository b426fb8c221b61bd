"""Weather that is made up: the same each time, possible everywhere, and honest about itself."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from farm.weather.providers.errors import NoSuchDaysError
from farm.weather.providers.interface import Fetched, FetchRequest, Provider
from farm.weather.providers.simulated import SimulatedWeather
from farm.weather.series import HOUR

NOW = datetime(2026, 6, 1, 12, 20, tzinfo=UTC)
TODAY = NOW.date()


def fetched(
    product: str = "forecast",
    *,
    first: int = -2,
    last: int = 9,
    now: datetime = NOW,
    latitude: float = 50.8,
    seed: int = 1,
) -> Fetched:
    return SimulatedWeather(seed=seed).fetch(
        request=FetchRequest(
            product=product,
            longitude=3.1,
            latitude=latitude,
            first_day=TODAY + timedelta(days=first),
            last_day=TODAY + timedelta(days=last),
            now=now,
        )
    )


def test_it_is_a_provider_like_the_others() -> None:
    assert isinstance(SimulatedWeather(), Provider)
    assert fetched().source == "simulated"


def test_the_same_question_has_the_same_answer() -> None:
    first, again = fetched().hourly.columns, fetched().hourly.columns

    assert all(np.array_equal(first[name], again[name], equal_nan=True) for name in first)
    other = fetched(seed=2).hourly.columns
    assert not np.array_equal(first["air_temperature_c"], other["air_temperature_c"])


def test_what_came_is_the_same_whenever_it_is_asked_for() -> None:
    then = fetched("archive", first=-400, last=-1)
    part = fetched("archive", first=-10, last=-1)

    for name, column in part.hourly.columns.items():
        assert (then.hourly.columns[name][-240:] == column).all()


def test_a_forecast_errs_the_more_the_farther_it_looks() -> None:
    errors: dict[int, list[float]] = {1: [], 9: []}
    for back in range(1, 120):
        now = NOW - timedelta(days=10 + back)
        said = fetched(first=-10 - back, last=-back, now=now)
        came = fetched("archive", first=-10 - back, last=-back).hourly
        for days in errors:
            row = days * 24 + 12
            name = "air_temperature_c"
            errors[days].append(abs(said.hourly.columns[name][row] - came.columns[name][row]))

    assert np.mean(errors[9]) > 1.5 * np.mean(errors[1]) > 0


def test_hours_after_now_are_forecast() -> None:
    found = fetched()

    assert found.observed_until == NOW.replace(minute=0)
    assert found.issued_at == NOW.replace(minute=0)
    past = (NOW.replace(minute=0) - found.hourly.start) // HOUR
    chance = found.hourly.columns["precipitation_probability_percent"]
    assert np.isnan(chance[: past + 1]).all()
    assert not np.isnan(chance[past + 1 :]).any()


@pytest.mark.parametrize("latitude", [-78.0, -35.0, 0.0, 50.8, 69.0, 90.0])
def test_its_values_are_possible_everywhere(latitude: float) -> None:
    columns = fetched("archive", first=-400, last=-1, latitude=latitude).hourly.columns

    ranges = {
        "air_temperature_c": (-70, 50),
        "relative_humidity_percent": (0, 100),
        "wind_speed_m_s": (0, 40),
        "precipitation_mm": (0, 60),
        "shortwave_radiation_mj_m2": (0, 4.5),
        "surface_pressure_hpa": (850, 1080),
        "cloud_cover_percent": (0, 100),
        "wind_direction_deg": (0, 360),
    }
    for name, (least, most) in ranges.items():
        assert (columns[name] >= least).all(), name
        assert (columns[name] <= most).all(), name
    assert (columns["dew_point_c"] <= columns["air_temperature_c"]).all()
    assert (columns["wind_gust_m_s"] >= columns["wind_speed_m_s"]).all()


def test_it_has_days_and_seasons_rain_and_dry_spells() -> None:
    columns = fetched("archive", first=-366, last=-2).hourly.columns
    air = columns["air_temperature_c"].reshape(-1, 24).mean(axis=1)
    sun = columns["shortwave_radiation_mj_m2"].reshape(-1, 24)
    rain = columns["precipitation_mm"].reshape(-1, 24).sum(axis=1)

    assert air[30:90].mean() > air[210:270].mean() + 8  # July, January
    assert (sun[:, 0] == 0).all()
    assert 10 < sun[30:60].sum(axis=1).mean() < 30
    assert 300 < rain.sum() < 2000
    assert 0.1 < (rain > 0.2).mean() < 0.8


def test_days_that_it_does_not_reach_are_refused() -> None:
    with pytest.raises(NoSuchDaysError):
        fetched(first=30, last=40)
    assert SimulatedWeather().reach("archive", NOW).first_day == date(1990, 1, 1)

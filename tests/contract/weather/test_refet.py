"""Hourly ASCE evapotranspiration against the Python package refet, on generated years.

The package takes a sky as clear while the sun is lower than 0.3 rad (it says so itself),
where the standard, and furrow-weather, keep the cloudiness of the evening. So the comparison is of
every hour under clear skies, of the hours of a high sun under any, and of every hour with refet's
own equations, given the evening's cloudiness by other code.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pytest
from refet import Hourly, calcs

from farm.weather.domain_et import EtEquation, EtHours, EtMethod, EtReference
from farm.weather.series import HourlyWeather, Site

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from farm.clients.weather import WeatherClient

HOURS = 8784
HIGH_SUN_RAD = 0.3

SITES = [
    Site(latitude_deg=50.8, longitude_deg=4.35, elevation_m=100.0, wind_height_m=10.0),
    Site(latitude_deg=39.46, longitude_deg=-118.77, elevation_m=1208.5, wind_height_m=3.0),
    Site(latitude_deg=-33.9, longitude_deg=151.2, elevation_m=20.0, wind_height_m=10.0),
    Site(latitude_deg=-0.1, longitude_deg=-78.5, elevation_m=2850.0, wind_height_m=5.0),
]
REFERENCES = [EtReference.SHORT, EtReference.TALL]


@dataclass(frozen=True, slots=True, kw_only=True)
class Year:
    """A generated year at a site; arrays are (HOURS,) float64."""

    site: Site
    hourly: HourlyWeather
    day_of_year: NDArray[np.int64]  # by the mean sun, of the hour's middle
    middle_h: NDArray[np.float64]  # of the hour, UTC

    def sun_rad(self, time_h: NDArray[np.float64]) -> NDArray[np.float64]:
        """Height of the sun above the horizon."""
        latitude = np.radians(self.site.latitude_deg)
        correction = calcs.seasonal_correction(self.day_of_year)
        solar = calcs.solar_time_rad(np.radians(self.site.longitude_deg), time_h, correction)
        angle, declination = calcs.solar_hour_angle(solar), calcs.declination(self.day_of_year)
        return np.arcsin(
            np.sin(latitude) * np.sin(declination)
            + np.cos(latitude) * np.cos(declination) * np.cos(angle)
        )

    def refet(self) -> Hourly:
        """The package's own object."""
        columns, site = self.hourly.columns, self.site
        return Hourly(
            tmean=columns["air_temperature_c"],
            rs=columns["shortwave_radiation_mj_m2"],
            uz=columns["wind_speed_m_s"],
            zw=site.wind_height_m,
            elev=np.array([site.elevation_m]),
            lat=np.array([site.latitude_deg]),
            lon=np.array([site.longitude_deg]),
            doy=self.day_of_year,
            time=self.middle_h - 0.5,
            tdew=columns["dew_point_c"],
        )


def generated_year(site: Site, *, is_clear: bool) -> Year:
    rng = np.random.default_rng(20240101)
    start = datetime(2024, 1, 1, tzinfo=UTC)
    middle_s = int(start.timestamp()) - 1800 + 3600 * np.arange(HOURS)
    days = (middle_s + 240.0 * site.longitude_deg) // 86_400
    dates = np.datetime64("1970-01-01") + days.astype(np.int64)
    day_of_year = (dates - dates.astype("datetime64[Y]")).astype(np.int64) + 1
    middle_h = middle_s % 86_400 / 3600
    radians = np.radians(site.latitude_deg), np.radians(site.longitude_deg)
    outside = calcs.ra_hourly(*radians, day_of_year, middle_h)
    clear_sky = calcs.rso_simple(outside, site.elevation_m)
    clearness = rng.uniform(1.0, 1.05, HOURS) if is_clear else rng.uniform(0.1, 1.1, HOURS)
    temperature = 12 + 9 * np.cos(2 * np.pi * (day_of_year - 200) / 365) + rng.normal(0, 4, HOURS)
    columns = {
        "air_temperature_c": temperature,
        "dew_point_c": temperature - rng.gamma(2.0, 3.0, HOURS),
        "wind_speed_m_s": rng.gamma(2.0, 1.5, HOURS),
        "shortwave_radiation_mj_m2": clear_sky * clearness,
    }
    hourly = HourlyWeather(start=start, count=HOURS, columns=columns)
    return Year(site=site, hourly=hourly, day_of_year=day_of_year, middle_h=middle_h)


def estimated(weather: WeatherClient, year: Year, reference: EtReference) -> NDArray[np.float64]:
    method = EtMethod(equation=EtEquation.ASCE2005, reference=reference)
    stations = [EtHours(site=year.site, hours=year.hourly)]
    return weather.estimate_hourly_et(stations=stations, method=method).stations[0].et_mm


@pytest.mark.parametrize("reference", REFERENCES)
@pytest.mark.parametrize("site", SITES, ids=str)
def test_every_hour_of_a_clear_year_is_refets(
    weather: WeatherClient, site: Site, reference: EtReference
) -> None:
    year = generated_year(site, is_clear=True)

    found = estimated(weather, year, reference)

    np.testing.assert_allclose(found, year.refet().etsz(reference.value), rtol=0, atol=1e-6)


@pytest.mark.parametrize("reference", REFERENCES)
@pytest.mark.parametrize("site", SITES, ids=str)
def test_under_clouds_every_hour_of_a_high_sun_is_refets(
    weather: WeatherClient, site: Site, reference: EtReference
) -> None:
    year = generated_year(site, is_clear=False)

    found = estimated(weather, year, reference)

    # refet looks at the sun of the hour's beginning, the standard at that of its middle.
    begin, middle = year.sun_rad(year.middle_h - 0.5), year.sun_rad(year.middle_h)
    is_high = (begin > HIGH_SUN_RAD) & (middle > HIGH_SUN_RAD)
    assert is_high.sum() > 1_500
    expected = year.refet().etsz(reference.value)
    np.testing.assert_allclose(found[is_high], expected[is_high], rtol=0, atol=1e-6)


@pytest.mark.parametrize("site", SITES[1:], ids=str)  # where the sun is high on every day
def test_the_night_keeps_the_evening_by_refets_equations(
    weather: WeatherClient, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    year = generated_year(site, is_clear=False)
    is_high = year.sun_rad(year.middle_h) >= HIGH_SUN_RAD

    def evenings(
        solar: NDArray[np.float64], clear_sky: NDArray[np.float64], *_: object
    ) -> NDArray[np.float64]:
        own = calcs.fcd_daily(solar, clear_sky)
        rows = np.maximum.accumulate(np.where(is_high, np.arange(HOURS), -1))
        return own[np.where(rows < 0, np.flatnonzero(is_high)[0], rows)]

    monkeypatch.setattr(calcs, "fcd_hourly", evenings)
    expected = year.refet().eto()

    found = estimated(weather, year, EtReference.SHORT)

    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)

"""Every call of the client reaches the real service and comes back with published numbers."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest

from farm.weather.domain import (
    Aggregate,
    Days,
    DayStart,
    FurtherColumn,
    LocalHours,
    Stamp,
    StationHours,
)
from farm.weather.domain_et import EtDays, EtEquation, EtHours, EtMethod, Filled
from farm.weather.domain_risks import FrostKind, FrostRisk, FrostThresholds, InfectionModel
from farm.weather.domain_seasons import ChillDays, HeatMethod
from farm.weather.domain_water import (
    BalanceMethod,
    BalanceStart,
    CoefficientMethod,
    Crop,
    Irrigation,
    IrrigationRules,
    Soil,
    WaterBalanceRequest,
)
from farm.weather.domain_windows import (
    FACTOR_WORDS,
    STATUS_WORDS,
    DiseaseThresholds,
    FrostProtectionThresholds,
    HarvestThresholds,
    HourStatus,
    IrrigationThresholds,
    LimitingFactor,
    SprayThresholds,
)
from farm.weather.series import DailyWeather, Flag, HourlyWeather, Site

if TYPE_CHECKING:
    from farm.clients.weather import WeatherClient

BRUSSELS = "Europe/Brussels"
UCCLE = Site(latitude_deg=50.80, longitude_deg=4.35, elevation_m=100, wind_height_m=10)
# Midnight before the day on which the clocks of Brussels went forward.
SPRING = datetime(2026, 3, 28, 23, tzinfo=UTC)


def hours(count: int, *, start: datetime = SPRING, **columns: float | list[float]) -> HourlyWeather:
    return HourlyWeather(
        start=start,
        count=count,
        columns={
            name: np.full(count, value) if isinstance(value, float) else np.array(value, float)
            for name, value in columns.items()
        },
    )


def days(first_day: date = date(2026, 7, 6), **columns: list[float]) -> DailyWeather:
    count = len(next(iter(columns.values())))
    return DailyWeather(
        first_day=first_day,
        count=count,
        columns={name: np.array(values, float) for name, values in columns.items()},
    )


def test_samples_of_ten_minutes_become_hours(weather: WeatherClient) -> None:
    start = int(SPRING.timestamp())
    times = start + 600 * np.arange(1, 13)
    rain = np.full(12, 0.1)

    judged = weather.resample_hours(
        times=times, columns={"precipitation_mm": rain}, step_s=600, stamp=Stamp.END
    )

    assert judged.hourly.start == SPRING + timedelta(hours=1)
    assert judged.hourly.columns["precipitation_mm"] == pytest.approx([0.6, 0.6])
    assert judged.flags["precipitation_mm"].tolist() == [0, 0]


def test_what_cannot_be_is_flagged_and_not_changed(weather: WeatherClient) -> None:
    flags = weather.judge_hours(hourly=hours(3, air_temperature_c=[10.0, 99.0, 11.0]))

    assert flags["air_temperature_c"][1] & Flag.RANGE
    assert not flags["air_temperature_c"][0] & Flag.RANGE


def test_days_of_23_and_25_hours_are_cut_as_clocks_cut_them(weather: WeatherClient) -> None:
    autumn = datetime(2026, 10, 24, 22, tzinfo=UTC)
    sums = []
    for start, count in ((SPRING, 23), (autumn, 25)):
        # An amount stamped t is of the hour before, so the day's first is stamped an hour later.
        station = StationHours(
            station_id="a",
            hours=hours(count, start=start + timedelta(hours=1), precipitation_mm=1.0),
            further=(
                FurtherColumn(name="et", values=np.full(count, 0.25), aggregate=Aggregate.SUM),
            ),
        )
        answer = weather.aggregate_days(stations=[station], time_zone=BRUSSELS)
        (of_station,) = answer.stations
        row = (of_station.coverage["precipitation_mm"] == 1).argmax()
        sums.append(of_station.days.columns["precipitation_mm"][row])
        assert of_station.further["et"][row] == count / 4
        assert np.diff(of_station.day_bounds)[row] == count * 3600
    assert sums == [23.0, 25.0]


def test_a_day_with_a_forecast_hour_is_provisional(weather: WeatherClient) -> None:
    station = StationHours(hours=hours(72, air_temperature_c=1.0))

    answer = weather.aggregate_days(
        stations=[station],
        time_zone=BRUSSELS,
        day_start=DayStart.MIDNIGHT,
        observed_until=SPRING + timedelta(hours=40),
    )

    of_station = answer.stations[0]
    forecast_from = (date(2026, 3, 30) - of_station.days.first_day).days
    assert of_station.is_provisional[:forecast_from].tolist() == [0] * forecast_from
    assert of_station.is_provisional[forecast_from:].all()
    assert answer.tzdb_version


def test_the_wet_bulb_is_that_of_the_pressure_at_the_place(weather: WeatherClient) -> None:
    # 20 °C and 50 %: 13.7 °C at sea level (Stull 2011), 13.3 °C at 80 kPa by the psychrometer.
    hourly = hours(
        2,
        air_temperature_c=20.0,
        relative_humidity_percent=50.0,
        surface_pressure_hpa=[1013.25, 800.0],
    )

    air = weather.describe_air(site=UCCLE, hourly=hourly)

    assert air.wet_bulb_c == pytest.approx([13.7, 13.3], abs=0.15)
    assert air.delta_t_k == pytest.approx(20 - air.wet_bulb_c)
    assert air.pressure_hpa.tolist() == [1013.25, 800.0]
    # FAO-56, equations 11 and 19: e°(20 °C) is 2.338 kPa.
    assert air.vapour_pressure_deficit_kpa == pytest.approx([1.169, 1.169], abs=0.005)


def test_an_hour_of_ndiaye_evaporates_as_fao_56_says(weather: WeatherClient) -> None:
    # Example 19: 1 October, 14 to 15 h by the clock of 15° W, u2 3.3 m/s, Rs 2.450 MJ/m².
    site = Site(latitude_deg=16.22, longitude_deg=-16.25, elevation_m=8, wind_height_m=2)
    hourly = hours(
        1,
        start=datetime(2026, 10, 1, 16, tzinfo=UTC),
        air_temperature_c=38.0,
        relative_humidity_percent=52.0,
        wind_speed_m_s=3.3,
        shortwave_radiation_mj_m2=2.450,
    )

    estimates = weather.estimate_hourly_et(
        stations=[EtHours(site=site, hours=hourly, station_id="ndiaye")],
        method=EtMethod(equation=EtEquation.FAO56),
        with_intermediates=True,
    )

    (ndiaye,) = estimates.stations
    assert ndiaye.station_id == "ndiaye"
    assert ndiaye.et_mm[0] == pytest.approx(0.63, abs=0.005)
    assert ndiaye.intermediates["net_radiation_mj_m2"][0] == pytest.approx(1.749, abs=0.01)


def test_a_day_of_uccle_evaporates_as_fao_56_says(weather: WeatherClient) -> None:
    # Example 18: 6 July, wind 10 km/h at 10 m, 9.25 h of sun.
    daily = days(
        temperature_max_c=[21.5],
        temperature_min_c=[12.3],
        relative_humidity_max_percent=[84.0],
        relative_humidity_min_percent=[63.0],
        wind_speed_mean_m_s=[10 / 3.6],
        sunshine_h=[9.25],
    )

    estimates = weather.estimate_daily_et(
        stations=[EtDays(site=UCCLE, days=daily)], method=EtMethod(), with_intermediates=True
    )

    (uccle,) = estimates.stations
    assert uccle.et_mm[0] == pytest.approx(3.88, abs=0.02)
    assert uccle.intermediates["wind_speed_2m_m_s"][0] == pytest.approx(2.078, abs=0.001)
    assert "FAO" in estimates.method.source


def test_what_is_missing_is_filled_only_when_asked_and_flagged(weather: WeatherClient) -> None:
    daily = days(temperature_max_c=[26.6], temperature_min_c=[14.8])
    station = EtDays(site=UCCLE, days=daily)

    without = weather.estimate_daily_et(stations=[station], method=EtMethod())
    filled = weather.estimate_daily_et(stations=[station], method=EtMethod(fills_missing=True))

    assert np.isnan(without.stations[0].et_mm[0])
    assert np.isfinite(filled.stations[0].et_mm[0])
    bits = int(filled.stations[0].filled[0])
    assert bits & (Filled.RADIATION | Filled.HUMIDITY | Filled.WIND) == 7


@pytest.mark.parametrize(
    ("method", "upper_c", "published"),
    [
        # McMaster and Wilhelm 1997; Baskerville and Emin 1969.
        (HeatMethod.AVERAGE, None, 3.00),
        (HeatMethod.CLAMPED, 30.0, 6.00),
        (HeatMethod.SINGLE_SINE, None, 4.53),
    ],
)
def test_a_day_from_4_to_22_degrees_is_so_warm(
    weather: WeatherClient, method: HeatMethod, upper_c: float | None, published: float
) -> None:
    heat = weather.accumulate_heat(
        source=days(temperature_min_c=[4.0, np.nan], temperature_max_c=[22.0, np.nan]),
        method=method,
        lower_c=10.0,
        upper_c=upper_c,
    )

    assert heat.degree_days[0] == pytest.approx(published, abs=0.005)
    assert np.isnan(heat.degree_days[1])
    assert heat.days_missing == 1
    assert heat.total[1] == heat.total[0]


def test_warmth_by_the_hour_is_the_mean_over_the_local_day(weather: WeatherClient) -> None:
    local = LocalHours(hours=hours(23, air_temperature_c=15.0), time_zone=BRUSSELS)

    heat = weather.accumulate_heat(source=local, method=HeatMethod.HOURLY, lower_c=10.0)

    assert heat.days.first_day == date(2026, 3, 29)
    assert heat.degree_days.tolist() == [5.0]


def test_thirty_days_of_seven_degrees_chill_alike_whole_and_in_pages(
    weather: WeatherClient,
) -> None:
    whole = hours(720, air_temperature_c=7.0)

    at_once = weather.accumulate_chill(source=whole)
    first = weather.accumulate_chill(source=whole.between(whole.start, SPRING + timedelta(days=9)))
    then = weather.accumulate_chill(
        source=whole.between(SPRING + timedelta(days=9), whole.end), state=first.state
    )

    # Fishman, Erez and Couvillon 1987, as chillR has it.
    assert at_once.state.chill_portions == pytest.approx(24.9, abs=0.05)
    assert at_once.state.chilling_hours == 720
    assert then.state == at_once.state
    assert then.chill_portions.tobytes() == at_once.chill_portions[9 * 24 :].tobytes()


def test_chill_of_days_goes_through_hours(weather: WeatherClient) -> None:
    source = ChillDays(
        days=days(
            date(2026, 1, 1),
            temperature_min_c=[5.0] * 5,
            temperature_max_c=[6.0] * 5,
        ),
        latitude_deg=50.4,
        has_neighbours=True,
    )

    chill = weather.accumulate_chill(source=source)

    assert chill.hours.count == 72
    assert chill.state.chilling_hours == 72


def test_a_clear_calm_night_of_frost_is_radiative_and_damaging(weather: WeatherClient) -> None:
    start = datetime(2026, 4, 10, 10, tzinfo=UTC)
    temperatures = [8.0] * 12 + [-2.5] * 6 + [8.0] * 6
    hourly = hours(
        24,
        start=start,
        air_temperature_c=temperatures,
        relative_humidity_percent=80.0,
        wind_speed_m_s=0.8,
        cloud_cover_percent=5.0,
    )
    # Apples in full bloom (Snyder and de Melo-Abreu 2005).
    thresholds = FrostThresholds(
        stage="apple, full bloom", kills_tenth_c=-2.2, kills_nine_tenths_c=-3.9
    )

    frost = weather.assess_frost(
        hours=LocalHours(hours=hourly, time_zone=BRUSSELS), site=UCCLE, thresholds=thresholds
    )

    (night,) = [night for night in frost.nights if night.coverage > 0.9]
    assert night.date == date(2026, 4, 11)
    assert night.min_temperature_c == -2.5
    assert night.min_at == start + timedelta(hours=12)
    assert night.hours_below_zero == 6
    assert night.kind is FrostKind.RADIATIVE
    assert night.risk is FrostRisk.DAMAGING
    assert night.margin_k == pytest.approx(-0.3)


def test_two_warm_humid_days_are_a_hutton_period(weather: WeatherClient) -> None:
    hourly = hours(47, air_temperature_c=15.0, relative_humidity_percent=95.0, precipitation_mm=0.0)
    model = InfectionModel(
        name="downy mildew",
        min_temperature_c=1.0,
        optimum_temperature_c=15.0,
        max_temperature_c=35.0,
        min_wetness_h=6.0,
        max_wetness_h=40.0,
        dry_interruption_h=8.0,
    )

    disease = weather.assess_disease(
        hours=LocalHours(hours=hourly, time_zone=BRUSSELS), model=model
    )

    assert disease.is_wet.tolist() == [1] * 47
    assert [day.is_hutton_day for day in disease.days] == [True, True]
    assert disease.days[1].is_hutton_period is True
    assert disease.infections[0].required_h == pytest.approx(6.0)  # at the optimum: Wmin
    assert disease.infections[0].severity >= 1


def test_rain_is_summed_back_from_an_instant(weather: WeatherClient) -> None:
    hourly = hours(48, precipitation_mm=1.0)

    rain = weather.summarize_rain(
        hours=LocalHours(hours=hourly, time_zone=BRUSSELS), until=SPRING + timedelta(hours=47)
    )

    by_span = {total.hours: total for total in rain.sums}
    assert by_span[24].rain_mm == 24
    assert by_span[24].coverage == 1
    assert by_span[720].rain_mm is None
    assert by_span[720].coverage < 0.1


def balance_request(**changes: object) -> WaterBalanceRequest:
    count = 20
    values: dict[str, object] = {
        "days": Days(first_day=date(2026, 5, 1), count=count),
        "reference_et_mm": np.full(count, 5.0),
        "precipitation_mm": np.where(np.arange(count) == 7, 12.0, 0.0),
        "irrigations": (Irrigation(day=3, depth_mm=20.0),),
        "crop": Crop(
            name="grass",
            planted_day=-60,
            stage_days=(20, 20, 200, 20),
            single_coefficients=(1.0, 1.0, 1.0),
            basal_coefficients=(0.9, 0.9, 0.9),
            initial_height_m=0.12,
            max_height_m=0.12,
            initial_root_depth_m=1.0,
            max_root_depth_m=1.0,
            depletion_share=0.5,
        ),
        "soil": Soil(
            name="loam",
            field_capacity_m3_m3=0.27,
            wilting_point_m3_m3=0.12,
            evaporation_depth_m=0.1,
            readily_evaporable_mm=9.0,
        ),
        "start": BalanceStart(root_depletion_mm=40.0),
        "method": BalanceMethod(coefficients=CoefficientMethod.SINGLE, adjusts_to_climate=False),
    }
    return WaterBalanceRequest(**{**values, **changes})  # type: ignore[arg-type]


def test_no_water_is_made_or_lost(weather: WeatherClient) -> None:
    balance = weather.balance_water(balance=balance_request())

    assert balance.days_balanced == 20
    # FAO-56, equation 82: 1000 (0.27 - 0.12) × 1 m.
    assert balance.total_available_mm == pytest.approx(150.0)
    # Equation 85 over all days.
    lost = balance.actual_et_mm.sum() + balance.percolation_mm.sum() + balance.runoff_mm.sum()
    assert balance.root_depletion_mm[-1] == pytest.approx(40 + lost - 12 - 20)
    assert balance.crop_et_mm == pytest.approx(5.0)
    assert balance.end is not None
    assert balance.end.root_depletion_mm == balance.root_depletion_mm[-1]


def test_rules_ask_for_water_at_the_depletion_they_allow(weather: WeatherClient) -> None:
    rules = IrrigationRules(
        first_day=0, last_day=19, allowed_depletion_share=0.5, target_depletion_mm=0.0
    )
    dry = balance_request(irrigations=(), precipitation_mm=np.zeros(20), rules=rules)

    balance = weather.balance_water(balance=dry)

    # 40 mm on the first morning and 5 mm a day: 75 mm, half of 150, are gone after seven days.
    assert balance.root_depletion_mm[6] == pytest.approx(75.0)
    first = balance.advice[0]
    assert first.day in (7, 8)  # beyond it, in the morning or in the evening
    assert first.depth_mm == pytest.approx(balance.root_depletion_mm[first.day], abs=0.5)
    assert "allowed_depletion_share" in first.reasons


def test_a_day_without_evapotranspiration_ends_the_balance(weather: WeatherClient) -> None:
    et_mm = np.full(20, 5.0)
    et_mm[10] = np.nan

    balance = weather.balance_water(balance=balance_request(reference_et_mm=et_mm))

    assert balance.days_balanced == 10
    assert np.isnan(balance.root_depletion_mm[10:]).all()


SPRAY = SprayThresholds(
    min_wind_m_s=0.8,
    max_wind_m_s=4.2,
    max_gust_m_s=7.0,
    min_delta_t_k=2.0,
    marginal_delta_t_k=8.0,
    max_delta_t_k=10.0,
    min_temperature_c=5.0,
    max_temperature_c=28.0,
    dry_hours_after=2,
    rain_from_mm=0.1,
    refuses_wet_leaves=False,
    inversion_cloud_below_percent=30.0,
    inversion_wind_below_m_s=3.0,
    inversion_sunset_hours=2.0,
    inversion_sunrise_hours=1.0,
)


def test_calm_air_is_unsuitable_for_spraying_and_not_the_best(weather: WeatherClient) -> None:
    # From nine in the morning on a June day.
    hourly = hours(
        8,
        start=datetime(2026, 6, 10, 7, tzinfo=UTC),
        air_temperature_c=20.0,
        relative_humidity_percent=60.0,
        wind_speed_m_s=[0.0, 3.5, 3.5, 3.5, 3.5, 3.5, 3.5, 12.0],
        precipitation_mm=0.0,
        cloud_cover_percent=80.0,
    )

    found = weather.find_windows(hourly=hourly, site=UCCLE, thresholds=SPRAY, min_hours=2)

    status = [STATUS_WORDS[code] for code in found.status]
    assert status[0] == HourStatus.UNSUITABLE
    assert FACTOR_WORDS[found.limiting_factor[0]] == LimitingFactor.CALM
    assert found.margin[0] < 0
    assert status[2] == HourStatus.SUITABLE
    assert FACTOR_WORDS[found.limiting_factor[7]] == LimitingFactor.WIND


@pytest.mark.parametrize(
    "thresholds",
    [
        FrostProtectionThresholds(start_wet_bulb_c=0.0, stop_wet_bulb_c=1.0, max_wind_m_s=3.0),
        IrrigationThresholds(
            max_wind_m_s=4.0,
            marginal_vpd_kpa=1.5,
            min_temperature_c=1.0,
            rain_from_mm=5.0,
            rain_hours_ahead=12,
        ),
        HarvestThresholds(
            max_relative_humidity_percent=85.0,
            marginal_relative_humidity_percent=75.0,
            dry_hours_before=6,
            rain_from_mm=0.1,
            min_vpd_kpa=0.2,
        ),
        DiseaseThresholds(
            min_temperature_c=5.0, max_temperature_c=30.0, risk_wet_hours=10, marginal_wet_hours=6
        ),
    ],
    ids=lambda thresholds: type(thresholds).__name__,
)
def test_every_kind_of_window_is_found_of_every_hour(
    weather: WeatherClient, thresholds: HarvestThresholds
) -> None:
    hourly = hours(
        24,
        air_temperature_c=15.0,
        relative_humidity_percent=60.0,
        wind_speed_m_s=2.0,
        precipitation_mm=0.0,
    )

    found = weather.find_windows(hourly=hourly, site=UCCLE, thresholds=thresholds, min_hours=2)

    assert len(found.status) == len(found.margin) == 24
    assert found.hours.start == SPRING
    assert set(found.status.tolist()) <= {0, 1, 2, 3}
    assert found.methods

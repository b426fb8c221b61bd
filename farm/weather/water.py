"""Water in a field's root zone from sowing to the end of the forecast, and irrigation advice."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from farm.errors import InvalidInputError
from farm.weather.daily import EVAPOTRANSPIRATION, local_days
from farm.weather.domain import Days
from farm.weather.domain_et import EtDays, EtMethod, Filled
from farm.weather.domain_water import (
    BalanceMethod,
    BalanceStart,
    CoefficientMethod,
    Note,
    WaterBalance,
    WaterBalanceRequest,
)
from farm.weather.hourly import sources_within
from farm.weather.tables import Step, WeatherTable, freshness_of, missing_of, units_of
from farm.weather.water_setup import (
    crop_of,
    given_water,
    irrigation_rules,
    ndvi_relation,
    season_days,
    soil_of,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from farm.clients.weather import WeatherClient
    from farm.weather.daily import LocalDays
    from farm.weather.domain_et import EtColumns
    from farm.weather.models import FieldIrrigation, FieldWater
    from farm.weather.ndvi_looks import NdviLook
    from farm.weather.series import Column, Method
    from farm.weather.tables import Weather

REFERENCE = EtMethod(fills_missing=True, floors_at_zero=True)  # FAO-56, short
FORECAST_DAYS = 15  # after today, as far as the farthest forecast (Open-Meteo) reaches
# Columns of the answer beside the balance's own.
REFERENCE_ET, RAIN, GIVEN = "reference_et_mm", "precipitation_mm", "irrigation_mm"
BASIS_WORDS: tuple[str | None, ...] = (None, "curve", "ndvi")
CLIMATE_WORDS: tuple[str | None, ...] = (None, "known", "assumed")
_BALANCED = tuple(
    column.name
    for column in fields(WaterBalance)
    if column.name not in {"days", "days_balanced", "notes", "advice", "methods", "end"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedAdvice:
    """Irrigation that the rules ask for."""

    day: date
    depth_mm: float  # at the outlet
    reasons: tuple[str, ...]
    forecast_rain_mm: float  # taken off
    is_forecast: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WaterReport:
    """A field's season, balanced.

    Attributes:
        table: Days with all columns of ``WaterBalance``, and ``REFERENCE_ET``, ``RAIN``, ``GIVEN``;
            words ``basal_basis`` (curve, ndvi) and ``climate`` (known, assumed).
        advice: What the rules ask for from today on; each by itself, unless they apply it.
        has_rules: Whether there are any.
        balanced_until: Last day that could be balanced; None: not one.
        stopped_by: Why not up to the last day; empty where it was.
        assumptions: What it stands on: crop, soil, sowing, shares. Never advice without them.
        looks: Number of clear looks from above that coefficients rest on.
        calibration: Name of their relation; empty where none is used.
    """

    table: WeatherTable
    advice: tuple[DatedAdvice, ...]
    has_rules: bool
    balanced_until: date | None
    stopped_by: str
    assumptions: dict[str, Any]
    looks: int
    calibration: str


def balance_span(*, setup: FieldWater, today: date) -> tuple[date, date]:
    """Return the days of a balance: from sowing to the season's end, or to the forecast's.

    Raises:
        InvalidInputError: The field is sown later than any forecast reaches.
    """
    end_of_season = setup.planted_on + timedelta(days=season_days(setup.crop) - 1)
    last_day = min(end_of_season, today + timedelta(days=FORECAST_DAYS))
    if last_day < setup.planted_on:
        msg = f"The season begins on {setup.planted_on}, later than any forecast reaches."
        raise InvalidInputError(msg, reason="SEASON_NOT_BEGUN")
    return setup.planted_on, last_day


def water_balance(
    *,
    setup: FieldWater,
    irrigations: Sequence[FieldIrrigation],
    looks: Sequence[NdviLook],
    weather: Weather,
    client: WeatherClient,
    today: date,
    advised_from: date | None = None,
) -> WaterReport:
    """Balance a field's water over the days of :func:`balance_span`.

    Args:
        setup: Crop, soil, sowing and rules.
        irrigations: Water that was given.
        looks: Clear looks at the field; taken only where the setup asks for them.
        weather: The farm's weather of those days and half a day around them.
        client: Of furrow-weather.
        today: Local; advice begins with it.
        advised_from: First day of advice, to look back at what the rules would have asked for;
            None: today.

    Raises:
        InvalidInputError: Setup or rules make no sense, or the season has not begun.
    """
    first_day, last_day = balance_span(setup=setup, today=today)
    days = local_days(
        weather=weather, client=client, first_day=first_day, last_day=last_day, method=None
    )
    axis = Days(first_day=days.station.days.first_day, count=days.station.days.count)
    if axis.first_day != first_day or not axis.count:
        msg = f"No weather is kept of the day of sowing, {first_day}."
        raise InvalidInputError(msg, reason="WEATHER_MISSING")
    et, method = _reference(days, weather=weather, client=client)
    rain = days.columns.get(RAIN, np.full(axis.count, np.nan))
    given = given_water(irrigations, axis=axis)
    relation = ndvi_relation(setup, looks, first_day=first_day)
    rules = irrigation_rules(
        setup, first_day=first_day, today=advised_from or today, last_row=axis.count - 1
    )
    crop, soil = crop_of(setup.crop), soil_of(setup.soil)
    available_mm = (
        1000 * (soil.field_capacity_m3_m3 - soil.wilting_point_m3_m3) * crop.initial_root_depth_m
    )
    balance = client.balance_water(
        balance=WaterBalanceRequest(
            days=axis,
            reference_et_mm=et.et_mm,
            precipitation_mm=rain,
            relative_humidity_min_percent=days.columns.get("relative_humidity_min_percent"),
            wind_speed_2m_m_s=_known_wind(et),
            is_forecast=days.station.is_provisional,
            irrigations=given,
            crop=crop,
            soil=soil,
            start=BalanceStart(root_depletion_mm=setup.initial_depletion_share * available_mm),
            method=BalanceMethod(
                coefficients=CoefficientMethod.DUAL
                if setup.uses_dual_coefficients
                else CoefficientMethod.SINGLE
            ),
            ndvi_kcb=relation,
            rules=rules,
        )
    )
    given_mm = np.zeros(axis.count)
    for irrigation in given:
        given_mm[irrigation.day] += irrigation.depth_mm
    columns = {
        REFERENCE_ET: et.et_mm,
        RAIN: rain,
        GIVEN: given_mm,
        **{name: getattr(balance, name) for name in _BALANCED},
    }
    until = balance.days_balanced
    return WaterReport(
        table=_table(balance, columns, days=days, weather=weather, method=method),
        advice=tuple(
            DatedAdvice(
                day=first_day + timedelta(days=advice.day),
                depth_mm=advice.depth_mm,
                reasons=advice.reasons,
                forecast_rain_mm=advice.forecast_rain_mm,
                is_forecast=advice.is_forecast,
            )
            for advice in balance.advice
        ),
        has_rules=rules is not None,
        balanced_until=first_day + timedelta(days=until - 1) if until else None,
        stopped_by=_stopped_by(until, axis=axis, et_mm=et.et_mm),
        assumptions=_assumptions(setup),
        looks=len(relation.observations) if relation else 0,
        calibration=relation.calibration if relation else "",
    )


def _reference(
    days: LocalDays, *, weather: Weather, client: WeatherClient
) -> tuple[EtColumns, Method]:
    estimates = client.estimate_daily_et(
        stations=[EtDays(site=weather.site, days=days.station.days)],
        method=REFERENCE,
        with_intermediates=True,
    )
    return estimates.stations[0], replace(estimates.method, quantity=REFERENCE_ET)


def _known_wind(et: EtColumns) -> Column | None:
    """Return the wind at 2 m without what was assumed, so that the balance says it assumed it."""
    wind = et.intermediates.get("wind_speed_2m_m_s")
    return None if wind is None else np.where(et.filled & Filled.WIND, np.nan, wind)


def _table(
    balance: WaterBalance,
    columns: dict[str, Column],
    *,
    days: LocalDays,
    weather: Weather,
    method: Method,
) -> WeatherTable:
    is_balanced = np.arange(balance.days.count) < balance.days_balanced
    has_basal = is_balanced & ~np.isnan(balance.basal_coefficient)
    basis = np.where(balance.notes & Note.NDVI, 2, 1) * has_basal
    climate = np.where(balance.notes & Note.ASSUMED, 2, 1) * is_balanced
    made_of = sources_within(weather, (*EVAPOTRANSPIRATION, RAIN))
    return WeatherTable(
        step=Step.DAY,
        time_zone=weather.time_zone,
        dates=balance.days.dates(),
        columns=columns,
        words={
            "basal_basis": (basis.astype(np.uint8), BASIS_WORDS),
            "climate": (climate.astype(np.uint8), CLIMATE_WORDS),
        },
        units=units_of(columns),
        made_of={name: made_of for name in columns if name != GIVEN},
        methods=(method, *balance.methods),
        missing=missing_of(columns),
        is_partial=days.station.is_partial,
        is_provisional=days.station.is_provisional,
        freshness=freshness_of(weather),
    )


def _stopped_by(until: int, *, axis: Days, et_mm: Column) -> str:
    if until >= axis.count:
        return ""
    day = axis.first_day + timedelta(days=until)
    what = "evapotranspiration" if np.isnan(et_mm[until]) else "rain"
    return f"The {what} of {day} is not known, so nothing is said from that day on."


def _assumptions(setup: FieldWater) -> dict[str, Any]:
    return {
        "crop": setup.crop.name,
        "crop_source": setup.crop.source,
        "soil": setup.soil.name,
        "soil_source": setup.soil.source,
        "planted_on": setup.planted_on,
        "initial_depletion_share": setup.initial_depletion_share,
        "uses_dual_coefficients": setup.uses_dual_coefficients,
        "wetted_share": setup.wetted_share,
        "efficiency_share": setup.efficiency_share,
    }

"""Reference evapotranspiration by the hour and by the day; two equations, each under its name."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from farm.weather.daily import EVAPOTRANSPIRATION, local_days
from farm.weather.domain import Aggregate, FurtherColumn
from farm.weather.domain_et import EtDays, EtHours, EtMethod
from farm.weather.hourly import between, sources_within, table_of_hours
from farm.weather.tables import Step, WeatherTable, freshness_of, missing_of, units_of

if TYPE_CHECKING:
    from datetime import date, datetime

    from numpy.typing import NDArray

    from farm.clients.weather import WeatherClient
    from farm.weather.domain_et import EtColumns
    from farm.weather.series import Method
    from farm.weather.tables import Weather

HOURLY = "reference_et_mm"
OF_HOURS = "reference_et_hourly_sum_mm"
OF_DAYS = "reference_et_daily_mm"
FILLED = "filled"
NOTES = {
    "reference_et": "The two columns differ by nature: a day's means hide when it was warm, dry "
    "and sunny. The daily equation is not below 0; hours below 0, when dew falls, stay in the sum. "
    "daily/, weekly/ and the water balance take the daily equation of FAO-56."
}
_PARTS = ("radiation", "humidity", "wind")  # bits 1, 2 and 4 of ``Filled``
# What was taken from the ladder of missing data; None: nothing.
FILLED_WORDS: tuple[str | None, ...] = (
    None,
    *(
        ", ".join(part for bit, part in enumerate(_PARTS) if bits >> bit & 1)
        for bits in range(1, 8)
    ),
)
_FILLED_BITS = 7


def hourly_evapotranspiration(
    *,
    weather: Weather,
    client: WeatherClient,
    method: EtMethod,
    start: datetime | None = None,
    end: datetime | None = None,
) -> WeatherTable:
    """Return reference evapotranspiration by the hour.

    Args:
        weather: The place's weather.
        client: Of furrow-weather.
        method: Equation and surface.
        start: First stamp that is answered; None: the weather's own.
        end: Before which the stamps end.
    """
    columns, how = _of_hours(weather=weather, client=client, method=method)
    table = table_of_hours(
        weather=weather,
        columns={HOURLY: columns.et_mm},
        words={FILLED: (_words(columns), FILLED_WORDS)},
        methods=(replace(how, quantity=HOURLY),),
        made_of={HOURLY: EVAPOTRANSPIRATION},
    )
    return between(table, start=start, end=end)


def evapotranspiration(
    *,
    weather: Weather,
    client: WeatherClient,
    method: EtMethod,
    first_day: date | None = None,
    last_day: date | None = None,
) -> WeatherTable:
    """Return reference evapotranspiration by the day, by both equations of a method.

    The sum of the hourly equation and the daily equation differ, because a day's means hide when
    it was warm, dry and sunny; each has its own column and names its method. The daily one is not
    below zero, hours below zero stay in the sum.

    Args:
        weather: The place's weather.
        client: Of furrow-weather.
        method: Equation and surface.
        first_day: First day that is answered; None: that of the first hour.
        last_day: Last day.
    """
    hours, by_hour = _of_hours(weather=weather, client=client, method=method)
    further = FurtherColumn(name=OF_HOURS, values=hours.et_mm, aggregate=Aggregate.SUM)
    days = local_days(
        weather=weather,
        client=client,
        first_day=first_day,
        last_day=last_day,
        method=None,
        further=(further,),
    )
    estimates = client.estimate_daily_et(
        stations=[EtDays(site=weather.site, days=days.station.days)],
        method=replace(method, floors_at_zero=True),
    )
    of_days = estimates.stations[0]
    columns = {OF_HOURS: days.station.further[OF_HOURS], OF_DAYS: of_days.et_mm}
    made_of = sources_within(weather, EVAPOTRANSPIRATION)
    return WeatherTable(
        step=Step.DAY,
        time_zone=weather.time_zone,
        dates=days.station.days.days(),
        columns=columns,
        words={FILLED: (_words(of_days), FILLED_WORDS)},
        units=units_of(columns),
        made_of=dict.fromkeys(columns, made_of),
        methods=(
            replace(by_hour, quantity=OF_HOURS),
            replace(estimates.method, quantity=OF_DAYS),
        ),
        missing=missing_of(columns),
        is_partial=days.station.is_partial,
        is_provisional=days.station.is_provisional,
        freshness=freshness_of(weather),
        notes=NOTES,
    )


def _of_hours(
    *, weather: Weather, client: WeatherClient, method: EtMethod
) -> tuple[EtColumns, Method]:
    estimates = client.estimate_hourly_et(
        stations=[EtHours(site=weather.site, hours=weather.hourly)], method=method
    )
    return estimates.stations[0], estimates.method


def _words(columns: EtColumns) -> NDArray[np.uint8]:
    # Pressure from the elevation is no loss worth a word: FAO-56 itself takes it from there.
    return np.bitwise_and(columns.filled, np.uint8(_FILLED_BITS))

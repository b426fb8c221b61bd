"""Winter chill of a season, by four models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from farm.weather.daily import local_days
from farm.weather.domain import HOUR_S
from farm.weather.heat import hours_of_days
from farm.weather.hourly import sources_within
from farm.weather.tables import Step, WeatherTable, freshness_of, missing_of, units_of

if TYPE_CHECKING:
    from datetime import date

    from farm.clients.weather import WeatherClient
    from farm.weather.domain_seasons import ChillState
    from farm.weather.tables import Weather

MODELS = ("chilling_hours", "utah_units", "positive_utah_units", "chill_portions")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChillReport:
    """Chill so far at the end of each local day, and what the season is remembered by."""

    table: WeatherTable
    state: ChillState  # to go on from after the last hour


def chill(
    *,
    weather: Weather,
    client: WeatherClient,
    first_day: date,
    last_day: date,
    state: ChillState | None = None,
) -> ChillReport:
    """Add up winter chill from a day on, such as 1 November.

    The models go from hour to hour and stand still where the temperature is missing;
    ``state.hours_missing`` says for how long.

    Args:
        weather: The place's weather.
        client: Of furrow-weather.
        first_day: From which it is added up, local; with a state the day after its last hour.
        last_day: Up to which.
        state: Where an earlier season's part ended; None: it begins.
    """
    days = local_days(
        weather=weather, client=client, first_day=first_day, last_day=last_day, method=None
    ).station
    hours = hours_of_days(weather.hourly, days)
    answer = client.accumulate_chill(source=hours, state=state)
    # The last instant before each day ends.
    last_rows = (days.day_bounds[1:] - 1 - int(hours.start.timestamp())) // HOUR_S
    last_rows = np.minimum(last_rows, hours.count - 1)
    columns = {name: getattr(answer, name)[last_rows] for name in MODELS}
    made_of = sources_within(weather, ("air_temperature_c",))
    table = WeatherTable(
        step=Step.DAY,
        time_zone=weather.time_zone,
        dates=days.days.days(),
        columns=columns,
        units=units_of(columns),
        made_of=dict.fromkeys(columns, made_of),
        methods=answer.methods,
        missing=missing_of(columns),
        coverage={
            name: days.coverage["air_temperature_c"]
            for name in MODELS
            if (days.coverage.get("air_temperature_c", np.ones(1)) < 1).any()
        },
        is_partial=days.is_partial,
        is_provisional=days.is_provisional,
        freshness=freshness_of(weather),
    )
    return ChillReport(table=table, state=answer.state)

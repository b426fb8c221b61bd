"""What the weather means to leaves, animals and fungi, hour by hour."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from farm.weather.current import AIR_COLUMNS
from farm.weather.daily import (
    AIR,
    COMPLETENESS_SHARE,
    ET_COLUMN,
    EVAPOTRANSPIRATION,
    has_air,
    has_all_for_et,
)
from farm.weather.domain import LocalHours
from farm.weather.domain_et import EtHours, EtMethod
from farm.weather.domain_risks import WETNESS_UNKNOWN
from farm.weather.hourly import between, table_of_hours

if TYPE_CHECKING:
    from datetime import datetime

    from numpy.typing import NDArray

    from farm.clients.weather import WeatherClient
    from farm.weather.domain_risks import DiseaseDay, Infection, InfectionModel
    from farm.weather.series import Column, Method
    from farm.weather.tables import Weather, WeatherTable

HOURLY_ET = EtMethod()  # FAO-56 by the hour, short grass, as `et0/?step=hour` has it
WETNESS_WORDS: tuple[str | None, ...] = (None, "dry", "wet")


@dataclass(frozen=True, slots=True, kw_only=True)
class AgroReport:
    """Hours of air and leaves, days of risk, and infections."""

    table: WeatherTable
    days: tuple[DiseaseDay, ...]  # Hutton criteria by local day
    infections: tuple[Infection, ...]  # of the model; without one none
    model: InfectionModel | None


def agro(
    *,
    weather: Weather,
    client: WeatherClient,
    start: datetime | None = None,
    end: datetime | None = None,
    model: InfectionModel | None = None,
    method: EtMethod = HOURLY_ET,
) -> AgroReport:
    """Return vapour pressure deficit, wet bulb, Delta-T, THI, reference ET and leaf wetness.

    Args:
        weather: The place's weather; wetness and nights reach back over the first hours.
        client: Of furrow-weather.
        start: First stamp that is answered; None: the weather's own.
        end: Before which the stamps end.
        model: A pathogen of the generic infection model.
        method: Of the reference ET.
    """
    columns: dict[str, Column] = {}
    words: dict[str, tuple[NDArray[np.uint8], tuple[str | None, ...]]] = {}
    methods: tuple[Method, ...] = ()
    days: tuple[DiseaseDay, ...] = ()
    infections: tuple[Infection, ...] = ()
    if has_air(weather.hourly):
        air = client.describe_air(site=weather.site, hourly=weather.hourly)
        columns = {name: getattr(air, name) for name in ("dew_point_c", *AIR_COLUMNS)}
        methods += air.methods
        local = LocalHours(
            hours=weather.hourly,
            time_zone=weather.time_zone,
            completeness_share=COMPLETENESS_SHARE,
        )
        disease = client.assess_disease(hours=local, model=model)
        days, infections = disease.days, disease.infections
        words["leaf_wetness"] = (_codes(disease.is_wet), WETNESS_WORDS)
        methods += disease.methods
    if has_all_for_et(weather.hourly):
        station = EtHours(site=weather.site, hours=weather.hourly)
        estimates = client.estimate_hourly_et(stations=[station], method=method)
        columns[ET_COLUMN] = estimates.stations[0].et_mm
        methods += (replace(estimates.method, quantity=ET_COLUMN),)
    made_of: dict[str, tuple[str, ...]] = {}
    for name in (*columns, *words):
        made_of[name] = (*AIR, "precipitation_mm") if name in words else AIR
    if ET_COLUMN in columns:
        made_of[ET_COLUMN] = EVAPOTRANSPIRATION
    table = table_of_hours(
        weather=weather, columns=columns, words=words, methods=methods, made_of=made_of
    )
    return AgroReport(
        table=between(table, start=start, end=end), days=days, infections=infections, model=model
    )


def _codes(is_wet: NDArray[np.uint8]) -> NDArray[np.uint8]:
    codes: NDArray[np.uint8] = np.where(is_wet == WETNESS_UNKNOWN, 0, is_wet + 1).astype(np.uint8)
    return codes

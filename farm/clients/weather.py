"""Client of furrow-weather: columns in, columns out, failures from ``farm.errors``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings

from farm.clients import weather_converters as converters
from farm.clients import weather_day_converters as days
from farm.clients import weather_risk_converters as risks
from farm.clients import weather_season_converters as seasons
from farm.clients import weather_water_converters as water
from farm.clients import weather_window_converters as windows
from farm.clients.channel import channel_to
from farm.clients.errors import translated
from farm.clients.services import WEATHER
from farm.rpc.weather.v1 import weather_pb2, weather_pb2_grpc
from farm.weather.domain import DayStart

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    import grpc
    import numpy as np
    from numpy.typing import NDArray

    from farm.weather.domain import (
        AirColumns,
        DaysOfStations,
        JudgedHours,
        LocalHours,
        Stamp,
        StationHours,
    )
    from farm.weather.domain_et import EtDays, EtEstimates, EtHours, EtMethod
    from farm.weather.domain_risks import (
        DiseaseAssessment,
        FrostAssessment,
        FrostThresholds,
        InfectionModel,
        RainSummary,
    )
    from farm.weather.domain_seasons import (
        ChillColumns,
        ChillDays,
        ChillState,
        HeatColumns,
        HeatMethod,
    )
    from farm.weather.domain_water import WaterBalance, WaterBalanceRequest
    from farm.weather.domain_windows import DecisionWindows, Thresholds
    from farm.weather.series import Column, DailyWeather, Flags, HourlyWeather, Site

# A year of hours takes milliseconds, thirty years of a thousand columns below a second.
TIMEOUT_S = 10.0


class WeatherClient:
    """Calls of the weather service; each may be repeated, each has a deadline in seconds.

    Every call may raise:
        InvalidInputError: A value makes no sense; the sentence names column and row.
        ServiceBusyError: No slot is free.
        ServiceUnavailableError: The service is not there.
        ServiceTimeoutError: It did not answer before the deadline.
    """

    def __init__(self, channel: grpc.Channel) -> None:
        """Speak over a channel that ``farm.clients.channel`` opened."""
        self._stub = weather_pb2_grpc.WeatherServiceStub(channel)  # type: ignore[no-untyped-call]

    def resample_hours(
        self,
        *,
        times: NDArray[np.int64],
        columns: Mapping[str, Column],
        step_s: int,
        stamp: Stamp,
        phase_s: int = 0,
        completeness_share: float = 0.75,
        timeout_s: float = TIMEOUT_S,
    ) -> JudgedHours:
        """Turn a logger's samples into hours with quality flags.

        Args:
            times: (samples,) int64, Unix seconds, strictly ascending, at most 600,000.
            columns: Name of ``HOURLY`` → (samples,) float64.
            step_s: From one sample to the next, a divisor of 3600 from 60 on.
            stamp: What the times mean for sums and means.
            phase_s: Seconds past the whole hour at which hours end: 0, 900, 1800 or 2700.
            completeness_share: Of an hour's samples that must be there, above 0, at most 1.
            timeout_s: Deadline.
        """
        request = days.samples_to_request(
            times=times,
            columns=columns,
            step_s=step_s,
            stamp=stamp,
            phase_s=phase_s,
            completeness_share=completeness_share,
        )
        return days.judged_from_proto(_asked(self._stub.ResampleHours, request, timeout_s))

    def judge_hours(
        self, *, hourly: HourlyWeather, timeout_s: float = TIMEOUT_S
    ) -> Mapping[str, Flags]:
        """Judge hours by range, step and persistence; no value changes."""
        request = weather_pb2.JudgeHoursRequest()
        converters.write_hourly(request.hours, hourly)
        return converters.flags_from_proto(_asked(self._stub.JudgeHours, request, timeout_s).flags)

    def aggregate_days(
        self,
        *,
        stations: Sequence[StationHours],
        time_zone: str,
        day_start: DayStart = DayStart.MIDNIGHT,
        completeness_share: float = 0.9,
        observed_until: datetime | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> DaysOfStations:
        """Cut hours into days as the clock at the place cuts them.

        Args:
            stations: 1 to 1,000.
            time_zone: IANA name.
            day_start: Where days begin.
            completeness_share: Of a day's hours that must be there; below it there is no value.
            observed_until: Hours after it are forecast; None: none is.
            timeout_s: Deadline.
        """
        request = days.hours_to_days_request(
            stations=stations,
            time_zone=time_zone,
            day_start=day_start,
            completeness_share=completeness_share,
            observed_until=observed_until,
        )
        answer = _asked(self._stub.AggregateDays, request, timeout_s)
        return days.days_of_stations_from_proto(answer)

    def describe_air(
        self, *, site: Site, hourly: HourlyWeather, timeout_s: float = TIMEOUT_S
    ) -> AirColumns:
        """Work out what the air is like: vapour pressures, dew point, wet bulb, Delta-T, THI."""
        request = weather_pb2.DescribeAirRequest(site=converters.site_to_proto(site))
        converters.write_hourly(request.hours, hourly, only=days.AIR_COLUMNS)
        answer = _asked(self._stub.DescribeAir, request, timeout_s)
        return days.air_from_proto(answer, hourly.count)

    def estimate_hourly_et(
        self,
        *,
        stations: Sequence[EtHours],
        method: EtMethod,
        with_intermediates: bool = False,
        timeout_s: float = TIMEOUT_S,
    ) -> EtEstimates:
        """Estimate reference evapotranspiration by the hour, of 1 to 1,000 stations."""
        request = days.hourly_et_request(
            stations=stations, method=method, with_intermediates=with_intermediates
        )
        answer = _asked(self._stub.EstimateHourlyEt, request, timeout_s)
        return days.estimates_from_proto(answer)

    def estimate_daily_et(
        self,
        *,
        stations: Sequence[EtDays],
        method: EtMethod,
        with_intermediates: bool = False,
        timeout_s: float = TIMEOUT_S,
    ) -> EtEstimates:
        """Estimate reference evapotranspiration by the day, of 1 to 1,000 stations."""
        request = days.daily_et_request(
            stations=stations, method=method, with_intermediates=with_intermediates
        )
        return days.estimates_from_proto(_asked(self._stub.EstimateDailyEt, request, timeout_s))

    def accumulate_heat(
        self,
        *,
        source: DailyWeather | LocalHours,
        method: HeatMethod,
        lower_c: float,
        upper_c: float | None = None,
        most_interpolated_days: int = 0,
        timeout_s: float = TIMEOUT_S,
    ) -> HeatColumns:
        """Count degree days from the first day on; HOURLY takes hours, the others days."""
        request = seasons.heat_to_request(
            source=source,
            method=method,
            lower_c=lower_c,
            upper_c=upper_c,
            most_interpolated_days=most_interpolated_days,
        )
        return seasons.heat_from_proto(_asked(self._stub.AccumulateHeat, request, timeout_s))

    def accumulate_chill(
        self,
        *,
        source: HourlyWeather | ChillDays,
        state: ChillState | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> ChillColumns:
        """Count winter chill by four models, going on from a state where one is given."""
        request = seasons.chill_to_request(source=source, state=state)
        return seasons.chill_from_proto(_asked(self._stub.AccumulateChill, request, timeout_s))

    def assess_frost(
        self,
        *,
        hours: LocalHours,
        site: Site,
        thresholds: FrostThresholds | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> FrostAssessment:
        """Assess the frost of each night; without thresholds against 0 °C alone."""
        request = weather_pb2.AssessFrostRequest(
            site=converters.site_to_proto(site),
            thresholds=None if thresholds is None else risks.frost_thresholds_to_proto(thresholds),
        )
        days.write_local_hours(request.hours, hours, only=risks.FROST_COLUMNS)
        return risks.frost_from_proto(_asked(self._stub.AssessFrost, request, timeout_s))

    def assess_disease(
        self,
        *,
        hours: LocalHours,
        model: InfectionModel | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> DiseaseAssessment:
        """Assess leaf wetness, Hutton criteria and, with a model, infections."""
        request = weather_pb2.AssessDiseaseRequest(
            model=None if model is None else risks.model_to_proto(model),
        )
        days.write_local_hours(request.hours, hours, only=risks.DISEASE_COLUMNS)
        return risks.disease_from_proto(_asked(self._stub.AssessDisease, request, timeout_s))

    def summarize_rain(
        self,
        *,
        hours: LocalHours,
        until: datetime,
        dry_below_mm: float = 1.0,
        timeout_s: float = TIMEOUT_S,
    ) -> RainSummary:
        """Sum the rain up to an instant, and find dry spells."""
        request = weather_pb2.SummarizeRainRequest(
            until=converters.timestamp_of(until),
            dry_below_mm=dry_below_mm,
        )
        days.write_local_hours(request.hours, hours, only=risks.RAIN_COLUMNS)
        return risks.rain_from_proto(_asked(self._stub.SummarizeRain, request, timeout_s))

    def balance_water(
        self, *, balance: WaterBalanceRequest, timeout_s: float = TIMEOUT_S
    ) -> WaterBalance:
        """Balance the water of a field's root zone, and say what irrigation it asks for."""
        request = water.balance_to_request(balance)
        return water.balance_from_proto(_asked(self._stub.BalanceWater, request, timeout_s))

    def find_windows(
        self,
        *,
        hourly: HourlyWeather,
        site: Site,
        thresholds: Thresholds,
        min_hours: int,
        timeout_s: float = TIMEOUT_S,
    ) -> DecisionWindows:
        """Judge every hour, and find the runs of at least ``min_hours`` (1 to 72) of them."""
        request = windows.windows_to_request(
            hourly=hourly, site=site, thresholds=thresholds, min_hours=min_hours
        )
        return windows.windows_from_proto(_asked(self._stub.FindWindows, request, timeout_s))


def weather_client() -> WeatherClient:
    """Return a client of the configured service: the default collaborator of views and jobs."""
    return WeatherClient(channel_to(settings.WEATHER_TARGET, WEATHER))


def _asked(method: Callable[..., Any], request: Any, timeout_s: float) -> Any:
    with translated(WEATHER):
        return method(request, timeout=timeout_s)

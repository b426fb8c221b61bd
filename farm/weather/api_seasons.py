"""REST views of what a farm's weather means to crops: air, evapotranspiration, warmth, chill."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers

from farm.errors import ConflictError, NoWeatherError
from farm.http_schema import ASKS_SERVICE, may_raise
from farm.weather import schemas
from farm.weather.agro import agro
from farm.weather.api_answers import WeatherView, table_answer
from farm.weather.api_questions import farm_question
from farm.weather.api_risks import local
from farm.weather.api_spans import HourSpan, day_span, hour_span, season_span
from farm.weather.chill import chill
from farm.weather.domain_et import EtEquation, EtMethod, EtReference
from farm.weather.domain_seasons import HeatMethod
from farm.weather.evapotranspiration import evapotranspiration, hourly_evapotranspiration
from farm.weather.heat import heat
from farm.weather.parameters import (
    ChillQuery,
    EvapotranspirationQuery,
    HeatQuery,
    SpannedQuery,
)
from farm.weather.units import UnitSystem, metric_value

if TYPE_CHECKING:
    from django.http import HttpResponse
    from rest_framework.request import Request

    from farm.weather.agro import AgroReport
    from farm.weather.api_questions import Question

# Leaf wetness and the nights of the first day reach back over so much.
LEAVES_REMEMBER = timedelta(hours=48)
JANUARY, JULY, NOVEMBER, MAY = (1, 1), (7, 1), (11, 1), (5, 1)
USUAL_LOWER = {UnitSystem.METRIC: 10.0, UnitSystem.US: 50.0}
LEAST_LOWER_C, MOST_LOWER_C = -20.0, 40.0


class FarmAgroView(WeatherView):
    """What the air does to leaves and animals."""

    @extend_schema(
        tags=["farm weather"],
        summary="What the air does to leaves and animals",
        description=schemas.AGRO_DESCRIPTION,
        parameters=[SpannedQuery],
        responses=schemas.AgroSchema,
    )
    @may_raise(ConflictError, NoWeatherError, *ASKS_SERVICE)
    def get(self, request: Request, farm_id: int) -> HttpResponse:
        """Return vapour pressure deficit, wet bulb, Delta-T, ET and leaf wetness by the hour."""
        question = farm_question(request, farm_id=farm_id, query=SpannedQuery, now=self.now())
        span = hour_span(question.query, zone=question.zone, now=question.now)
        report = agro(
            weather=question.weather(HourSpan(start=span.start - LEAVES_REMEMBER, end=span.end)),
            client=self.client(),
            start=span.start,
            end=span.end,
        )
        return table_answer(question, report.table, disease=_disease(question, report, span))


class FarmHeatView(WeatherView):
    """Degree days of a season."""

    @extend_schema(
        tags=["farm weather"],
        summary="Degree days of a season",
        description=schemas.HEAT_DESCRIPTION,
        parameters=[HeatQuery],
        responses=schemas.HeatSchema,
    )
    @may_raise(ConflictError, NoWeatherError, *ASKS_SERVICE)
    def get(self, request: Request, farm_id: int) -> HttpResponse:
        """Add them up from a day on."""
        question = farm_question(request, farm_id=farm_id, query=HeatQuery, now=self.now())
        days = season_span(
            question.query,
            latitude_deg=question.place.latitude,
            northern=JANUARY,
            southern=JULY,
            zone=question.zone,
            now=question.now,
        )
        lower_c, upper_c = _thresholds_c(question)
        report = heat(
            weather=question.weather(days.hours(zone=question.zone)),
            client=self.client(),
            first_day=days.first_day,
            last_day=days.last_day,
            method=HeatMethod(question.query["method"]),
            lower_c=lower_c,
            upper_c=upper_c,
        )
        return table_answer(
            question,
            report.table,
            season={
                "start": days.first_day.isoformat(),
                "method": report.method,
                "lower_c": report.lower_c,
                "upper_c": report.upper_c,
                "total_k_d": report.total_k_d,
                "observed_total_k_d": report.observed_total_k_d,
                "days_missing": report.days_missing,
                "days_interpolated": report.days_interpolated,
            },
        )


class FarmChillView(WeatherView):
    """Winter chill of a season."""

    @extend_schema(
        tags=["farm weather"],
        summary="Winter chill of a season",
        description=schemas.CHILL_DESCRIPTION,
        parameters=[ChillQuery],
        responses=schemas.ChillSchema,
    )
    @may_raise(ConflictError, NoWeatherError, *ASKS_SERVICE)
    def get(self, request: Request, farm_id: int) -> HttpResponse:
        """Add it up from a day on, by four models."""
        question = farm_question(request, farm_id=farm_id, query=ChillQuery, now=self.now())
        days = season_span(
            question.query,
            latitude_deg=question.place.latitude,
            northern=NOVEMBER,
            southern=MAY,
            zone=question.zone,
            now=question.now,
        )
        report = chill(
            weather=question.weather(days.hours(zone=question.zone)),
            client=self.client(),
            first_day=days.first_day,
            last_day=days.last_day,
        )
        state = report.state
        return table_answer(
            question,
            report.table,
            season={
                "start": days.first_day.isoformat(),
                "chilling_hours": state.chilling_hours,
                "utah_units": state.utah_units,
                "positive_utah_units": state.positive_utah_units,
                "chill_portions": state.chill_portions,
                "hours_missing": state.hours_missing,
                "longest_gap_hours": state.longest_gap_hours,
                "until": local(state.last_hour, question.zone),
            },
        )


class FarmEvapotranspirationView(WeatherView):
    """Reference evapotranspiration."""

    @extend_schema(
        operation_id="farm_weather_evapotranspiration",
        tags=["farm weather"],
        summary="Reference evapotranspiration",
        description=schemas.ET_DESCRIPTION,
        parameters=[EvapotranspirationQuery],
        responses=schemas.EvapotranspirationSchema,
    )
    @may_raise(ConflictError, NoWeatherError, *ASKS_SERVICE)
    def get(self, request: Request, farm_id: int) -> HttpResponse:
        """Estimate it by the day, or by the hour."""
        question = farm_question(
            request, farm_id=farm_id, query=EvapotranspirationQuery, now=self.now()
        )
        said, zone, client = question.query, question.zone, self.client()
        method = EtMethod(
            equation=EtEquation(said["equation"]), reference=EtReference(said["reference"])
        )
        if said["step"] == "hour":
            span = hour_span(said, zone=zone, now=question.now)
            table = hourly_evapotranspiration(
                weather=question.weather(span), client=client, method=method
            )
        else:
            days = day_span(said, zone=zone, now=question.now)
            table = evapotranspiration(
                weather=question.weather(days.hours(zone=zone)),
                client=client,
                method=method,
                first_day=days.first_day,
                last_day=days.last_day,
            )
        return table_answer(question, table)


def _thresholds_c(question: Question) -> tuple[float, float | None]:
    """Return the lower and upper threshold in °C.

    Raises:
        ValidationError: The lower one is out of range, or the upper one is not above it.
    """
    said, system = question.query, question.system
    lower = said.get("lower", USUAL_LOWER[system])
    lower_c = metric_value("lower_c", lower, system=system)
    if not LEAST_LOWER_C <= lower_c <= MOST_LOWER_C:
        msg = f"The lower threshold is {lower_c:g} °C; −20 to 40 °C are possible."
        raise serializers.ValidationError({"lower": [msg]})
    if "upper" not in said:
        return lower_c, None
    upper_c = metric_value("upper_c", said["upper"], system=system)
    if not lower_c < upper_c <= 60:
        msg = f"The upper threshold is {upper_c:g} °C; above {lower_c:g} to 60 °C are possible."
        raise serializers.ValidationError({"upper": [msg]})
    return lower_c, upper_c


def _disease(question: Question, report: AgroReport, span: HourSpan) -> dict[str, Any]:
    zone = question.zone
    first, last = span.start.astimezone(zone).date(), span.end.astimezone(zone).date()
    return {
        "days": [
            {
                "date": day.date.isoformat(),
                "wet_h": day.wet_h,
                "humid_h": day.humid_h,
                "min_temperature_c": day.min_temperature_c,
                "is_hutton_day": day.is_hutton_day,
                "is_hutton_period": day.is_hutton_period,
            }
            for day in report.days
            if first <= day.date <= last
        ]
    }

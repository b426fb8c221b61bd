"""Answers that are the same for a farm and a coordinate: now, hours, days, weeks."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
from rest_framework import serializers
from rest_framework.response import Response

from farm.weather.api_answers import table_answer
from farm.weather.api_risks import freshness, local, methods
from farm.weather.api_spans import DAY, HourSpan, day_span, hour_span, week_span
from farm.weather.current import current
from farm.weather.daily import daily
from farm.weather.domain import DayStart
from farm.weather.flag_words import words_of
from farm.weather.hourly import hourly
from farm.weather.render import decimals_of
from farm.weather.tables import unit_of
from farm.weather.units import UnitSystem, column_in, name_in, unit_in
from farm.weather.weekly import weekly

if TYPE_CHECKING:
    from django.http import HttpResponse

    from farm.clients.weather import WeatherClient
    from farm.weather.api_questions import Question
    from farm.weather.current import HourOfWeather

# The latest observed hour may be of a reanalysis that is days behind.
LOOKED_BACK = timedelta(days=7)
DAY_STARTS = {"midnight": DayStart.MIDNIGHT, "09:00": DayStart.NINE}


def current_answer(question: Question, *, client: WeatherClient) -> Response:
    """Return the latest observed hour, and the forecast's nearest."""
    now = question.now
    weather = question.weather(HourSpan(start=now - LOOKED_BACK, end=now + DAY))
    found = current(weather=weather, client=client, now=now)
    kept = _kept(question, list(found.units))
    return Response(
        {
            **question.about(),
            **freshness(found.freshness, zone=question.zone),
            "units": {
                name_in(name, system=question.system): unit_in(name, unit, system=question.system)
                for name, unit in found.units.items()
                if name in kept
            },
            "methods": [
                {**method, "quantity": name_in(method["quantity"], system=question.system)}
                for method in methods(found.methods)
                if method["quantity"] in kept
            ],
            "observed": _hour(found.observed, question=question, kept=kept),
            "forecast": _hour(found.forecast, question=question, kept=kept),
        }
    )


def hourly_answer(question: Question) -> HttpResponse:
    """Return what was observed, then what is forecast."""
    span = hour_span(question.query, zone=question.zone, now=question.now)
    return table_answer(question, hourly(weather=question.weather(span)))


def daily_answer(question: Question, *, client: WeatherClient) -> HttpResponse:
    """Return days as the clock at the place cuts them."""
    days = day_span(question.query, zone=question.zone, now=question.now)
    table = daily(
        weather=question.weather(days.hours(zone=question.zone)),
        client=client,
        first_day=days.first_day,
        last_day=days.last_day,
        day_start=DAY_STARTS[question.query["day_start"]],
    )
    return table_answer(question, table)


def weekly_answer(question: Question, *, client: WeatherClient) -> HttpResponse:
    """Return weeks, Monday to Sunday."""
    weeks = week_span(question.query, zone=question.zone, now=question.now)
    table = weekly(
        weather=question.weather(weeks.hours(zone=question.zone)),
        client=client,
        first_day=weeks.first_day,
        last_day=weeks.last_day,
    )
    return table_answer(question, table)


def _kept(question: Question, names: list[str]) -> set[str]:
    wanted = question.query.get("columns")
    if wanted is None:
        return set(names)
    known = {name_in(name, system=question.system): name for name in names}
    unknown = [name for name in wanted if name not in known and name not in names]
    if unknown:
        msg = f"There is no column “{unknown[0]}”; known are: {', '.join(known)}."
        raise serializers.ValidationError({"columns": [msg]})
    return {known.get(name, name) for name in wanted}


def _hour(
    hour: HourOfWeather | None, *, question: Question, kept: set[str]
) -> dict[str, Any] | None:
    if hour is None:
        return None
    system = question.system

    def named(values: dict[str, Any]) -> dict[str, Any]:
        return {name_in(name, system=system): value for name, value in values.items()}

    return {
        "time": local(hour.at, question.zone),
        "age_s": round(hour.age_s),
        "values": named(
            {
                name: _value(name, value, system=system)
                for name, value in hour.values.items()
                if name in kept
            }
        ),
        "sources": named({name: one for name, one in hour.sources.items() if name in kept}),
        "flags": named({name: words_of(bits) for name, bits in hour.flags.items() if name in kept}),
    }


def _value(name: str, value: float | None, *, system: UnitSystem) -> float | None:
    if value is None:
        return None
    converted = column_in(name, np.array([value]), system=system)[0]
    return round(float(converted), decimals_of(unit_in(name, unit_of(name), system=system)))

"""REST views of decisions: frost of nights, rain, and when something can be done."""

from __future__ import annotations

import math
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from farm.errors import ConflictError, NotFoundError
from farm.http_schema import ASKS_SERVICE, may_raise
from farm.weather import schemas
from farm.weather.api_answers import WeatherView, table_answer
from farm.weather.api_examples import WINDOWS
from farm.weather.api_questions import farm_question
from farm.weather.api_risks import frost_document, local, rain_document, stage_thresholds
from farm.weather.api_spans import (
    HOUR,
    MOST_HOURLY_DAYS,
    HourSpan,
    day_span,
    hour_span,
    instant,
)
from farm.weather.frost import frost
from farm.weather.models import DecisionKind
from farm.weather.parameters import FrostQuery, RainQuery, WindowsQuery
from farm.weather.profile_selectors import profile_for
from farm.weather.rain import rain
from farm.weather.windows import windows

if TYPE_CHECKING:
    from django.http import HttpResponse
    from rest_framework.request import Request

    from farm.weather.api_questions import Question
    from farm.weather.windows import WindowsReport

# The longest that leaves must have been dry before, and that it must stay dry after.
LOOKED_BACK, LOOKED_AHEAD = timedelta(hours=96), timedelta(hours=72)
# Of the longest sum of rain, and of dry spells.
RAIN_REMEMBERED = timedelta(hours=721)


class FarmFrostView(WeatherView):
    """Frost of the nights."""

    @extend_schema(
        tags=["farm weather"],
        summary="Frost of the nights, past and coming",
        description=schemas.FROST_DESCRIPTION,
        parameters=[FrostQuery],
        responses=schemas.FrostSchema,
    )
    @may_raise(ConflictError, *ASKS_SERVICE)
    def get(self, request: Request, farm_id: int) -> Response:
        """Assess each night against what the crop endures at its stage."""
        question = farm_question(request, farm_id=farm_id, query=FrostQuery, now=self.now())
        said = question.query
        thresholds = (
            stage_thresholds(crop=said["crop"], stage=said["stage"]) if "crop" in said else None
        )
        days = day_span(said, zone=question.zone, now=question.now, most=MOST_HOURLY_DAYS)
        report = frost(
            weather=question.weather(days.hours(zone=question.zone)),
            client=self.client(),
            first_day=days.first_day,
            last_day=days.last_day,
            thresholds=thresholds,
        )
        return Response(frost_document(question, report))


class FarmRainView(WeatherView):
    """Rain up to now."""

    @extend_schema(
        tags=["farm weather"],
        summary="Rain up to now, and dry spells",
        description=schemas.RAIN_DESCRIPTION,
        parameters=[RainQuery],
        responses=schemas.RainSchema,
    )
    @may_raise(ConflictError, *ASKS_SERVICE)
    def get(self, request: Request, farm_id: int) -> Response:
        """Sum it over the last hours and days."""
        question = farm_question(request, farm_id=farm_id, query=RainQuery, now=self.now())
        until = instant(question.query.get("until"), zone=question.zone, now=question.now)
        span = HourSpan(start=until - RAIN_REMEMBERED, end=until + HOUR)
        report = rain(
            weather=question.weather(span),
            client=self.client(),
            until=until,
            dry_below_mm=question.query["dry_below_mm"],
        )
        return Response(rain_document(question, report))


class FarmWindowsView(WeatherView):
    """When something can be done."""

    @extend_schema(
        tags=["farm weather"],
        summary="When something can be done, and what stands against it",
        description=schemas.WINDOWS_DESCRIPTION,
        parameters=[WindowsQuery],
        responses=schemas.WindowsSchema,
        examples=[WINDOWS],
    )
    @may_raise(ConflictError, *ASKS_SERVICE)
    def get(self, request: Request, farm_id: int, kind: str) -> HttpResponse:
        """Judge every hour, and find the windows."""
        question = farm_question(request, farm_id=farm_id, query=WindowsQuery, now=self.now())
        if kind not in DecisionKind.values:
            known = ", ".join(DecisionKind.values)
            msg = f"There are no windows of “{kind}”; known are: {known}."
            raise NotFoundError(msg, reason="KIND_UNKNOWN")
        assert question.farm is not None, "of a farm"  # noqa: S101
        profile = profile_for(farm=question.farm, kind=kind, name=question.query.get("profile"))
        span = hour_span(question.query, zone=question.zone, now=question.now, before=timedelta(0))
        report = windows(
            weather=question.weather(
                HourSpan(start=span.start - LOOKED_BACK, end=span.end + LOOKED_AHEAD)
            ),
            client=self.client(),
            profile=profile,
            # An hour is in the span as a whole, and is stamped with its end.
            start=span.start + HOUR,
            end=span.end + HOUR,
            now=question.now,
        )
        return table_answer(
            question,
            report.table,
            profile={
                "kind": profile.kind,
                "name": profile.name,
                "is_of_farm": profile.farm_id is not None,
                "min_hours": profile.min_hours,
                "source": profile.source,
                "thresholds": asdict(report.thresholds),
            },
            now=_now(question, report),
            windows=_windows(question, report),
        )


def _now(question: Question, report: WindowsReport) -> dict[str, Any] | None:
    hour = report.hour_now
    if hour is None:
        return None
    return {
        "status": hour.status,
        "limiting_factor": hour.limiting_factor,
        "margin": None if math.isnan(hour.margin) else round(hour.margin, 3),
        "lasts_until": None if hour.lasts_until is None else local(hour.lasts_until, question.zone),
    }


def _windows(question: Question, report: WindowsReport) -> list[dict[str, Any]]:
    return [
        {
            "from": local(window.from_, question.zone),
            "until": local(window.until, question.zone),
            "hours": round((window.until - window.from_) / HOUR, 2),
            "ended_by": window.ended_by,
            "ended_in": window.ended_in,
            "least_margin": window.least_margin,
        }
        for window in report.windows
    ]

"""REST views of the weather at a coordinate, for whoever is signed in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drf_spectacular.utils import extend_schema

from farm.errors import NoWeatherError
from farm.http_schema import ASKS_SERVICE, may_raise
from farm.weather import schemas
from farm.weather.api_answers import WeatherView
from farm.weather.api_looks import current_answer, daily_answer, hourly_answer, weekly_answer
from farm.weather.api_questions import question_of
from farm.weather.parameters import (
    CurrentAtPosition,
    DailyAtPosition,
    HourlyAtPosition,
    parsed,
)
from farm.weather.places import shared_place
from farm.weather.refresh import refreshed_place
from farm.weather.throttles import PositionThrottle

if TYPE_CHECKING:
    from django.http import HttpResponse
    from rest_framework.request import Request

    from farm.imagery.index_queries import QuerySerializer
    from farm.weather.api_questions import Question


class PositionView(WeatherView):
    """What the views of coordinates share."""

    throttle_classes = (PositionThrottle,)

    def question(self, request: Request, query: type[QuerySerializer]) -> Question:
        """Take the request apart, and fetch what is older than an hour.

        Raises:
            ValidationError: A parameter makes no sense.
        """
        said = parsed(query, request)
        now = self.now()
        place = shared_place(longitude=said["longitude"], latitude=said["latitude"])
        place = refreshed_place(place, now)
        return question_of(place=place, farm=None, said=said, now=now)


class PositionCurrentView(PositionView):
    """The weather now at a coordinate."""

    @extend_schema(
        tags=["weather"],
        summary="The weather now at a coordinate",
        description=f"{schemas.POSITION_DESCRIPTION} {schemas.CURRENT_DESCRIPTION}",
        parameters=[CurrentAtPosition],
        responses=schemas.CurrentSchema,
    )
    @may_raise(NoWeatherError, *ASKS_SERVICE)
    def get(self, request: Request) -> HttpResponse:
        """Return the latest observed hour, and the forecast's nearest."""
        return current_answer(self.question(request, CurrentAtPosition), client=self.client())


class PositionHourlyView(PositionView):
    """Hours at a coordinate."""

    @extend_schema(
        tags=["weather"],
        summary="Weather by the hour at a coordinate",
        description=f"{schemas.POSITION_DESCRIPTION} {schemas.HOURLY_DESCRIPTION}",
        parameters=[HourlyAtPosition],
        responses=schemas.HoursSchema,
    )
    @may_raise(NoWeatherError)
    def get(self, request: Request) -> HttpResponse:
        """Return what was observed, then what is forecast."""
        return hourly_answer(self.question(request, HourlyAtPosition))


class PositionDailyView(PositionView):
    """Days at a coordinate."""

    @extend_schema(
        tags=["weather"],
        summary="Weather by the local day at a coordinate",
        description=f"{schemas.POSITION_DESCRIPTION} {schemas.DAILY_DESCRIPTION}",
        parameters=[DailyAtPosition],
        responses=schemas.DaysSchema,
    )
    @may_raise(NoWeatherError, *ASKS_SERVICE)
    def get(self, request: Request) -> HttpResponse:
        """Return days as the clock at the place cuts them."""
        return daily_answer(self.question(request, DailyAtPosition), client=self.client())


class PositionWeeklyView(PositionView):
    """Weeks at a coordinate."""

    @extend_schema(
        tags=["weather"],
        summary="Weather by the week at a coordinate",
        description=f"{schemas.POSITION_DESCRIPTION} {schemas.WEEKLY_DESCRIPTION}",
        parameters=[HourlyAtPosition],
        responses=schemas.WeeksSchema,
    )
    @may_raise(NoWeatherError, *ASKS_SERVICE)
    def get(self, request: Request) -> HttpResponse:
        """Return weeks, Monday to Sunday."""
        return weekly_answer(self.question(request, HourlyAtPosition), client=self.client())

"""REST views of a farm's weather: now, by the hour, by the local day, by the week."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drf_spectacular.utils import extend_schema

from farm.errors import ConflictError, NoWeatherError
from farm.http_schema import ASKS_SERVICE, may_raise
from farm.weather import schemas
from farm.weather.api_answers import WeatherView
from farm.weather.api_examples import CURRENT, DAILY, HOURLY
from farm.weather.api_looks import current_answer, daily_answer, hourly_answer, weekly_answer
from farm.weather.api_questions import farm_question
from farm.weather.parameters import DailyQuery, SpannedQuery, WrittenQuery

if TYPE_CHECKING:
    from django.http import HttpResponse
    from rest_framework.request import Request


class FarmCurrentView(WeatherView):
    """A farm's weather now."""

    @extend_schema(
        tags=["farm weather"],
        summary="A farm's weather now",
        description=schemas.CURRENT_DESCRIPTION,
        parameters=[WrittenQuery],
        responses=schemas.CurrentSchema,
        examples=[CURRENT],
    )
    @may_raise(ConflictError, NoWeatherError, *ASKS_SERVICE)
    def get(self, request: Request, farm_id: int) -> HttpResponse:
        """Return the latest observed hour, and the forecast's nearest."""
        question = farm_question(request, farm_id=farm_id, query=WrittenQuery, now=self.now())
        return current_answer(question, client=self.client())


class FarmHourlyView(WeatherView):
    """A farm's weather by the hour."""

    @extend_schema(
        tags=["farm weather"],
        summary="A farm's weather by the hour",
        description=schemas.HOURLY_DESCRIPTION,
        parameters=[SpannedQuery],
        responses=schemas.HoursSchema,
        examples=[HOURLY],
    )
    @may_raise(ConflictError, NoWeatherError)
    def get(self, request: Request, farm_id: int) -> HttpResponse:
        """Return what was observed, then what is forecast."""
        question = farm_question(request, farm_id=farm_id, query=SpannedQuery, now=self.now())
        return hourly_answer(question)


class FarmDailyView(WeatherView):
    """A farm's weather by the local day."""

    @extend_schema(
        tags=["farm weather"],
        summary="A farm's weather by the local day",
        description=schemas.DAILY_DESCRIPTION,
        parameters=[DailyQuery],
        responses=schemas.DaysSchema,
        examples=[DAILY],
    )
    @may_raise(ConflictError, NoWeatherError, *ASKS_SERVICE)
    def get(self, request: Request, farm_id: int) -> HttpResponse:
        """Return days as the clock at the farm cuts them."""
        question = farm_question(request, farm_id=farm_id, query=DailyQuery, now=self.now())
        return daily_answer(question, client=self.client())


class FarmWeeklyView(WeatherView):
    """A farm's weather by the week."""

    @extend_schema(
        tags=["farm weather"],
        summary="A farm's weather by the week",
        description=schemas.WEEKLY_DESCRIPTION,
        parameters=[SpannedQuery],
        responses=schemas.WeeksSchema,
    )
    @may_raise(ConflictError, NoWeatherError, *ASKS_SERVICE)
    def get(self, request: Request, farm_id: int) -> HttpResponse:
        """Return weeks, Monday to Sunday."""
        question = farm_question(request, farm_id=farm_id, query=SpannedQuery, now=self.now())
        return weekly_answer(question, client=self.client())

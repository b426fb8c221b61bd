"""How the weather views answer: tables written fast, beside what they are of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpResponse
from rest_framework.views import APIView

from farm.clients.weather import WeatherClient, weather_client
from farm.imagery.index_clock import Clocked
from farm.weather.api_tables import in_units, with_columns
from farm.weather.render import rendered
from farm.weather.units import document_in

if TYPE_CHECKING:
    from farm.weather.api_questions import Question
    from farm.weather.tables import WeatherTable


class WeatherView(Clocked, APIView):
    """What the weather views share: a clock, and who computes."""

    def client(self) -> WeatherClient:
        """Return the client of furrow-weather."""
        return weather_client()


def table_answer(question: Question, table: WeatherTable, **further: Any) -> HttpResponse:
    """Write a table in the columns and units that were asked for.

    Args:
        question: Says whose weather it is.
        table: In metric units.
        further: Members beside the table, in metric units too, their names carrying them.

    Raises:
        ValidationError: A column was asked for that there is none of.
    """
    system = question.system
    table = with_columns(table, names=question.query.get("columns"), system=system)
    document = {**question.about(), **further}
    text = rendered(in_units(table, system=system), before=document_in(document, system=system))
    # Not by the framework's renderer: it would take the columns for lists of Python's floats.
    return HttpResponse(text, content_type="application/json")

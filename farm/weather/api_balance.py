"""REST view of a field's water: what its roots can draw on, day by day, and what it asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drf_spectacular.utils import extend_schema

from farm.accounts.principal import principal_of
from farm.errors import ConflictError, NoWeatherError
from farm.fields.selectors import visible_field
from farm.http_schema import ASKS_SERVICE, may_raise
from farm.weather import schemas
from farm.weather.api_answers import WeatherView, table_answer
from farm.weather.api_questions import known_place, question_of
from farm.weather.api_spans import DaySpan
from farm.weather.api_tables import of_days
from farm.weather.api_water import known_setup
from farm.weather.models import FieldIrrigation
from farm.weather.ndvi_looks import ndvi_looks
from farm.weather.parameters import BalanceQuery, parsed
from farm.weather.water import balance_span, water_balance

if TYPE_CHECKING:
    from django.http import HttpResponse
    from rest_framework.request import Request

    from farm.weather.water import WaterReport


class FieldBalanceView(WeatherView):
    """A field's water, day by day."""

    @extend_schema(
        tags=["field water"],
        summary="A field's water, day by day, and when to irrigate",
        description=schemas.BALANCE_DESCRIPTION,
        parameters=[BalanceQuery],
        responses=schemas.BalanceSchema,
    )
    @may_raise(ConflictError, NoWeatherError, *ASKS_SERVICE)
    def get(self, request: Request, field_id: int) -> HttpResponse:
        """Balance it from sowing on."""
        field = visible_field(principal=principal_of(request), field_id=field_id)
        said = parsed(BalanceQuery, request)
        setup = known_setup(field)
        farm, now = field.farm, self.now()
        question = question_of(place=known_place(farm), farm=farm, said=said, now=now)
        today = now.astimezone(question.zone).date()
        first_day, last_day = balance_span(setup=setup, today=today)
        season = DaySpan(first_day=first_day, last_day=last_day)
        report = water_balance(
            setup=setup,
            irrigations=list(
                FieldIrrigation.objects.filter(field=field, day__range=(first_day, last_day))
            ),
            looks=ndvi_looks(field=field, first_day=first_day, last_day=last_day)
            if setup.uses_ndvi
            else (),
            weather=question.weather(season.hours(zone=question.zone)),
            client=self.client(),
            today=today,
        )
        table = of_days(report.table, first_day=said.get("from"), last_day=said.get("to"))
        return table_answer(
            question, table, field={"id": field.pk, "name": field.name}, **_document(report)
        )


def _document(report: WaterReport) -> dict[str, Any]:
    until = report.balanced_until
    return {
        "has_rules": report.has_rules,
        "advice": [
            {
                "day": advice.day.isoformat(),
                "depth_mm": advice.depth_mm,
                "reasons": list(advice.reasons),
                "forecast_rain_mm": advice.forecast_rain_mm,
                "is_forecast": advice.is_forecast,
            }
            for advice in report.advice
        ],
        "balanced_until": until.isoformat() if until else None,
        "stopped_by": report.stopped_by,
        "assumptions": {
            **report.assumptions,
            "planted_on": report.assumptions["planted_on"].isoformat(),
        },
        "looks": report.looks,
        "calibration": report.calibration,
    }

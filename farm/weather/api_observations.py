"""REST views of a farm's observed hours: a station's or logger's CSV in, all hours as CSV out."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import timedelta
from typing import IO, TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.parsers import BaseParser, MultiPartParser
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response

from farm.accounts.principal import principal_of
from farm.errors import ConflictError
from farm.farms.access import require_role
from farm.farms.models import Role
from farm.farms.selectors import visible_farm
from farm.fields.media import CSVRenderer
from farm.http_schema import ASKS_SERVICE, may_raise
from farm.imagery.index_queries import QuerySerializer
from farm.weather import schemas
from farm.weather.api_answers import WeatherView
from farm.weather.api_observation_table import observation_lines
from farm.weather.api_questions import farm_question, known_place
from farm.weather.api_risks import local
from farm.weather.api_spans import DAY, hour_span
from farm.weather.parameters import ObservationsQuery, UploadQuery, parsed
from farm.weather.places import zone_of
from farm.weather.station_csv import import_station_csv
from farm.weather.station_csv_options import parse_options
from orchestrator.parsers import BodyTooLongError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpResponseBase
    from rest_framework.request import Request

    from farm.weather.station_csv import CsvImport

MOST_BYTES = 16 * 1024 * 1024
# Boundaries, names and the mapping of a form around its file.
FORM_OVERHEAD_BYTES = 1024 * 1024
USUALLY_SHOWN = timedelta(days=30)

MAPPING = {
    "time": ["Date", "Time"],
    "time_form": "dmy",
    "time_zone": "Europe/Brussels",
    "columns": {
        "Temp °F": {"variable": "air_temperature_c", "unit": "°F"},
        "Wind km/h": {"variable": "wind_speed_m_s", "unit": "km/h"},
    },
}


class CsvBodyParser(BaseParser):
    """``text/csv`` as the bytes that came; the encoding is found out later."""

    media_type = "text/csv"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Read the body.

        Raises:
            BodyTooLongError: It is longer than 16 MiB.
        """
        body = stream.read(MOST_BYTES + 1)
        if len(body) > MOST_BYTES:
            raise BodyTooLongError(MOST_BYTES)
        return {"content": body}


class UploadForm(QuerySerializer):
    """A file, and what its columns are."""

    file = serializers.FileField(help_text="CSV, 16 MiB at most.")
    mapping = serializers.CharField(max_length=65536, help_text="JSON; see the description.")


class FarmObservationsView(WeatherView):
    """Observed hours."""

    parser_classes = (MultiPartParser, CsvBodyParser)

    def get_renderers(self) -> list[Any]:
        """Answer tables to GET, and what became of a file to POST."""
        is_post = self.request is not None and self.request.method == "POST"
        return [JSONRenderer()] if is_post else [CSVRenderer()]

    @extend_schema(
        tags=["farm weather"],
        summary="Observed hours as CSV",
        description=schemas.OBSERVATIONS_DESCRIPTION,
        parameters=[ObservationsQuery],
        responses={(200, "text/csv"): OpenApiTypes.STR},
    )
    @may_raise(ConflictError)
    def get(self, request: Request, farm_id: int) -> HttpResponseBase:
        """Write every observed hour with its sources and flags."""
        question = farm_question(request, farm_id=farm_id, query=ObservationsQuery, now=self.now())
        span = hour_span(
            question.query,
            zone=question.zone,
            now=question.now,
            before=USUALLY_SHOWN,
            after=timedelta(hours=1),
        )
        weather = question.any_weather(span)
        lines = observation_lines(weather, zone=question.zone, system=question.system)
        answer = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
        first = span.start.astimezone(question.zone)
        last = (span.end - DAY / 24).astimezone(question.zone)
        name = f"weather-{farm_id}-{first:%Y%m%d}-{last:%Y%m%d}.csv"
        answer["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer

    @extend_schema(
        tags=["farm weather"],
        summary="Send the hours of a station or logger",
        description=schemas.UPLOAD_DESCRIPTION,
        parameters=[UploadQuery],
        request={"multipart/form-data": UploadForm, "text/csv": OpenApiTypes.STR},
        responses={200: schemas.UploadSchema},
        examples=[
            OpenApiExample(
                "A file with °F and km/h",
                value={"file": "station.csv", "mapping": json.dumps(MAPPING, ensure_ascii=False)},
                media_type="multipart/form-data",
                request_only=True,
            )
        ],
    )
    @may_raise(ConflictError, *ASKS_SERVICE)
    def post(self, request: Request, farm_id: int) -> Response:
        """Make hours of it and keep them, all or none."""
        principal = principal_of(request)
        farm = visible_farm(principal=principal, farm_id=farm_id)
        require_role(principal=principal, farm=farm, at_least=Role.AGRONOMIST)
        _refuse_too_large(request)
        said = parsed(UploadQuery, request)
        content, mapping = _sent(request, said)
        place = known_place(farm)
        options = parse_options(mapping, time_zone=zone_of(place))
        done = import_station_csv(
            place=place,
            content=content,
            options=options,
            client=self.client(),
            now=self.now(),
            is_dry=said["dry_run"],
        )
        return Response(_document(done, time_zone=zone_of(place), is_dry=said["dry_run"]))


def _sent(request: Request, said: Mapping[str, Any]) -> tuple[bytes, Any]:
    """Return the file's bytes and what was said about it.

    Raises:
        ValidationError: One of the two is missing, or the mapping is no JSON.
    """
    data: Any = request.data
    if "content" in data and isinstance(data["content"], bytes):
        if "mapping" not in said:
            msg = "With a body of text/csv the mapping stands in the query."
            raise serializers.ValidationError({"mapping": [msg]})
        return data["content"], _json(said["mapping"])
    if "mapping" in said:
        msg = "In a form the mapping is a part of it, not of the query."
        raise serializers.ValidationError({"mapping": [msg]})
    form = UploadForm(data=data)
    form.is_valid(raise_exception=True)
    file = form.validated_data["file"]
    if file.size > MOST_BYTES:
        raise BodyTooLongError(MOST_BYTES)
    return file.read(), _json(form.validated_data["mapping"])


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        msg = "The mapping is no JSON."
        raise serializers.ValidationError({"mapping": [msg]}) from error


def _refuse_too_large(request: Request) -> None:
    """Refuse by the announced length, before anything is read."""
    announced = str(request.META.get("CONTENT_LENGTH") or "")
    if announced.isdecimal() and int(announced) > MOST_BYTES + FORM_OVERHEAD_BYTES:
        raise BodyTooLongError(MOST_BYTES)


def _document(done: CsvImport, *, time_zone: str, is_dry: bool) -> dict[str, Any]:
    zone = ZoneInfo(time_zone)
    return {
        "is_stored": not is_dry,
        **asdict(done),
        "first_hour": local(done.first_hour, zone),
        "last_hour": local(done.last_hour, zone),
    }

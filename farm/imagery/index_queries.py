"""Query parameters of the index routes: parsed once, refused in words.

A parameter nobody knows is refused too: a misspelt `form=` would otherwise widen an answer in
silence.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils.dateparse import parse_date, parse_datetime
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from farm.imagery.domain import Compression, Encoding
from farm.imagery.observation_quality import DEFAULT_MIN_CLEAR_SHARE, FIRST_YEAR, LAST_YEAR
from farm.imagery.series import MAX_POINTS, SeriesWindow
from farm.imagery.series_of_farm import DEFAULT_WINDOW_DAYS

if TYPE_CHECKING:
    from datetime import tzinfo

    from rest_framework.request import Request

    from farm.farms.models import Farm

# Chosen by the REST framework itself, where a view has more than one renderer.
RENDERER_PARAMETER = "format"


class ShareField(serializers.FloatField):
    """A share, 0 to 1; `nan`, which no comparison refuses, is refused by name."""

    def __init__(self, **options: Any) -> None:
        """Set the borders."""
        super().__init__(min_value=0.0, max_value=1.0, **options)

    def to_internal_value(self, data: Any) -> float:
        """Parse a finite number.

        Raises:
            ValidationError: It is none.
        """
        value = float(super().to_internal_value(data))
        if not math.isfinite(value):
            self.fail("invalid")
        return value


@extend_schema_field(OpenApiTypes.STR)
class DayOrInstant(serializers.Field[Any, Any, Any, Any]):
    """`2024-06-01`, a day; or `2024-06-01T10:00:00Z`, an instant with its offset."""

    def to_internal_value(self, data: Any) -> date | datetime:
        """Parse; the length of the string tells the two apart.

        Raises:
            ValidationError: It is neither.
        """
        text = str(data)
        try:
            day = parse_date(text) if len(text) == 10 else None
            instant = None if day else parse_datetime(text.replace(" ", "+"))
        except ValueError:
            day, instant = None, None
        if day is not None:
            _refuse_odd_year(day)
            return day
        if instant is None or instant.tzinfo is None:
            msg = "Write a day as 2024-06-01, or an instant with its offset: 2024-06-01T10:00:00Z."
            raise serializers.ValidationError(msg)
        _refuse_odd_year(instant)
        return instant

    def to_representation(self, value: Any) -> str:
        """Write it back in the same form."""
        return str(value.isoformat())


class QuerySerializer(serializers.Serializer[Any]):
    """Parameters in the query string; unknown ones are refused."""

    def to_internal_value(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Refuse unknown names, then parse.

        Raises:
            ValidationError: A name is unknown or a value is out of range.
        """
        # A body may be any JSON; what is no object, the framework refuses in its own words.
        names = set(data) if isinstance(data, Mapping) else set()
        unknown = sorted(names - set(self.fields) - {RENDERER_PARAMETER})
        if unknown:
            known = ", ".join(self.fields) or "none"
            raise serializers.ValidationError(
                {name: [f"There is no such parameter; known are: {known}."] for name in unknown}
            )
        parsed: dict[str, Any] = super().to_internal_value(data)
        return parsed


class ClearQuery(QuerySerializer):
    """What counts as a clear look."""

    min_clear_share = ShareField(
        default=DEFAULT_MIN_CLEAR_SHARE,
        help_text="Share of the field's outline that must have a value, 0 to 1.",
    )


class FarmLatestQuery(ClearQuery):
    """Parameters of a farm's latest numbers."""

    window_days = serializers.IntegerField(
        default=DEFAULT_WINDOW_DAYS,
        min_value=0,
        max_value=60,
        help_text="Fields whose look is older than the newest by more days are shown, not counted.",
    )


class SpanQuery(QuerySerializer):
    """A span of time; `from` is a word of Python, so the two are added by name."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Put `from` and `to` first."""
        span: dict[str, serializers.Field[Any, Any, Any, Any]] = {
            "from": DayOrInstant(
                required=False,
                help_text="First day (in the farm's time zone, else UTC) or instant, included.",
            ),
            "to": DayOrInstant(
                required=False,
                help_text="Last day, included as a whole; or the instant before which to end.",
            ),
        }
        return span | super().get_fields()


class FarmSeriesQuery(SpanQuery):
    """Parameters of a farm's time series."""

    min_valid_share = ShareField(
        default=0.0, help_text="Leave out looks of whose pixels less have a value, 0 to 1."
    )
    order = serializers.ChoiceField(
        choices=["asc", "desc"], default="asc", help_text="Oldest or newest first."
    )
    limit = serializers.IntegerField(
        default=MAX_POINTS,
        min_value=1,
        max_value=MAX_POINTS,
        help_text="At most so many points, the newest ones whatever the order.",
    )


class SeriesQuery(FarmSeriesQuery):
    """Parameters of a field's time series."""

    duplicates = serializers.ChoiceField(
        choices=["drop", "keep"],
        default="drop",
        help_text="Of several scenes of one solar day only the clearest is shown, unless kept.",
    )


class RasterQuery(ClearQuery):
    """Which scene a raster shows: the latest clear one unless told."""

    date = serializers.DateField(
        required=False, help_text="Solar day; of its scenes the one that shows most of the field."
    )
    scene = serializers.IntegerField(required=False, min_value=1, help_text="Id of a scene.")

    def validate_date(self, value: Any) -> Any:
        """Keep the arithmetic of solar days in range.

        Raises:
            ValidationError: Nothing can have been seen in that year.
        """
        _refuse_odd_year(value)
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse both at once.

        Raises:
            ValidationError: `date` and `scene` were both given.
        """
        if "date" in attrs and "scene" in attrs:
            msg = "Give either a date or a scene."
            raise serializers.ValidationError({"scene": [msg]})
        return attrs


class PngQuery(RasterQuery):
    """Parameters of a picture."""

    size = serializers.IntegerField(
        default=512, min_value=16, max_value=2048, help_text="Longer side at most, pixels."
    )


class TifQuery(RasterQuery):
    """Parameters of a GeoTIFF."""

    encoding = serializers.ChoiceField(
        choices=[item.value for item in Encoding],
        default=Encoding.FLOAT32.value,
        help_text="float32: NaN where there is no value; int16: value × 10,000, −32768 for none.",
    )
    compression = serializers.ChoiceField(
        choices=[item.value for item in Compression], default=Compression.DEFLATE.value
    )


def parsed(query: type[QuerySerializer], request: Request) -> dict[str, Any]:
    """Return the parameters of a request.

    Raises:
        ValidationError: A parameter is unknown or its value is out of range.
    """
    return dict(_parsed(query, tuple(request.query_params.dict().items())))


# Parsing depends on nothing but the text, and costs a tenth of the cheapest answer.
@lru_cache(maxsize=1024)
def _parsed(query: type[QuerySerializer], given: tuple[tuple[str, str], ...]) -> Mapping[str, Any]:
    serializer = query(data=dict(given))
    serializer.is_valid(raise_exception=True)
    data: dict[str, Any] = serializer.validated_data
    return data


def series_window(data: Mapping[str, Any], *, zone: tzinfo) -> SeriesWindow:
    """Turn the parameters of a time series into a window; days are cut by ``zone``.

    Raises:
        ValidationError: The span ends before it begins.
    """
    start, end = span(data, zone=zone)
    return SeriesWindow(
        start=start,
        end=end,
        min_valid_share=data["min_valid_share"],
        keeps_duplicates=data.get("duplicates") == "keep",
        is_newest_first=data["order"] == "desc",
        limit=data["limit"],
    )


def span(data: Mapping[str, Any], *, zone: tzinfo) -> tuple[datetime | None, datetime | None]:
    """Return where a span begins (inclusive) and ends (exclusive).

    Raises:
        ValidationError: It ends before it begins.
    """
    first: Any = data.get("from")
    last: Any = data.get("to")
    start = _midnight(first, zone) if is_day(first) else first
    end = _midnight(last + timedelta(days=1), zone) if is_day(last) else last
    if start is not None and end is not None and start >= end:
        msg = f"The span ends ({last}) before it begins ({first})."
        raise serializers.ValidationError({"to": [msg]})
    return start, end


def is_day(value: object) -> bool:
    """Say whether a value is a day; an instant is a ``date`` too, by Python's classes."""
    return isinstance(value, date) and not isinstance(value, datetime)


def zone_of(farm: Farm) -> tzinfo:
    """Return the farm's time zone, UTC until one is known."""
    try:
        return ZoneInfo(farm.time_zone) if farm.time_zone else UTC
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def _refuse_odd_year(value: date) -> None:
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        msg = f"The year {value.year} is outside {FIRST_YEAR} to {LAST_YEAR}."
        raise serializers.ValidationError(msg)


def _midnight(day: Any, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), tzinfo=zone)

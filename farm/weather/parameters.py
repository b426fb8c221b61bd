"""Query parameters of the weather routes: parsed once, refused in words."""

from __future__ import annotations

import math
import re
import zoneinfo
from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from django.utils.dateparse import parse_date, parse_datetime
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from farm.imagery.index_queries import QuerySerializer
from farm.weather.units import UnitSystem

if TYPE_CHECKING:
    from rest_framework.request import Request

Moment = TypeVar("Moment", bound=date)

# Of what is kept or forecast; the archives that are asked begin in 1940.
FIRST_YEAR, LAST_YEAR = 1940, 2100
MOST_COLUMNS = 64
LONGEST_NAME = 64
# `+02:00`, `UTC-3`, `Etc/GMT+5`: an offset has no summer time, so days would be cut wrongly.
OFFSET = re.compile(r"^(?:etc/)?(?:utc|gmt|z)?\s*[+\-−]?\s*\d", re.IGNORECASE)


class FiniteField(serializers.FloatField):
    """A number within borders; `nan`, which no comparison refuses, is refused by name."""

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
class ZoneField(serializers.Field[Any, Any, Any, Any]):
    """The name of an IANA time zone."""

    def to_internal_value(self, data: Any) -> str:
        """Take the name of a zone that there is.

        Raises:
            ValidationError: It is an offset, or no zone of the database.
        """
        name = str(data)
        if OFFSET.match(name) or name in {"EST", "MST", "HST"}:
            msg = (
                f"“{name[:LONGEST_NAME]}” is an offset; it knows no summer time. Name a zone such "
                "as “Europe/Brussels”."
            )
            raise serializers.ValidationError(msg)
        if name not in zone_names():
            msg = f"“{name[:LONGEST_NAME]}” is no time zone of the IANA database."
            raise serializers.ValidationError(msg)
        return name

    def to_representation(self, value: Any) -> str:
        """Write the name."""
        return str(value)


@lru_cache(maxsize=1)
def zone_names() -> frozenset[str]:
    """Return the names of all zones that can be asked for."""
    pretended = {"localtime", "posixrules", "Factory"}
    return frozenset(
        name
        for name in zoneinfo.available_timezones()
        if name not in pretended and not name.startswith(("posix/", "right/"))
    )


@extend_schema_field(OpenApiTypes.STR)
class DayOrInstant(serializers.Field[Any, Any, Any, Any]):
    """`2026-06-01`, a day; or `2026-06-01T10:00:00Z`, an instant with its offset."""

    def to_internal_value(self, data: Any) -> date | datetime:
        """Parse; the length of the string tells the two apart.

        Raises:
            ValidationError: It is neither, or of a year in which nothing was measured.
        """
        text = str(data)
        moment: date | datetime | None
        try:
            moment = parse_date(text) if len(text) == 10 else parse_datetime(text.replace(" ", "+"))
        except ValueError:
            moment = None
        if moment is None or (isinstance(moment, datetime) and moment.tzinfo is None):
            msg = "Write a day as 2026-06-01, or an instant with its offset: 2026-06-01T10:00:00Z."
            raise serializers.ValidationError(msg)
        return in_known_years(moment)

    def to_representation(self, value: Any) -> str:
        """Write it back in the same form."""
        return str(value.isoformat())


class DayField(serializers.DateField):
    """A day of a year in which something can have been measured."""

    def to_internal_value(self, value: Any) -> date:
        """Parse.

        Raises:
            ValidationError: It is no day, or out of bounds.
        """
        return in_known_years(super().to_internal_value(value))


def in_known_years(moment: Moment) -> Moment:
    """Return a day or instant of a year that is kept.

    Raises:
        ValidationError: Its year is not.
    """
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        msg = f"The year {moment.year} is outside {FIRST_YEAR} to {LAST_YEAR}."
        raise serializers.ValidationError(msg)
    return moment


@extend_schema_field(OpenApiTypes.STR)
class NamesField(serializers.Field[Any, Any, Any, Any]):
    """Names with commas between them, each once."""

    def to_internal_value(self, data: Any) -> tuple[str, ...]:
        """Take them apart.

        Raises:
            ValidationError: There are none, too many, or one is longer than any name.
        """
        names = tuple(part.strip() for part in str(data).split(",", MOST_COLUMNS + 1))
        if len(names) > MOST_COLUMNS:
            msg = f"There are more than {MOST_COLUMNS} names."
            raise serializers.ValidationError(msg)
        if not all(0 < len(name) <= LONGEST_NAME for name in names):
            msg = f"Each name has 1 to {LONGEST_NAME} characters, with commas between them."
            raise serializers.ValidationError(msg)
        return tuple(dict.fromkeys(names))

    def to_representation(self, value: Any) -> str:
        """Put them together again."""
        return ",".join(value)


class PositionQuery(QuerySerializer):
    """Where, for the routes that belong to no farm."""

    latitude = FiniteField(min_value=-90, max_value=90, help_text="Degrees, north positive.")
    longitude = FiniteField(min_value=-180, max_value=180, help_text="Degrees, east positive.")


class WrittenQuery(QuerySerializer):
    """How an answer is written."""

    units = serializers.ChoiceField(
        choices=[each.value for each in UnitSystem],
        default=UnitSystem.METRIC.value,
        help_text="`us`: °F, mph, in, inHg, ly; names of columns change with their units.",
    )
    time_zone = ZoneField(
        required=False,
        help_text="IANA name by which days are cut and times are written; the place's own by "
        "default. Never an offset.",
    )
    columns = NamesField(
        required=False, help_text="Only these columns, with commas between the names."
    )


class SpannedQuery(WrittenQuery):
    """A span of time; `from` is a word of Python, so the two are added by name."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Put `from` and `to` first."""
        span: dict[str, serializers.Field[Any, Any, Any, Any]] = {
            "from": DayOrInstant(
                required=False, help_text="First day, in the time zone, or instant; included."
            ),
            "to": DayOrInstant(
                required=False,
                help_text="Last day, included as a whole; or the instant at which to end.",
            ),
        }
        return span | super().get_fields()


class DailyQuery(SpannedQuery):
    """Days, and where they begin."""

    day_start = serializers.ChoiceField(
        choices=["midnight", "09:00"],
        default="midnight",
        help_text="`09:00`: as rain gauges are read; the day bears the date on which it begins.",
    )


class HeatQuery(WrittenQuery):
    """Degree days."""

    lower = FiniteField(
        required=False,
        help_text="Lower threshold, −20 to 40 °C (or °F with `units=us`); 10 °C, 50 °F.",
    )
    upper = FiniteField(required=False, help_text="Upper threshold, above the lower; none.")
    method = serializers.ChoiceField(
        choices=["average", "clamped", "single_sine", "double_sine", "hourly"],
        default="single_sine",
        help_text="How a day is counted. Models hold only with the method they were made with.",
    )
    start = DayField(
        required=False,
        help_text="Day from which degree days are added up, such as sowing; 1 January by default, "
        "1 July in the southern hemisphere.",
    )
    to = DayField(required=False, help_text="Last day; a week ahead by default.")


class ChillQuery(WrittenQuery):
    """Winter chill."""

    start = DayField(
        required=False,
        help_text="Day from which chill is added up; 1 November by default, 1 May in the southern "
        "hemisphere.",
    )
    to = DayField(required=False, help_text="Last day; a week ahead by default.")


class EvapotranspirationQuery(SpannedQuery):
    """Reference evapotranspiration."""

    equation = serializers.ChoiceField(
        choices=["asce2005", "fao56"],
        default="fao56",
        help_text="FAO-56 (1998), or ASCE-EWRI (2005) standardized.",
    )
    reference = serializers.ChoiceField(
        choices=["short", "tall"],
        default="short",
        help_text="Clipped grass, or alfalfa; FAO-56 knows grass only.",
    )
    step = serializers.ChoiceField(choices=["day", "hour"], default="day")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse a pair that nobody published.

        Raises:
            ValidationError: FAO-56 for the tall reference.
        """
        if attrs["equation"] == "fao56" and attrs["reference"] == "tall":
            msg = "FAO-56 is of the short reference only; take equation=asce2005 for the tall one."
            raise serializers.ValidationError({"reference": [msg]})
        return attrs


class FrostQuery(SpannedQuery):
    """Nights, and the crop whose critical temperatures count."""

    crop = serializers.CharField(
        required=False, max_length=80, help_text="Name of a crop that is kept with its stages."
    )
    stage = serializers.CharField(
        required=False, max_length=80, help_text="One of its stages, such as `full bloom`."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Ask for both or none.

        Raises:
            ValidationError: One of the two is missing.
        """
        if ("crop" in attrs) != ("stage" in attrs):
            msg = "Name a crop with its stage, or neither."
            raise serializers.ValidationError({"stage" if "crop" in attrs else "crop": [msg]})
        return attrs


class WindowsQuery(SpannedQuery):
    """Decision windows."""

    profile = serializers.CharField(
        required=False,
        max_length=80,
        help_text="Name of the thresholds; the farm's default, or else everybody's.",
    )


class RainQuery(WrittenQuery):
    """Rain up to an instant."""

    until = DayOrInstant(required=False, help_text="Look back from here; now by default.")
    dry_below_mm = FiniteField(
        default=1.0, min_value=0.1, max_value=20, help_text="A day with less rain is dry, mm."
    )


class CurrentAtPosition(WrittenQuery, PositionQuery):
    """The weather now at a coordinate."""


class HourlyAtPosition(SpannedQuery, PositionQuery):
    """Hours at a coordinate."""


class DailyAtPosition(DailyQuery, PositionQuery):
    """Days at a coordinate."""


class ObservationsQuery(SpannedQuery):
    """Observed hours as a file."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Leave `columns` out: a file has all of them."""
        fields = super().get_fields()
        del fields["columns"]
        return fields


class UploadQuery(QuerySerializer):
    """How a file is taken."""

    dry_run = serializers.BooleanField(
        default=False, help_text="Only say what would become of it; nothing is stored."
    )
    mapping = serializers.CharField(
        required=False,
        max_length=8192,
        help_text="JSON, with a body of text/csv; in a form it is a part.",
    )


class BalanceQuery(WrittenQuery):
    """Days of a season that are shown; it is balanced from sowing on all the same."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Put `from` and `to` first."""
        span: dict[str, serializers.Field[Any, Any, Any, Any]] = {
            "from": DayField(required=False, help_text="First day shown; that of sowing."),
            "to": DayField(
                required=False, help_text="Last day shown; the season's or the forecast's."
            ),
        }
        return span | super().get_fields()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse a span that ends before it begins.

        Raises:
            ValidationError: It does.
        """
        first, last = attrs.get("from"), attrs.get("to")
        if first is not None and last is not None and first > last:
            msg = f"The span ends ({last}) before it begins ({first})."
            raise serializers.ValidationError({"to": [msg]})
        return attrs


class NoQuery(QuerySerializer):
    """No parameters at all."""


def parsed(query: type[QuerySerializer], request: Request) -> dict[str, Any]:
    """Return the parameters of a request.

    Raises:
        ValidationError: A parameter is unknown, twice there, or its value out of range.
    """
    twice = [name for name, values in request.query_params.lists() if len(values) > 1]
    if twice:
        raise serializers.ValidationError({name: ["It is given more than once."] for name in twice})
    return dict(_parsed(query, tuple(request.query_params.dict().items())))


# Parsing depends on nothing but the text, and costs more than many an answer.
@lru_cache(maxsize=1024)
def _parsed(query: type[QuerySerializer], given: tuple[tuple[str, str], ...]) -> Mapping[str, Any]:
    serializer = query(data=dict(given))
    serializer.is_valid(raise_exception=True)
    data: dict[str, Any] = serializer.validated_data
    return data

"""Which fields of a farm are listed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar

import django_filters
from django.db.models import Q

from farm.errors import InvalidInputError
from farm.fields.models import Field

if TYPE_CHECKING:
    from django.db.models import QuerySet


class FieldFilter(django_filters.FilterSet):
    """Filters of the list."""

    search = django_filters.CharFilter(
        method="by_words", help_text="Part of the name, the crop or the external id."
    )
    crop = django_filters.CharFilter(lookup_expr="iexact", help_text="The crop, whole.")
    external_id = django_filters.CharFilter(help_text="The id in your own system, whole.")
    bbox = django_filters.CharFilter(
        method="by_box",
        help_text="`west,south,east,north` in degrees; fields whose own box touches it.",
    )
    ordering = django_filters.OrderingFilter(
        fields=(("name", "name"), ("area_m2", "area"), ("updated_at", "updated"), ("pk", "id")),
        help_text="`name`, `area`, `updated` or `id`; with `-` in front backwards.",
    )

    class Meta:
        """Filters by column are those above, none by default."""

        model = Field
        fields: ClassVar[list[str]] = []

    def by_words(self, fields: QuerySet[Field], name: str, value: str) -> QuerySet[Field]:
        """Keep fields that have the text somewhere."""
        return fields.filter(
            Q(name__icontains=value) | Q(crop__icontains=value) | Q(external_id__icontains=value)
        )

    def by_box(self, fields: QuerySet[Field], name: str, value: str) -> QuerySet[Field]:
        """Keep fields whose bounding box touches the given one.

        Raises:
            InvalidInputError: The box is not four numbers in their order.
        """
        west, south, east, north = parse_box(value)
        return fields.filter(west__lte=east, east__gte=west, south__lte=north, north__gte=south)


def parse_box(text: str) -> tuple[float, float, float, float]:
    """Read ``west,south,east,north``.

    Raises:
        InvalidInputError: These are not four finite numbers, or not in their order.
    """
    try:
        numbers = [float(part) for part in text.split(",", 5)]
    except ValueError:
        numbers = []
    if len(numbers) != 4 or not all(math.isfinite(number) for number in numbers):
        msg = "bbox is four numbers: west,south,east,north, in degrees."
        raise InvalidInputError(msg, reason="BBOX_INVALID")
    west, south, east, north = numbers
    if west > east or south > north:
        msg = "bbox is west,south,east,north: west before east and south before north."
        raise InvalidInputError(msg, reason="BBOX_INVALID")
    return west, south, east, north

"""Filters that lists share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import django_filters
from django import forms
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework.exceptions import ValidationError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.models import QuerySet
    from django.http import HttpRequest
    from rest_framework.views import APIView

# Chosen by the REST framework itself, where a view has more than one renderer.
FORMAT_PARAMETER = "format"

# The largest key of a row; SQLite's driver fails on a longer number instead of finding nothing.
LARGEST_ID = 2**63 - 1


@extend_schema_field(OpenApiTypes.INT)
class RowIdFilter(django_filters.Filter):
    """Matches the id of a row: a whole number that a database can hold."""

    field_class = forms.IntegerField

    def __init__(self, *args: Any, **options: Any) -> None:
        """Set the borders."""
        super().__init__(*args, min_value=1, max_value=LARGEST_ID, **options)


class KnownParameterBackend(DjangoFilterBackend):
    """Filters a list, and refuses parameters nobody knows: a misspelt one would widen it."""

    def filter_queryset(
        self, request: HttpRequest, queryset: QuerySet[Any], view: APIView
    ) -> QuerySet[Any]:
        """Filter.

        Raises:
            ValidationError: A parameter is unknown or its value makes no sense.
        """
        filters = self.get_filterset_class(view, queryset)
        pages = getattr(view, "paginator", None)
        known = list(filters.base_filters) if filters else []
        known += [pages.page_query_param, pages.page_size_query_param] if pages else []
        refuse_unknown_parameters(request, known=known)
        filtered: QuerySet[Any] = super().filter_queryset(request, queryset, view)
        return filtered


def refuse_unknown_parameters(request: HttpRequest, *, known: Iterable[str]) -> None:
    """See that every parameter in the query string is one of those.

    Raises:
        ValidationError: One is not; the sentence names those that are.
    """
    unknown = sorted(set(request.GET) - set(known) - {FORMAT_PARAMETER})
    if unknown:
        names = ", ".join(known) or "none"
        raise ValidationError(
            {name: [f"There is no such parameter; known are: {names}."] for name in unknown}
        )

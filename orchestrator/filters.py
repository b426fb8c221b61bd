"""Filters that lists share."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field

# The largest key of a row; SQLite's driver fails on a longer number instead of finding nothing.
LARGEST_ID = 2**63 - 1


@extend_schema_field(OpenApiTypes.INT)
class RowIdFilter(django_filters.Filter):
    """Matches the id of a row: a whole number that a database can hold."""

    field_class = forms.IntegerField

    def __init__(self, *args: Any, **options: Any) -> None:
        """Set the borders."""
        super().__init__(*args, min_value=1, max_value=LARGEST_ID, **options)

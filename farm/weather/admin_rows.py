"""Blocks and forecasts in the admin: to look at, summarised, never to be typed over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from django.contrib import admin
from django.db.models import Model

from farm.weather.blocks import unpack_flags, unpack_values
from farm.weather.models import WeatherDay, WeatherForecast
from farm.weather.variables import HOURLY, Semantics

if TYPE_CHECKING:
    from django.http import HttpRequest

RowT = TypeVar("RowT", bound=Model)

if TYPE_CHECKING:
    _Base = admin.ModelAdmin
else:

    class _Base(admin.ModelAdmin):
        """Generic in the stubs alone."""

        def __class_getitem__(cls, _: Any) -> type:
            """Ignore the parameter."""
            return cls


class ReadOnlyAdmin(_Base[RowT]):
    """Rows that the program writes."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse."""
        del request
        return False

    def has_change_permission(self, request: HttpRequest, obj: RowT | None = None) -> bool:
        """Refuse, so that no page offers to save; actions stay."""
        del request, obj
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: RowT | None = None) -> list[str]:
        """Let nothing be typed over."""
        del request, obj
        return [field.name for field in self.model._meta.fields]


class BlockAdmin(ReadOnlyAdmin[RowT]):
    """Rows with a block of values, shown as a line a variable."""

    def get_fields(self, request: HttpRequest, obj: RowT | None = None) -> tuple[str, ...]:
        """Leave the bytes out."""
        del request, obj
        names = [field.name for field in self.model._meta.fields]
        return (*(name for name in names if name not in {"values", "flags"}), "summary")

    def get_readonly_fields(self, request: HttpRequest, obj: RowT | None = None) -> list[str]:
        """Show the summary too."""
        return [*super().get_readonly_fields(request, obj), "summary"]

    @admin.display(description="values")
    def summary(self, row: Any) -> str:
        """Least and greatest value of each variable, of amounts the sum, and how many there are."""
        hours = getattr(row, "hours", 24)
        values = unpack_values([row.values], hours=hours)[0]
        flags = unpack_flags([row.flags], hours=hours)[0]
        lines = []
        for variable, column, marks in zip(HOURLY, values, flags, strict=True):
            known = column[~np.isnan(column)]
            if len(known):
                flagged = int((marks > 0).sum())
                more = f", {flagged} flagged" if flagged else ""
                extent = f"{known.min():g} to {known.max():g}"
                if variable.semantics is Semantics.AMOUNT:
                    extent = f"in all {round(float(known.sum()), 3):g}"
                lines.append(
                    f"{variable.title}: {extent} {variable.unit}, "
                    f"{len(known)} of {hours} hours{more}"
                )
        return "; ".join(lines) or "nothing"


@admin.register(WeatherDay)
class WeatherDayAdmin(BlockAdmin[WeatherDay]):
    """Hours that came to pass, a UTC day a row."""

    list_display = ("day", "source", "place", "updated_at")
    list_filter = ("source", "place__farm")
    list_select_related = ("place", "place__farm")
    date_hierarchy = "day"
    ordering = ("-day", "source", "place_id")


@admin.register(WeatherForecast)
class WeatherForecastAdmin(BlockAdmin[WeatherForecast]):
    """Forecasts as they were issued."""

    list_display = ("issued_at", "source", "place", "start", "hours", "fetched_at")
    list_filter = ("source", "place__farm")
    list_select_related = ("place", "place__farm")
    date_hierarchy = "issued_at"
    ordering = ("-issued_at", "source", "place_id")

"""Tables as CSV, for `?format=csv` and `Accept: text/csv`."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.views import APIView

from farm.fields.tables import as_text_cell

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rest_framework.request import Request
    from rest_framework.response import Response


class CsvRenderer(BaseRenderer):
    """Writes what the view's ``table`` makes of its answer (RFC 4180, UTF-8)."""

    media_type = "text/csv"
    format = "csv"

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        """Return the table as bytes."""
        view: TableView = (renderer_context or {})["view"]
        return csv_of(view.table(data)).encode()


class TableView(APIView):
    """A view whose answer is also a table."""

    renderer_classes = (JSONRenderer, CsvRenderer)

    def table(self, data: Any) -> Mapping[str, Sequence[Any]]:
        """Return the columns, all of one length, by name."""
        raise NotImplementedError

    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Response:
        """Name the file when the answer is one."""
        response = super().finalize_response(request, response, *args, **kwargs)
        # A refusal is a plain response, rendered already, whatever was asked for.
        if isinstance(getattr(response, "accepted_renderer", None), CsvRenderer):
            response["Content-Disposition"] = f'attachment; filename="{self.file_stem()}.csv"'
        return response

    def file_stem(self) -> str:
        """Return a file name made of the route's own words."""
        return "-".join(str(self.kwargs[key]) for key in sorted(self.kwargs)) or "table"


def csv_of(columns: Mapping[str, Sequence[Any]]) -> str:
    """Write columns as CSV: a header, then a row each; None is an empty cell."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([_cell(value) for value in row] for row in zip(*columns.values(), strict=True))
    return text.getvalue()


def columns_of(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> dict[str, list[Any]]:
    """Turn rows into columns of these names; a name that a row lacks is None."""
    return {name: [row.get(name) for row in rows] for name in names}


def instant_text(value: datetime) -> str:
    """Write an instant as JSON answers do."""
    return value.isoformat().replace("+00:00", "Z")


def _cell(value: Any) -> Any:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case datetime():
            return instant_text(value)
        case date():
            return value.isoformat()
        case list() | tuple():
            return " ".join(str(item) for item in value)
        case str():
            return as_text_cell(value)
        case _:
            return value

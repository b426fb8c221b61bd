"""REST views of indices: the catalogue, and what was seen of one field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drf_spectacular.utils import extend_schema
from rest_framework.response import Response
from rest_framework.views import APIView

from farm.accounts.principal import principal_of
from farm.fields.selectors import visible_field
from farm.imagery import index_schemas as schemas
from farm.imagery import series_schemas
from farm.imagery.catalogue import catalogue, index_named
from farm.imagery.index_answers import index_answer, latest_answer, series_answer
from farm.imagery.index_clock import Clocked
from farm.imagery.index_csv import TableView
from farm.imagery.index_examples import LATEST, SERIES
from farm.imagery.index_queries import ClearQuery, SeriesQuery, parsed, series_window, zone_of
from farm.imagery.legend import legend_of
from farm.imagery.observation_selectors import latest_clear_observation
from farm.imagery.series import field_series

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rest_framework.request import Request


class IndexListView(APIView):
    """The catalogue of indices."""

    @extend_schema(
        tags=["indices"],
        summary="The catalogue of indices",
        responses=schemas.CatalogueSchema,
    )
    def get(self, request: Request) -> Response:
        """List every index with its formula, bands, range, reference and colours."""
        indices = [index_answer(index) for index in catalogue().indices.values()]
        return Response({"version": catalogue().version, "indices": indices})


class IndexDetailView(APIView):
    """One index of the catalogue."""

    @extend_schema(tags=["indices"], summary="One index", responses=schemas.IndexSchema)
    def get(self, request: Request, index: str) -> Response:
        """Describe an index."""
        return Response(index_answer(index_named(index)))


class FieldIndexLatestView(Clocked, APIView):
    """The latest clear look at a field."""

    @extend_schema(
        tags=["field indices"],
        summary="The latest clear number of a field",
        description=schemas.LATEST_DESCRIPTION,
        parameters=[ClearQuery],
        responses=schemas.FieldLatestSchema,
        examples=[LATEST],
    )
    def get(self, request: Request, field_id: int, index: str) -> Response:
        """Return the newest observation that shows enough of the field."""
        field = visible_field(principal=principal_of(request), field_id=field_id)
        chosen = index_named(index)
        share = parsed(ClearQuery, request)["min_clear_share"]
        look = latest_clear_observation(field=field, index=chosen, min_clear_share=share)
        return Response(
            latest_answer(
                look=look, field=field, index=chosen, min_clear_share=share, now=self.now()
            )
        )


class FieldIndexTimeSeriesView(Clocked, TableView):
    """What was seen of a field over time."""

    @extend_schema(
        tags=["field indices"],
        summary="A field's numbers over time",
        description=series_schemas.SERIES_DESCRIPTION,
        parameters=[SeriesQuery, schemas.FORMAT],
        responses={
            (200, "application/json"): series_schemas.FieldSeriesSchema,
            (200, "text/csv"): schemas.TEXT,
        },
        examples=[SERIES],
    )
    def get(self, request: Request, field_id: int, index: str) -> Response:
        """Return the observations of the field's current outline, column by column."""
        field = visible_field(principal=principal_of(request), field_id=field_id)
        chosen = index_named(index)
        zone = zone_of(field.farm)
        window = series_window(parsed(SeriesQuery, request), zone=zone)
        series = field_series(field=field, index=chosen, window=window, now=self.now())
        return Response(
            series_answer(
                series=series,
                index=chosen,
                zone_name=str(zone),
                field={"id": field.pk, "name": field.name},
            )
        )

    def table(self, data: Any) -> Mapping[str, Sequence[Any]]:
        """Return all columns but the receipt's place, which means nothing without the list."""
        return {name: values for name, values in data["columns"].items() if name != "receipt"}

    def file_stem(self) -> str:
        """Name the file by field and index."""
        return f"field-{self.kwargs['field_id']}-{self.kwargs['index']}"


class FieldIndexLegendView(APIView):
    """The legend of a field's pictures."""

    @extend_schema(
        tags=["field indices"],
        summary="The legend of the pictures",
        description="The colour stops that `raster.png` is drawn with, as data.",
        responses=schemas.LegendSchema,
    )
    def get(self, request: Request, field_id: int, index: str) -> Response:
        """Return the legend; the same for every field and date."""
        visible_field(principal=principal_of(request), field_id=field_id)
        return Response(legend_of(index_named(index)))

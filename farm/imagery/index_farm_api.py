"""REST views of an index over a whole farm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from farm.accounts.principal import principal_of
from farm.errors import NoClearObservationError
from farm.farms.selectors import visible_farm
from farm.imagery import index_schemas as schemas
from farm.imagery import series_schemas
from farm.imagery.catalogue import index_named
from farm.imagery.index_answers import (
    FARM_TABLE,
    farm_latest_answer,
    farm_latest_rows,
    series_answer,
)
from farm.imagery.index_clock import Clocked
from farm.imagery.index_csv import TableView, columns_of
from farm.imagery.index_queries import (
    FarmLatestQuery,
    FarmSeriesQuery,
    parsed,
    series_window,
    zone_of,
)
from farm.imagery.series_of_farm import farm_latest, farm_series

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rest_framework.request import Request


class FarmIndexLatestView(Clocked, TableView):
    """The latest clear look at each field of a farm."""

    @extend_schema(
        tags=["farm indices"],
        summary="The latest clear number of a farm",
        description=schemas.FARM_LATEST_DESCRIPTION,
        parameters=[FarmLatestQuery, schemas.FORMAT],
        responses={
            (200, "application/json"): schemas.FarmLatestSchema,
            (200, "text/csv"): schemas.TEXT,
        },
    )
    def get(self, request: Request, farm_id: int, index: str) -> Response:
        """Pool the fields' latest looks."""
        farm = visible_farm(principal=principal_of(request), farm_id=farm_id)
        chosen = index_named(index)
        query = parsed(FarmLatestQuery, request)
        latest = farm_latest(farm=farm, index=chosen, **query)
        if latest.newest_at is None:
            share = query["min_clear_share"]
            count = len(latest.looks)
            msg = (
                f"No scene shows {share:.0%} of any of the {count} fields of the farm "
                f"“{farm.name}” for {chosen.id}."
                if count
                else f"The farm “{farm.name}” has no fields."
            )
            raise NoClearObservationError(msg, reason="NO_CLEAR_OBSERVATION")
        return Response(
            farm_latest_answer(
                latest=latest,
                newest_at=latest.newest_at,
                farm=farm,
                index=chosen,
                now=self.now(),
                **query,
            )
        )

    def table(self, data: Any) -> Mapping[str, Sequence[Any]]:
        """Return a row for each field, also for those not seen."""
        return columns_of(farm_latest_rows(data), FARM_TABLE)

    def file_stem(self) -> str:
        """Name the file by farm and index."""
        return f"farm-{self.kwargs['farm_id']}-{self.kwargs['index']}-latest"


class FarmIndexTimeSeriesView(Clocked, TableView):
    """A farm over time."""

    @extend_schema(
        tags=["farm indices"],
        summary="A farm's numbers over time",
        description=series_schemas.FARM_SERIES_DESCRIPTION,
        parameters=[FarmSeriesQuery, schemas.FORMAT],
        responses={
            (200, "application/json"): series_schemas.FarmSeriesSchema,
            (200, "text/csv"): schemas.TEXT,
        },
    )
    def get(self, request: Request, farm_id: int, index: str) -> Response:
        """Pool the fields' clearest looks of each solar day."""
        farm = visible_farm(principal=principal_of(request), farm_id=farm_id)
        chosen = index_named(index)
        zone = zone_of(farm)
        window = series_window(parsed(FarmSeriesQuery, request), zone=zone)
        series = farm_series(farm=farm, index=chosen, window=window, now=self.now())
        return Response(
            series_answer(
                series=series,
                index=chosen,
                zone_name=str(zone),
                farm={"id": farm.pk, "name": farm.name, "is_demo": farm.is_demo},
            )
        )

    def table(self, data: Any) -> Mapping[str, Sequence[Any]]:
        """Return all columns but the receipts' places, which mean nothing without the list."""
        return {name: values for name, values in data["columns"].items() if name != "receipts"}

    def file_stem(self) -> str:
        """Name the file by farm and index."""
        return f"farm-{self.kwargs['farm_id']}-{self.kwargs['index']}"

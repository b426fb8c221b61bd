"""Routes of indices, below ``/api/v1/``."""

from __future__ import annotations

from django.urls import path

from farm.imagery import (
    index_api,
    index_farm_api,
    index_raster_api,
    statistics_api,
    tile_api,
)

FIELD_INDEX = "fields/<int:field_id>/indices/<str:index>"
# After the routes of farms: `farms/1/members/` and the like are theirs.
FARM_INDEX = "farms/<int:farm_id>/<str:index>"

urlpatterns = [
    path("indices/", index_api.IndexListView.as_view(), name="index-list"),
    path("indices/<str:index>/", index_api.IndexDetailView.as_view(), name="index-detail"),
    path(
        f"{FIELD_INDEX}/latest",
        index_api.FieldIndexLatestView.as_view(),
        name="field-index-latest",
    ),
    path(
        f"{FIELD_INDEX}/timeseries",
        index_api.FieldIndexTimeSeriesView.as_view(),
        name="field-index-timeseries",
    ),
    path(
        f"{FIELD_INDEX}/raster.png",
        index_raster_api.FieldIndexPngView.as_view(),
        name="field-index-raster-png",
    ),
    path(
        f"{FIELD_INDEX}/raster.tif",
        index_raster_api.FieldIndexTifView.as_view(),
        name="field-index-raster-tif",
    ),
    path(
        f"{FIELD_INDEX}/legend.json",
        index_api.FieldIndexLegendView.as_view(),
        name="field-index-legend",
    ),
    path(
        f"{FIELD_INDEX}/tiles",
        tile_api.FieldIndexTilesView.as_view(),
        name="field-index-tiles",
    ),
    path(
        f"{FARM_INDEX}/tiles",
        tile_api.FarmIndexTilesView.as_view(),
        name="farm-index-tiles",
    ),
    path(
        f"{FARM_INDEX}/latest",
        index_farm_api.FarmIndexLatestView.as_view(),
        name="farm-index-latest",
    ),
    path(
        f"{FARM_INDEX}/timeseries",
        index_farm_api.FarmIndexTimeSeriesView.as_view(),
        name="farm-index-timeseries",
    ),
    path("statistics/", statistics_api.StatisticsView.as_view(), name="statistics"),
]

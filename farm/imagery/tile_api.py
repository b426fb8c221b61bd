"""REST views that hand out tiles: TileJSON with addresses that furrow-ndvi answers by itself."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from farm.accounts.principal import principal_of
from farm.errors import (
    ConflictError,
    ServiceFaultError,
    ServiceUnavailableError,
    StorageFullError,
)
from farm.farms.selectors import visible_farm
from farm.http_schema import may_raise
from farm.imagery.catalogue import index_named
from farm.imagery.domain import Resampling
from farm.imagery.index_queries import RasterQuery, parsed
from farm.imagery.index_raster_api import FieldRasterView
from farm.imagery.legend import legend_of
from farm.imagery.models import Platform
from farm.imagery.storage import object_store
from farm.imagery.tile_layers import TileSubject, ensure_layer, farm_tiles, field_tiles
from farm.imagery.tile_signing import expiry_of, tile_address, tile_key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rest_framework.request import Request

    from farm.imagery.models import Scene
    from farm.imagery.storage import ObjectStore

DESCRIPTION = (
    "TileJSON 3.0 of Web-Mercator tiles, masked and in fixed colours. The addresses are signed: "
    "whoever holds one may read the tiles of this layer until `expires_at`, without a credential. "
    "Without `date` and `scene`: the latest clear look. Where a tile's pixel is at least two of "
    "the index's wide, values are averaged first; up to there, `nearest` shows the very values "
    "that statistics rest on. A tile without a value is 204."
)

# No service draws here, but the layer is kept in the store, which may be a bucket.
REFUSALS = (ConflictError, StorageFullError, ServiceFaultError, ServiceUnavailableError)

# As those who gave the images ask to be named.
ATTRIBUTIONS: dict[str, str] = {
    Platform.SENTINEL_2: "Contains modified Copernicus Sentinel data {year}",
    Platform.LANDSAT: "Landsat imagery courtesy of the U.S. Geological Survey",
}


class TilesQuery(RasterQuery):
    """Parameters of tiles."""

    resampling = serializers.ChoiceField(
        choices=[item.value for item in Resampling],
        default=Resampling.BILINEAR.value,
        help_text="Between pixels: bilinear, or the pixel that holds the point.",
    )
    size = serializers.ChoiceField(
        choices=[256, 512], default=256, help_text="Pixels of a tile's side; 512 for fine screens."
    )


class TileJsonSchema(serializers.Serializer[Any]):
    """TileJSON 3.0, and what the tiles show."""

    tilejson = serializers.CharField(help_text="3.0.0")
    name = serializers.CharField()
    version = serializers.CharField()
    attribution = serializers.CharField()
    scheme = serializers.CharField(help_text="xyz")
    tiles = serializers.ListField(
        child=serializers.CharField(), help_text="Address with `{z}`, `{x}` and `{y}`."
    )
    minzoom = serializers.IntegerField()
    maxzoom = serializers.IntegerField()
    bounds = serializers.ListField(
        child=serializers.FloatField(), help_text="West, south, east, north, degrees."
    )
    center = serializers.ListField(
        child=serializers.FloatField(), help_text="Longitude, latitude, zoom."
    )
    tile_size = serializers.IntegerField()
    resampling = serializers.CharField()
    index = serializers.CharField()
    scene_ids = serializers.ListField(child=serializers.IntegerField())
    acquired_at = serializers.DateTimeField()
    is_simulated = serializers.BooleanField()
    legend = serializers.DictField(help_text="As the legend's own route gives it.")
    expires_at = serializers.DateTimeField(help_text="When the addresses stop to be good.")


class FieldIndexTilesView(FieldRasterView):
    """Tiles of an index over a field."""

    @extend_schema(
        tags=["field indices"],
        summary="Tiles of an index",
        description=DESCRIPTION + " They show the pixels that the outline touches.",
        parameters=[TilesQuery],
        responses={200: TileJsonSchema},
    )
    @may_raise(*REFUSALS)
    def get(self, request: Request, field_id: int, index: str) -> Response:
        """Sign the addresses of the field's layer."""
        query = parsed(TilesQuery, request)
        subject = self.subject(request, field_id=field_id, index=index, query=query)
        tiles = field_tiles(subject)
        return answer(request, subject=tiles, query=query, store=self.store())


class FarmIndexTilesView(APIView):
    """Tiles of an index over a farm."""

    @extend_schema(
        tags=["farm indices"],
        summary="Tiles of an index over a farm",
        description=DESCRIPTION + " They show the box around the farm's fields.",
        parameters=[TilesQuery],
        responses={200: TileJsonSchema},
    )
    @may_raise(*REFUSALS)
    def get(self, request: Request, farm_id: int, index: str) -> Response:
        """Sign the addresses of the farm's layer."""
        farm = visible_farm(principal=principal_of(request), farm_id=farm_id)
        query = parsed(TilesQuery, request)
        subject = farm_tiles(
            farm=farm,
            index=index_named(index),
            min_clear_share=query["min_clear_share"],
            scene_id=query.get("scene"),
            day=query.get("date"),
        )
        return answer(request, subject=subject, query=query, store=object_store())


def answer(
    request: Request, *, subject: TileSubject, query: Mapping[str, Any], store: ObjectStore
) -> Response:
    """Keep the layer and describe its tiles.

    Raises:
        NotFoundError: This server draws no tiles.
    """
    key = tile_key()
    resampling = Resampling(query["resampling"])
    layer = ensure_layer(farm_id=subject.farm_id, layer=subject.layer(resampling), store=store)
    expires_at = expiry_of(datetime.now(UTC))
    path = tile_address(
        farm_id=subject.farm_id, layer=layer, expires_at=expires_at, size=query["size"], key=key
    )
    west, south, east, north = subject.bounds
    minzoom, maxzoom = subject.zooms()
    scene = subject.scenes[0]
    response = Response(
        {
            "tilejson": "3.0.0",
            "name": f"{subject.name}, {subject.index.name}, {scene.acquired_at:%Y-%m-%d}",
            "version": f"{settings.FURROW_VERSION}",
            "attribution": attribution_of(scene),
            "scheme": "xyz",
            # Braces are for the reader to fill in, so the address is put together as it is.
            "tiles": [request.build_absolute_uri(reverse("home"))[:-1] + path],
            "minzoom": minzoom,
            "maxzoom": maxzoom,
            "bounds": list(subject.bounds),
            "center": [(west + east) / 2, (south + north) / 2, minzoom],
            "tile_size": query["size"],
            "resampling": resampling.value,
            "index": subject.index.id,
            "scene_ids": [scene.pk for scene in subject.scenes],
            "acquired_at": scene.acquired_at,
            "is_simulated": any(scene.is_simulated for scene in subject.scenes),
            "legend": legend_of(subject.index),
            "expires_at": expires_at,
        }
    )
    response["Cache-Control"] = "private, no-store"  # it carries what needs no credential
    return response


def attribution_of(scene: Scene) -> str:
    """Name the source of a scene; empty where nobody asks to be named."""
    if scene.is_simulated:
        return "Simulated by Furrow"
    return ATTRIBUTIONS.get(scene.platform, "").format(year=scene.acquired_at.year)

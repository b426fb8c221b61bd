"""REST views of an index as a picture and as a file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeVar

from django.http import FileResponse, HttpResponse
from django.urls import reverse
from django.utils.cache import get_conditional_response
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.renderers import JSONRenderer
from rest_framework.views import APIView

from farm.accounts.principal import principal_of
from farm.clients.ndvi import NdviClient, ndvi_client
from farm.errors import ConflictError, NotFoundError, ServiceUnavailableError, StorageFullError
from farm.fields.selectors import visible_field
from farm.http_schema import ASKS_SERVICE, may_raise
from farm.imagery import index_schemas as schemas
from farm.imagery.catalogue import index_named
from farm.imagery.domain import Compression, Encoding
from farm.imagery.index_clock import Clocked
from farm.imagery.index_queries import PngQuery, TifQuery, parsed
from farm.imagery.index_rasters import (
    RasterSubject,
    ensure_index_file,
    index_file_digest,
    latest_scenes,
    raster_subject,
    render_png,
    scene_by_id,
    scenes_of_day,
)
from farm.imagery.last_answers import Answer, answered
from farm.imagery.storage import ObjectStore, object_store

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from django.http.response import HttpResponseBase
    from rest_framework.request import Request

_T = TypeVar("_T")

PNG = "image/png"
TIFF = "image/tiff; application=geotiff; profile=cloud-optimized"

# Stored by the reader's own browser alone, and asked about each time: a 304 costs two queries.
CACHE_CONTROL = "private, no-cache"

IF_NONE_MATCH = OpenApiParameter("If-None-Match", str, location=OpenApiParameter.HEADER)


class FieldRasterView(Clocked, APIView):
    """What the picture and the file share: the scenes, the identity, the headers."""

    def perform_content_negotiation(self, request: Request, force: bool = False) -> tuple[Any, str]:
        """Accept any `Accept`: the path says what comes, and refusals come as JSON."""
        return JSONRenderer(), JSONRenderer.media_type

    def subject(
        self, request: Request, *, field_id: int, index: str, query: Mapping[str, Any]
    ) -> RasterSubject:
        """Find field, index and scene, from what the principal may see."""
        field = visible_field(principal=principal_of(request), field_id=field_id)
        chosen = index_named(index)
        if "scene" in query:
            scenes = [scene_by_id(field=field, scene_id=query["scene"])]
        elif "date" in query:
            scenes = scenes_of_day(field=field, index=chosen, day=query["date"])
        else:
            scenes = latest_scenes(
                field=field, index=chosen, min_clear_share=query["min_clear_share"]
            )
        return raster_subject(field=field, index=chosen, scenes=scenes)

    def answered(
        self, kind: str, *style: object, subject: RasterSubject, compute: Callable[[], _T]
    ) -> Answer[_T]:
        """Compute what was asked for; while furrow-ndvi does not answer, what was kept of it.

        The question is the request's, not the subject's: the latest scene may be another one now.
        """
        chosen = {name: self.request.GET.get(name) for name in ("scene", "date", "min_clear_share")}
        asked = (kind, subject.field.pk, subject.field.outline_sha256, subject.index.id)
        return answered(
            *asked, chosen, list(style), scenes=subject.scenes, compute=compute, now=self.now()
        )

    def ndvi(self) -> NdviClient:
        """Return the client of the NDVI service."""
        return ndvi_client()

    def store(self) -> ObjectStore:
        """Return the object store."""
        return object_store()


class FieldIndexPngView(FieldRasterView):
    """An index over a field as a picture."""

    @extend_schema(
        tags=["field indices"],
        summary="A picture of an index",
        description=schemas.RASTER_DESCRIPTION
        + " `X-Bounds-WGS84` holds west, south, east and north of the picture in degrees, `Link` "
        "the address of its legend.",
        parameters=[PngQuery, IF_NONE_MATCH],
        responses={
            (200, PNG): schemas.binary("Palette PNG, transparent where there is no value."),
            304: schemas.NOT_MODIFIED,
        },
    )
    @may_raise(ConflictError, *ASKS_SERVICE)
    def get(self, request: Request, field_id: int, index: str) -> HttpResponseBase:
        """Render the picture, unless the caller has it."""
        query = parsed(PngQuery, request)
        subject = self.subject(request, field_id=field_id, index=index, query=query)
        stops = [[stop.value, stop.rgb] for stop in subject.index.stops]
        etag = quoted(subject.digest("png", query["size"], stops))
        if unchanged := not_modified(request, etag=etag):
            return unchanged

        def render() -> tuple[bytes, dict[str, str]]:
            picture = render_png(subject=subject, size=query["size"], ndvi=self.ndvi())
            return picture.png, {
                "Content-Disposition": f'inline; filename="{file_name(subject, "png")}"',
                "X-Bounds-WGS84": ",".join(f"{edge:.8f}" for edge in picture.bounds_wgs84),
                **headers_of(subject, etag=etag),
            }

        answer = self.answered("png", query["size"], stops, subject=subject, compute=render)
        png, headers = answer.body
        return with_headers(HttpResponse(png, content_type=PNG), headers=headers, answer=answer)


class FieldIndexTifView(FieldRasterView):
    """An index over a field as a cloud-optimized GeoTIFF."""

    @extend_schema(
        tags=["field indices"],
        summary="An index as a cloud-optimized GeoTIFF",
        description=schemas.RASTER_DESCRIPTION
        + " Every pixel that the outline touches is kept, so the field's statistics can be "
        "computed again from the file.",
        parameters=[TifQuery, IF_NONE_MATCH],
        responses={
            (200, "image/tiff"): schemas.binary("Cloud-optimized GeoTIFF in the scene's grid."),
            304: schemas.NOT_MODIFIED,
        },
    )
    @may_raise(ConflictError, StorageFullError, *ASKS_SERVICE)
    def get(self, request: Request, field_id: int, index: str) -> HttpResponseBase:
        """Stream the file, written first unless it is there already."""
        query = parsed(TifQuery, request)
        subject = self.subject(request, field_id=field_id, index=index, query=query)
        encoding, compression = Encoding(query["encoding"]), Compression(query["compression"])
        etag = quoted(
            index_file_digest(subject=subject, encoding=encoding, compression=compression)
        )
        if unchanged := not_modified(request, etag=etag):
            return unchanged
        store = self.store()

        def write() -> tuple[str, str, dict[str, str]]:
            key = ensure_index_file(
                subject=subject,
                encoding=encoding,
                compression=compression,
                ndvi=self.ndvi(),
                store=store,
            )
            return key, file_name(subject, "tif"), headers_of(subject, etag=etag)

        style = (encoding.value, compression.value)
        answer = self.answered("tif", *style, subject=subject, compute=write)
        key, name, headers = answer.body
        try:
            file = store.open(key)
        except NotFoundError as error:
            if not answer.is_stale:
                raise
            msg = "The imagery service does not answer, and the file that it wrote before is gone."
            raise ServiceUnavailableError(msg) from error
        response = FileResponse(file, as_attachment=True, filename=name, content_type=TIFF)
        return with_headers(response, headers=headers, answer=answer)


def quoted(digest: str) -> str:
    """Write a digest as a strong ETag."""
    return f'"{digest}"'


def not_modified(request: Request, *, etag: str) -> HttpResponse | None:
    """Return a 304 when the caller has what the ETag names, else None (RFC 9110, 13.1.2)."""
    answer = get_conditional_response(request._request, etag=etag)
    if answer is not None:
        answer["ETag"] = etag
        answer["Cache-Control"] = CACHE_CONTROL
    return answer


def headers_of(subject: RasterSubject, *, etag: str) -> dict[str, str]:
    """Return what is said of a raster: identity, legend and scenes."""
    legend = reverse(
        "field-index-legend",
        kwargs={"field_id": subject.field.pk, "index": subject.index.id},
    )
    headers = {
        "ETag": etag,
        "Link": f'<{legend}>; rel="describedby"; type="application/json"',
        "X-Scene-Id": str(subject.scene.pk),
        "X-Scene-Ids": " ".join(str(scene.pk) for scene in subject.scenes),
        "X-Acquired-At": _text(subject.scene.acquired_at),
    }
    if subject.scene.is_simulated:
        headers["X-Simulated"] = "true"
    return headers


def with_headers(
    response: HttpResponseBase, *, headers: Mapping[str, str], answer: Answer[Any]
) -> HttpResponseBase:
    """Add what is said of the raster, and whether it is one that was kept."""
    for name, value in headers.items():
        response[name] = value
    response["Cache-Control"] = CACHE_CONTROL
    if answer.is_stale:
        response["X-Stale"] = "true"
        response["X-Computed-At"] = _text(answer.computed_at)
    return response


def _text(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def file_name(subject: RasterSubject, extension: str) -> str:
    """Name a file by field, index and day, in plain letters."""
    field = re.sub(r"[^A-Za-z0-9]+", "-", subject.field.name).strip("-")[:60] or "field"
    marks = "-simulated" if subject.scene.is_simulated else ""
    day = f"{subject.scene.acquired_at:%Y-%m-%d}"
    return f"{field}-{subject.index.id}-{day}{marks}.{extension}"

"""An NDVI service in memory, for tests: a real grpc server that keeps and answers real messages.

Tests that use it run the channel, the interceptor, the converters and the error table as they are.
"""

from __future__ import annotations

import statistics
import tempfile
from concurrent import futures
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
from google.protobuf import any_pb2, duration_pb2
from google.rpc import error_details_pb2, status_pb2  # type: ignore[import-untyped]
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_status import rpc_status

from farm.clients.errors import ERROR_DOMAIN
from farm.clients.ndvi import VERSION_HEADER
from farm.clients.services import NDVI
from farm.rpc.common.v1 import common_pb2
from farm.rpc.ndvi.v1 import ndvi_pb2, ndvi_pb2_grpc

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

ENGINE_VERSION = "0.0.0-in-memory"

# A kilometre square near Kortrijk, 10 m pixels.
GRID = common_pb2.Grid(
    epsg=32631, width=100, height=100, geotransform=[501000, 10, 0, 5630000, 0, -10]
)
FIELD_PIXELS = 40  # of 10 m, of a field whose pixels a test puts in
BOUNDS_WGS84 = (3.0142, 50.8122, 3.0284, 50.8212)


@dataclass(kw_only=True)
class Failure:
    """How a call is to fail."""

    code: grpc.StatusCode
    detail: str = ""
    reason: str = ""
    retry_after_s: int | None = None
    times: int | None = None  # how often; None: every time


@dataclass
class InMemoryNdvi(ndvi_pb2_grpc.NdviServiceServicer):
    """Answers from what a test put in; unknown objects are not found.

    Attributes:
        rasters: Key or URL → what is there; ``describe`` answers for keys that are not listed.
        digital_numbers: Name of a band → its distribution.
        summary: What each field gets for each index.
        shows: Id of a scene → the pixels of every field that it shows, with their values; a
            mosaic takes each from the first scene that shows it. Goes before ``summary``.
        failures: Name of a method → how it fails.
        requests: Every request that arrived, in order.
        metadata: What each of them carried.
    """

    rasters: dict[str, ndvi_pb2.DescribeRasterResponse] = field(default_factory=dict)
    describe: Callable[[str], ndvi_pb2.DescribeRasterResponse | None] = lambda place: None
    digital_numbers: dict[str, ndvi_pb2.DigitalNumbers] = field(default_factory=dict)
    summary: Callable[[str, str], ndvi_pb2.FieldSummary] = lambda field_id, index: full_summary()
    shows: dict[str, Mapping[int, float]] = field(default_factory=dict)
    failures: dict[str, Failure] = field(default_factory=dict)
    requests: list[Any] = field(default_factory=list)
    metadata: list[dict[str, str]] = field(default_factory=list)
    on_request: Callable[[Any], None] = lambda request: None

    def DescribeRaster(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Answer what is known of the object."""
        self._arrived("DescribeRaster", request, context)
        place = request.object.key or request.object.url
        answer = self.rasters.get(place) or self.describe(place)
        if answer is None:
            abort(
                context,
                Failure(
                    code=grpc.StatusCode.NOT_FOUND,
                    detail=f"There is no object {place}.",
                    reason="OBJECT_NOT_FOUND",
                ),
            )
        return answer

    def MeasureDigitalNumbers(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Answer the distribution of each band asked for."""
        self._arrived("MeasureDigitalNumbers", request, context)
        return ndvi_pb2.MeasureDigitalNumbersResponse(
            bands=[
                self.digital_numbers.get(band.name, ndvi_pb2.DigitalNumbers(band=band.name))
                for band in request.scene.bands
            ]
        )

    def SummarizeFields(self, request: Any, context: Any) -> Iterator[Any]:  # noqa: N802
        """Answer every field and index, last field first, as the contract allows any order."""
        self._arrived("SummarizeFields", request, context)
        shown = [self.shows.get(scene.scene_id, {}) for scene in request.scenes]
        for outline in reversed(request.fields):
            for index in request.indices:
                yield ndvi_pb2.SummarizeFieldsResponse(
                    field_id=outline.field_id,
                    index=index.name,
                    summary=summary_of_pixels(shown)
                    if self.shows
                    else self.summary(outline.field_id, index.name),
                    grid=GRID,
                )

    def RenderIndex(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Answer a file that begins as a PNG does."""
        self._arrived("RenderIndex", request, context)
        return ndvi_pb2.RenderIndexResponse(
            png=b"\x89PNG\r\n\x1a\n", grid=GRID, bounds_wgs84=BOUNDS_WGS84
        )

    def WriteIndex(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Answer as if the file were written."""
        self._arrived("WriteIndex", request, context)
        return ndvi_pb2.WriteIndexResponse(size_bytes=8, grid=GRID, sha256="00" * 32)

    def _arrived(self, method: str, request: Any, context: Any) -> None:
        self.requests.append(request)
        self.metadata.append({key: str(value) for key, value in context.invocation_metadata()})
        self.on_request(request)
        failure = self.failures.get(method)
        if failure is not None and failure.times != 0:
            if failure.times is not None:
                failure.times -= 1
            abort(context, failure)
        # Not before a failure: an answer that has begun is not tried again.
        context.send_initial_metadata(((VERSION_HEADER, ENGINE_VERSION),))


@contextmanager
def serving(service: InMemoryNdvi, *, target: str = "") -> Iterator[str]:
    """Serve on a unix socket for the duration of the block.

    Args:
        service: What answers.
        target: Where; a new socket where it is empty.

    Yields:
        The target to connect to.
    """
    with tempfile.TemporaryDirectory(prefix="furrow-ndvi-") as folder:
        target = target or f"unix:{Path(folder) / 'ndvi.sock'}"
        server = grpc.server(
            futures.ThreadPoolExecutor(max_workers=4),
            options=[("grpc.max_receive_message_length", 16 * 1024 * 1024)],
        )
        ndvi_pb2_grpc.add_NdviServiceServicer_to_server(service, server)  # type: ignore[no-untyped-call]
        state = health.HealthServicer()
        state.set(NDVI.full_name, health_pb2.HealthCheckResponse.SERVING)
        health_pb2_grpc.add_HealthServicer_to_server(state, server)
        server.add_insecure_port(target)
        server.start()
        try:
            yield target
        finally:
            server.stop(grace=None).wait()


def raster(
    bands: Sequence[str],
    *,
    data_type: str = "uint16",
    pixel_size: float = 10.0,
    epsg: int = 32631,
    scale: float | None = None,
    offset: float | None = None,
    tags: dict[str, str] | None = None,
) -> ndvi_pb2.DescribeRasterResponse:
    """Describe a raster over ``GRID``'s ground whose bands have these descriptions."""
    side = round(1000 / pixel_size)
    return ndvi_pb2.DescribeRasterResponse(
        grid=common_pb2.Grid(
            epsg=epsg,
            width=side,
            height=side,
            geotransform=[501000, pixel_size, 0, 5630000, 0, -pixel_size],
        ),
        bands=[
            ndvi_pb2.RasterBand(
                data_type=data_type, description=name, nodata=0, scale=scale, offset=offset
            )
            for name in bands
        ],
        compression="deflate",
        tiled=True,
        size_bytes=1000,
        bounds_wgs84=BOUNDS_WGS84,
        tags=tags or {},
    )


def full_summary(mean: float = 0.5) -> ndvi_pb2.FieldSummary:
    """Summarize a field of 40 pixels that is wholly clear."""
    return ndvi_pb2.FieldSummary(
        covered_pixels=40.25,
        covered_area_m2=4025,
        outline_area_m2=4025,
        effective_pixels=40.25,
        valid_share=1,
        clear_share=1,
        edge_share=0.4,
        mean=mean,
        standard_deviation=0.1,
        min=mean - 0.2,
        max=mean + 0.2,
        median=mean,
        quantiles=[mean - 0.1, mean + 0.1],
    )


def summary_of_pixels(shown: Sequence[Mapping[int, float]]) -> ndvi_pb2.FieldSummary:
    """Summarize a field of ``FIELD_PIXELS`` whole pixels, each from the first scene with it."""
    taken = {
        pixel: (place, values[pixel])
        for place, values in reversed(list(enumerate(shown)))
        for pixel in values
    }
    share = len(taken) / FIELD_PIXELS
    summary = ndvi_pb2.FieldSummary(
        covered_pixels=FIELD_PIXELS,
        covered_area_m2=FIELD_PIXELS * 100,
        outline_area_m2=FIELD_PIXELS * 100,
        effective_pixels=len(taken),
        valid_share=share,
        clear_share=share,
        scene_pixels=[
            sum(giver == place for giver, _ in taken.values()) for place in range(len(shown))
        ],
    )
    if taken:
        values = sorted(value for _, value in taken.values())
        summary.mean = statistics.fmean(values)
        summary.standard_deviation = statistics.pstdev(values)
        summary.min, summary.max = values[0], values[-1]
        summary.median = statistics.median(values)
        summary.quantiles.extend([values[0], values[-1]])
    return summary


def clouded_summary() -> ndvi_pb2.FieldSummary:
    """Summarize a field that a cloud hides: no statistic, which is not the same as zero."""
    return ndvi_pb2.FieldSummary(
        covered_pixels=40.25, covered_area_m2=4025, outline_area_m2=4025, edge_share=0.4
    )


def abort(context: Any, failure: Failure) -> None:
    """End a call as a failure says."""
    details = []
    if failure.reason:
        details.append(
            _packed(error_details_pb2.ErrorInfo(reason=failure.reason, domain=ERROR_DOMAIN))
        )
    if failure.retry_after_s is not None:
        delay = duration_pb2.Duration(seconds=failure.retry_after_s)
        details.append(_packed(error_details_pb2.RetryInfo(retry_delay=delay)))
    status = status_pb2.Status(code=failure.code.value[0], message=failure.detail, details=details)
    context.abort_with_status(rpc_status.to_status(status))


def _packed(message: Any) -> any_pb2.Any:
    packed = any_pb2.Any()
    packed.Pack(message)
    return packed

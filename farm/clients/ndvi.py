"""Client of furrow-ndvi: domain values in, domain values out, failures from ``farm.errors``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings

from farm.clients import converters
from farm.clients.channel import channel_to
from farm.clients.errors import translated
from farm.rpc.ndvi.v1 import ndvi_pb2, ndvi_pb2_grpc

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import grpc

    from farm.imagery.domain import (
        ColourStop,
        Compression,
        DigitalNumbers,
        Encoding,
        FieldOutline,
        FieldSummary,
        IndexFile,
        IndexFormula,
        IndexPicture,
        ObjectRef,
        RasterDescription,
        SceneSource,
        TileLayer,
    )

# A request stays below half of what the channel may send; the proto allows 10,000 fields.
MAX_OUTLINE_BYTES_PER_CALL = 8 * 1024 * 1024
MAX_FIELDS_PER_CALL = 10_000

VERSION_HEADER = "x-furrow-version"


class NdviClient:
    """Calls of the NDVI service; each may be repeated, each has a deadline.

    Attributes:
        engine_version: Version that the service named in its last answer; empty before the first.
    """

    def __init__(self, channel: grpc.Channel) -> None:
        """Speak over a channel that ``farm.clients.channel`` opened."""
        self._stub = ndvi_pb2_grpc.NdviServiceStub(channel)  # type: ignore[no-untyped-call]
        self.engine_version = ""

    def describe_raster(self, *, object: ObjectRef, timeout_s: float) -> RasterDescription:
        """Read the header of one raster; no pixel is decoded.

        Raises:
            UnreadableRasterError: It is corrupt, beyond the budget, or of a kind that is not read.
            NotFoundError: There is no such object.
        """
        request = ndvi_pb2.DescribeRasterRequest(object=converters.object_to_proto(object))
        with translated():
            answer, call = self._stub.DescribeRaster.with_call(request, timeout=timeout_s)
        self._note_version(call)
        return converters.description_from_proto(answer)

    def measure_digital_numbers(
        self, *, scene: SceneSource, kept_classes: Sequence[int] = (), timeout_s: float
    ) -> tuple[DigitalNumbers, ...]:
        """Measure how the digital numbers of a scene's bands are distributed.

        Args:
            scene: Bands to measure and their masks.
            kept_classes: Where not empty: only pixels of these classes of the first mask count.
            timeout_s: Deadline in seconds.
        """
        request = ndvi_pb2.MeasureDigitalNumbersRequest(
            scene=converters.scene_to_proto(scene), kept_classes=kept_classes
        )
        with translated():
            answer, call = self._stub.MeasureDigitalNumbers.with_call(request, timeout=timeout_s)
        self._note_version(call)
        return tuple(converters.numbers_from_proto(numbers) for numbers in answer.bands)

    def summarize_fields(
        self,
        *,
        scenes: Sequence[SceneSource],
        indices: Sequence[IndexFormula],
        fields: Iterable[FieldOutline],
        quantiles: Sequence[float] = (),
        histogram_bins: int = 0,
        timeout_s: float,
    ) -> Iterator[FieldSummary]:
        """Summarize indices over fields; each (field, index) comes once, in no given order.

        Closing the iterator early stops the work in the service.

        Args:
            scenes: 1 to 8 acquisitions of one day, the preferred first; the others fill its gaps.
            indices: 1 to 32 formulas.
            fields: Any number; they are sent in as many calls as the message limits ask for.
            quantiles: Beside the median, each above 0 and below 1.
            histogram_bins: 0 for none, to 256.
            timeout_s: Deadline of each call in seconds.
        """
        formulas = [converters.formula_to_proto(index) for index in indices]
        messages = [converters.scene_to_proto(scene) for scene in scenes]
        for chunk in chunked(fields):
            request = ndvi_pb2.SummarizeFieldsRequest(
                scenes=messages,
                indices=formulas,
                fields=[converters.outline_to_proto(outline) for outline in chunk],
                quantiles=quantiles,
                histogram_bins=histogram_bins,
            )
            with translated():
                call = self._stub.SummarizeFields(request, timeout=timeout_s)
            try:
                with translated():
                    for answer in call:
                        yield converters.summary_from_proto(answer)
                    self._note_version(call)
            finally:
                call.cancel()  # no effect on a call that has ended

    def render_index(
        self,
        *,
        scenes: Sequence[SceneSource],
        index: IndexFormula,
        stops: Sequence[ColourStop],
        max_size: int,
        outline_wkb: bytes | None = None,
        timeout_s: float,
    ) -> IndexPicture:
        """Render an index as a PNG of at most 1 MiB.

        Args:
            scenes: 1 to 8 acquisitions of one day, the preferred first.
            index: The formula.
            stops: 2 to 64, ascending.
            max_size: Longer side at most, 16 to 2048 pixels.
            outline_wkb: Outline to clip to, WGS 84; None for all that the scenes cover.
            timeout_s: Deadline in seconds.
        """
        request = ndvi_pb2.RenderIndexRequest(
            scenes=[converters.scene_to_proto(scene) for scene in scenes],
            index=converters.formula_to_proto(index),
            outline_wkb=outline_wkb,
            max_size=max_size,
            stops=[converters.stop_to_proto(stop) for stop in stops],
        )
        with translated():
            answer, call = self._stub.RenderIndex.with_call(request, timeout=timeout_s)
        self._note_version(call)
        return converters.picture_from_proto(answer)

    def render_tile(
        self,
        *,
        layer: TileLayer,
        zoom: int,
        column: int,
        row: int,
        size: int,
        timeout_s: float,
    ) -> bytes:
        """Render a Web-Mercator tile as a PNG; empty where no pixel of it has a value.

        Args:
            layer: What is drawn.
            zoom: 0 to 24.
            column: From the west, below 2 to the power of the zoom.
            row: From the north, likewise.
            size: 256 or 512 pixels a side.
            timeout_s: Deadline in seconds.
        """
        request = ndvi_pb2.RenderTileRequest(
            layer=converters.tile_layer_to_proto(layer),
            zoom=zoom,
            column=column,
            row=row,
            size=size,
        )
        with translated():
            answer, call = self._stub.RenderTile.with_call(request, timeout=timeout_s)
        self._note_version(call)
        png: bytes = answer.png
        return png

    def write_index(
        self,
        *,
        scenes: Sequence[SceneSource],
        index: IndexFormula,
        key: str,
        encoding: Encoding,
        compression: Compression,
        outline_wkb: bytes | None = None,
        tags: Mapping[str, str] | None = None,
        timeout_s: float,
    ) -> IndexFile:
        """Write an index as a cloud-optimized GeoTIFF into the object store.

        Args:
            scenes: 1 to 8 acquisitions of one day, the preferred first.
            index: The formula.
            key: Key of the object, below ``derived/``.
            encoding: Sample format.
            compression: Codec.
            outline_wkb: Outline to clip to, WGS 84; None for all that the scenes cover.
            tags: Entries for the file's metadata; at most 32, names of A-Z, 0-9 and ``_``.
            timeout_s: Deadline in seconds.
        """
        request = ndvi_pb2.WriteIndexRequest(
            scenes=[converters.scene_to_proto(scene) for scene in scenes],
            index=converters.formula_to_proto(index),
            outline_wkb=outline_wkb,
            key=key,
            encoding=converters.encoding_to_proto(encoding),
            compression=converters.compression_to_proto(compression),
            tags=dict(tags or {}),
        )
        with translated():
            answer, call = self._stub.WriteIndex.with_call(request, timeout=timeout_s)
        self._note_version(call)
        return converters.file_from_proto(answer, key=key)

    def _note_version(self, call: grpc.Call) -> None:
        for key, value in call.initial_metadata() or ():
            if key == VERSION_HEADER:
                self.engine_version = str(value)


def ndvi_client() -> NdviClient:
    """Return a client of the configured service: the default collaborator of views and jobs."""
    return NdviClient(channel_to(settings.NDVI_TARGET))


def chunked(fields: Iterable[FieldOutline]) -> Iterator[list[FieldOutline]]:
    """Cut fields into runs that one request may carry."""
    chunk: list[FieldOutline] = []
    size = 0
    for outline in fields:
        weight = len(outline.outline_wkb) + len(outline.field_id) + 16
        is_full = size + weight > MAX_OUTLINE_BYTES_PER_CALL or len(chunk) == MAX_FIELDS_PER_CALL
        if chunk and is_full:
            yield chunk
            chunk, size = [], 0
        chunk.append(outline)
        size += weight
    if chunk:
        yield chunk

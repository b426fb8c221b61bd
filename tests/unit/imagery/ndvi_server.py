"""The in-memory NDVI service, which here also writes files as the real one does."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from farm.clients import fakes
from farm.clients.channel import close_channels
from farm.rpc.ndvi.v1 import ndvi_pb2

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_django.fixtures import SettingsWrapper

# What the in-memory service renders.
PNG_BYTES = b"\x89PNG\r\n\x1a\n"


class WritingNdvi(fakes.InMemoryNdvi):
    """Puts a file where ``WriteIndex`` is told to; field *n* has the mean 0.5 + n / 10."""

    def __init__(self, store: Path) -> None:
        super().__init__(summary=lambda field_id, _: fakes.full_summary(0.5 + int(field_id) / 10))
        self.store = store

    def WriteIndex(self, request: Any, context: Any) -> Any:  # noqa: N802 – the proto's name
        answer = super().WriteIndex(request, context)
        path = self.store / request.key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file_of(request.key))
        return answer

    def of_kind(self, kind: type) -> list[Any]:
        """The requests of one kind, in order."""
        return [request for request in self.requests if isinstance(request, kind)]

    @property
    def rendered(self) -> list[ndvi_pb2.RenderIndexRequest]:
        return self.of_kind(ndvi_pb2.RenderIndexRequest)

    @property
    def written(self) -> list[ndvi_pb2.WriteIndexRequest]:
        return self.of_kind(ndvi_pb2.WriteIndexRequest)

    @property
    def summarized(self) -> list[ndvi_pb2.SummarizeFieldsRequest]:
        return self.of_kind(ndvi_pb2.SummarizeFieldsRequest)


def file_of(key: str) -> bytes:
    """The content that stands for a GeoTIFF."""
    return b"II*\0" + key.encode()


@contextmanager
def serving(settings: SettingsWrapper, store: Path) -> Iterator[WritingNdvi]:
    """Serve, with the settings pointing to the service and its store."""
    service = WritingNdvi(store)
    settings.STORE_ROOT = store
    with fakes.serving(service) as target:
        settings.NDVI_TARGET = target
        yield service
        close_channels()

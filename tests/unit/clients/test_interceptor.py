"""What every call carries, and how it is counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from prometheus_client import REGISTRY

from farm.clients.channel import channel_to
from farm.clients.fakes import raster
from farm.clients.interceptor import MissingDeadlineError
from farm.imagery.domain import ObjectRef
from farm.rpc.ndvi.v1 import ndvi_pb2, ndvi_pb2_grpc
from orchestrator import context

if TYPE_CHECKING:
    from farm.clients.fakes import InMemoryNdvi
    from farm.clients.ndvi import NdviClient


def test_a_call_without_a_deadline_is_refused(target: str, service: InMemoryNdvi) -> None:
    stub: Any = ndvi_pb2_grpc.NdviServiceStub(channel_to(target))

    with pytest.raises(MissingDeadlineError, match="DescribeRaster"):
        stub.DescribeRaster(ndvi_pb2.DescribeRasterRequest())

    assert service.requests == []


def test_the_ids_of_the_request_at_work_go_along(service: InMemoryNdvi, client: NdviClient) -> None:
    service.rasters["a.tif"] = raster(["red"])
    at_work = context.new_context(request_id="request-0001")

    with context.bound(at_work):
        client.describe_raster(object=ObjectRef(key="a.tif"), timeout_s=5)

    assert service.metadata[0]["x-request-id"] == "request-0001"
    assert service.metadata[0]["traceparent"] == at_work.traceparent


def test_a_call_is_counted_by_method_and_code(service: InMemoryNdvi, client: NdviClient) -> None:
    labels = {"service": "farm.rpc.ndvi.v1.NdviService", "method": "DescribeRaster", "code": "OK"}
    before = REGISTRY.get_sample_value("grpc_client_calls_total", labels) or 0
    service.rasters["a.tif"] = raster(["red"])

    client.describe_raster(object=ObjectRef(key="a.tif"), timeout_s=5)

    assert REGISTRY.get_sample_value("grpc_client_calls_total", labels) == before + 1

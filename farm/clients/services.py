"""The services that Django calls: names, what people read of them, how their calls are retried."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One service of the contracts in ``protos/``."""

    program: str  # its process, such as `furrow-ndvi`
    full_name: str  # as gRPC, its health question and our metrics name it
    title: str  # as sentences for people name it, without article and capital
    policy: str  # file of its retry policy, beside the protos and packaged with them

    def retry_policy(self) -> str:
        """Return the service config that the channel is opened with, as JSON."""
        return resources.files("farm.rpc").joinpath(self.policy).read_text("utf-8")


NDVI = Service(
    program="furrow-ndvi",
    full_name="farm.rpc.ndvi.v1.NdviService",
    title="imagery service",
    policy="ndvi_service_config.json",
)
METRICS = Service(
    program="furrow-metrics",
    full_name="farm.rpc.metrics.v1.MetricsService",
    title="metrics service",
    policy="metrics_service_config.json",
)

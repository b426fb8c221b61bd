"""The services that Django calls: names, what people read of them, how they are called."""

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
    # Requests to furrow-ndvi carry outlines (16 MiB bounds them).
    max_send_bytes: int = 16 * 1024 * 1024
    # Its answers are summaries and pictures of 1 MiB at most.
    max_receive_bytes: int = 4 * 1024 * 1024

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
WEATHER = Service(
    program="furrow-weather",
    full_name="farm.rpc.weather.v1.WeatherService",
    title="weather service",
    policy="weather_service_config.json",
    max_receive_bytes=16 * 1024 * 1024,  # as many columns come back as went
)

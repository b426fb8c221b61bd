"""What requests and services cost over a window, as furrow-metrics knows it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """What is promised of the public API, the routes under ``/api/``."""

    availability: float  # share of requests that do not end in 5xx, above 0 and below 1
    latency_s: float  # a request should take at most so long


@dataclass(frozen=True, slots=True, kw_only=True)
class Percentiles:
    """A distribution; the percentiles are interpolated within buckets."""

    mean: float
    p50: float
    p95: float
    p99: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteUsage:
    """One route of one runtime."""

    runtime: str  # `python` or `rust`
    service: str  # such as `furrow-web`
    route: str  # such as `/api/v1/fields/{field_id}` or `NdviService/RenderTile`
    method: str
    requests: float  # that ended
    rate: float  # of them per second
    error_share: float  # of them that ended in 5xx, 0 to 1
    duration_s: Percentiles | None  # None: there was no request
    cpu_s: Percentiles | None  # None: it is not measured

    @property
    def core_share(self) -> float | None:
        """Share of one core that it used, 1 being the whole of it."""
        return None if self.cpu_s is None else self.cpu_s.mean * self.rate


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceUsage:
    """One service."""

    service: str
    runtime: str  # `python` or `rust`
    is_up: bool
    sample_age_s: float  # since its counters were read last
    cpu_cores: float | None  # cores that its processes used; None: /proc cannot be read
    request_cpu_cores: float  # cores that its requests used
    resident_bytes: int | None  # None: /proc cannot be read
    processes: int  # that live

    @property
    def unattributed_cores(self) -> float | None:
        """Cores that its processes used for no request: start, background work, collections."""
        return None if self.cpu_cores is None else max(0.0, self.cpu_cores - self.request_cpu_cores)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScrapeUsage:
    """What scrapes of the Python counters cost."""

    scrapes: float  # that ended
    cpu_s: Percentiles | None  # of one; None: there was none
    duration_s: Percentiles | None
    size_bytes: float  # of one, the mean
    series: int  # that one shows now


@dataclass(frozen=True, slots=True, kw_only=True)
class BurnRate:
    """How fast the permitted errors are used up."""

    window_s: int
    rate: float  # 1: they end with the 30 days; 14.4: within two


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What is left of what was promised."""

    availability: float | None  # share that did not end in 5xx, 0 to 1; None: no request
    within_latency: float | None  # share within the promised latency; None: no request
    left: float | None  # of the permitted errors: 1 all, 0 none, negative: overdrawn
    burn_rates: tuple[BurnRate, ...]  # shortest window first


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """All of it over one window."""

    covered_s: float  # that there are samples of; at most the window
    routes: tuple[RouteUsage, ...]  # costliest in CPU first
    services: tuple[ServiceUsage, ...]
    scrapes: ScrapeUsage | None
    budget: Budget | None  # None: no objective was asked for

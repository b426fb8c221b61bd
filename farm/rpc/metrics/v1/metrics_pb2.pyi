from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Kind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    KIND_UNSPECIFIED: _ClassVar[Kind]
    KIND_COUNTER: _ClassVar[Kind]
    KIND_GAUGE: _ClassVar[Kind]
    KIND_HISTOGRAM: _ClassVar[Kind]
KIND_UNSPECIFIED: Kind
KIND_COUNTER: Kind
KIND_GAUGE: Kind
KIND_HISTOGRAM: Kind

class ReportRequest(_message.Message):
    __slots__ = ("producer_id", "sequence", "program", "ttl_seconds", "families")
    PRODUCER_ID_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    PROGRAM_FIELD_NUMBER: _ClassVar[int]
    TTL_SECONDS_FIELD_NUMBER: _ClassVar[int]
    FAMILIES_FIELD_NUMBER: _ClassVar[int]
    producer_id: str
    sequence: int
    program: str
    ttl_seconds: int
    families: _containers.RepeatedCompositeFieldContainer[Family]
    def __init__(self, producer_id: _Optional[str] = ..., sequence: _Optional[int] = ..., program: _Optional[str] = ..., ttl_seconds: _Optional[int] = ..., families: _Optional[_Iterable[_Union[Family, _Mapping]]] = ...) -> None: ...

class Family(_message.Message):
    __slots__ = ("name", "help", "kind", "bounds", "series")
    NAME_FIELD_NUMBER: _ClassVar[int]
    HELP_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    BOUNDS_FIELD_NUMBER: _ClassVar[int]
    SERIES_FIELD_NUMBER: _ClassVar[int]
    name: str
    help: str
    kind: Kind
    bounds: _containers.RepeatedScalarFieldContainer[float]
    series: _containers.RepeatedCompositeFieldContainer[Series]
    def __init__(self, name: _Optional[str] = ..., help: _Optional[str] = ..., kind: _Optional[_Union[Kind, str]] = ..., bounds: _Optional[_Iterable[float]] = ..., series: _Optional[_Iterable[_Union[Series, _Mapping]]] = ...) -> None: ...

class Series(_message.Message):
    __slots__ = ("labels", "value", "bucket_counts", "sum")
    LABELS_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    BUCKET_COUNTS_FIELD_NUMBER: _ClassVar[int]
    SUM_FIELD_NUMBER: _ClassVar[int]
    labels: _containers.RepeatedCompositeFieldContainer[Label]
    value: float
    bucket_counts: _containers.RepeatedScalarFieldContainer[int]
    sum: float
    def __init__(self, labels: _Optional[_Iterable[_Union[Label, _Mapping]]] = ..., value: _Optional[float] = ..., bucket_counts: _Optional[_Iterable[int]] = ..., sum: _Optional[float] = ...) -> None: ...

class Label(_message.Message):
    __slots__ = ("name", "value")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    name: str
    value: str
    def __init__(self, name: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...

class ReportResponse(_message.Message):
    __slots__ = ("is_repetition", "refused")
    IS_REPETITION_FIELD_NUMBER: _ClassVar[int]
    REFUSED_FIELD_NUMBER: _ClassVar[int]
    is_repetition: bool
    refused: _containers.RepeatedCompositeFieldContainer[RefusedFamily]
    def __init__(self, is_repetition: _Optional[bool] = ..., refused: _Optional[_Iterable[_Union[RefusedFamily, _Mapping]]] = ...) -> None: ...

class RefusedFamily(_message.Message):
    __slots__ = ("name", "reason")
    NAME_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    name: str
    reason: str
    def __init__(self, name: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class QuerySloRequest(_message.Message):
    __slots__ = ("window_seconds", "objective")
    WINDOW_SECONDS_FIELD_NUMBER: _ClassVar[int]
    OBJECTIVE_FIELD_NUMBER: _ClassVar[int]
    window_seconds: int
    objective: Objective
    def __init__(self, window_seconds: _Optional[int] = ..., objective: _Optional[_Union[Objective, _Mapping]] = ...) -> None: ...

class Objective(_message.Message):
    __slots__ = ("availability", "latency_seconds")
    AVAILABILITY_FIELD_NUMBER: _ClassVar[int]
    LATENCY_SECONDS_FIELD_NUMBER: _ClassVar[int]
    availability: float
    latency_seconds: float
    def __init__(self, availability: _Optional[float] = ..., latency_seconds: _Optional[float] = ...) -> None: ...

class QuerySloResponse(_message.Message):
    __slots__ = ("covered_seconds", "routes", "services", "scrapes", "budget")
    COVERED_SECONDS_FIELD_NUMBER: _ClassVar[int]
    ROUTES_FIELD_NUMBER: _ClassVar[int]
    SERVICES_FIELD_NUMBER: _ClassVar[int]
    SCRAPES_FIELD_NUMBER: _ClassVar[int]
    BUDGET_FIELD_NUMBER: _ClassVar[int]
    covered_seconds: float
    routes: _containers.RepeatedCompositeFieldContainer[RouteUsage]
    services: _containers.RepeatedCompositeFieldContainer[ServiceUsage]
    scrapes: ScrapeUsage
    budget: Budget
    def __init__(self, covered_seconds: _Optional[float] = ..., routes: _Optional[_Iterable[_Union[RouteUsage, _Mapping]]] = ..., services: _Optional[_Iterable[_Union[ServiceUsage, _Mapping]]] = ..., scrapes: _Optional[_Union[ScrapeUsage, _Mapping]] = ..., budget: _Optional[_Union[Budget, _Mapping]] = ...) -> None: ...

class RouteUsage(_message.Message):
    __slots__ = ("runtime", "service", "route", "method", "requests", "rate", "error_share", "duration_seconds", "cpu_seconds")
    RUNTIME_FIELD_NUMBER: _ClassVar[int]
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    ROUTE_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    REQUESTS_FIELD_NUMBER: _ClassVar[int]
    RATE_FIELD_NUMBER: _ClassVar[int]
    ERROR_SHARE_FIELD_NUMBER: _ClassVar[int]
    DURATION_SECONDS_FIELD_NUMBER: _ClassVar[int]
    CPU_SECONDS_FIELD_NUMBER: _ClassVar[int]
    runtime: str
    service: str
    route: str
    method: str
    requests: float
    rate: float
    error_share: float
    duration_seconds: Percentiles
    cpu_seconds: Percentiles
    def __init__(self, runtime: _Optional[str] = ..., service: _Optional[str] = ..., route: _Optional[str] = ..., method: _Optional[str] = ..., requests: _Optional[float] = ..., rate: _Optional[float] = ..., error_share: _Optional[float] = ..., duration_seconds: _Optional[_Union[Percentiles, _Mapping]] = ..., cpu_seconds: _Optional[_Union[Percentiles, _Mapping]] = ...) -> None: ...

class Percentiles(_message.Message):
    __slots__ = ("mean", "p50", "p95", "p99")
    MEAN_FIELD_NUMBER: _ClassVar[int]
    P50_FIELD_NUMBER: _ClassVar[int]
    P95_FIELD_NUMBER: _ClassVar[int]
    P99_FIELD_NUMBER: _ClassVar[int]
    mean: float
    p50: float
    p95: float
    p99: float
    def __init__(self, mean: _Optional[float] = ..., p50: _Optional[float] = ..., p95: _Optional[float] = ..., p99: _Optional[float] = ...) -> None: ...

class ServiceUsage(_message.Message):
    __slots__ = ("service", "runtime", "is_up", "sample_age_seconds", "cpu_cores", "request_cpu_cores", "resident_bytes", "processes")
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    RUNTIME_FIELD_NUMBER: _ClassVar[int]
    IS_UP_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_AGE_SECONDS_FIELD_NUMBER: _ClassVar[int]
    CPU_CORES_FIELD_NUMBER: _ClassVar[int]
    REQUEST_CPU_CORES_FIELD_NUMBER: _ClassVar[int]
    RESIDENT_BYTES_FIELD_NUMBER: _ClassVar[int]
    PROCESSES_FIELD_NUMBER: _ClassVar[int]
    service: str
    runtime: str
    is_up: bool
    sample_age_seconds: float
    cpu_cores: float
    request_cpu_cores: float
    resident_bytes: int
    processes: int
    def __init__(self, service: _Optional[str] = ..., runtime: _Optional[str] = ..., is_up: _Optional[bool] = ..., sample_age_seconds: _Optional[float] = ..., cpu_cores: _Optional[float] = ..., request_cpu_cores: _Optional[float] = ..., resident_bytes: _Optional[int] = ..., processes: _Optional[int] = ...) -> None: ...

class ScrapeUsage(_message.Message):
    __slots__ = ("scrapes", "cpu_seconds", "duration_seconds", "bytes", "series")
    SCRAPES_FIELD_NUMBER: _ClassVar[int]
    CPU_SECONDS_FIELD_NUMBER: _ClassVar[int]
    DURATION_SECONDS_FIELD_NUMBER: _ClassVar[int]
    BYTES_FIELD_NUMBER: _ClassVar[int]
    SERIES_FIELD_NUMBER: _ClassVar[int]
    scrapes: float
    cpu_seconds: Percentiles
    duration_seconds: Percentiles
    bytes: float
    series: int
    def __init__(self, scrapes: _Optional[float] = ..., cpu_seconds: _Optional[_Union[Percentiles, _Mapping]] = ..., duration_seconds: _Optional[_Union[Percentiles, _Mapping]] = ..., bytes: _Optional[float] = ..., series: _Optional[int] = ...) -> None: ...

class Budget(_message.Message):
    __slots__ = ("availability", "within_latency", "budget_left", "burn_rates")
    AVAILABILITY_FIELD_NUMBER: _ClassVar[int]
    WITHIN_LATENCY_FIELD_NUMBER: _ClassVar[int]
    BUDGET_LEFT_FIELD_NUMBER: _ClassVar[int]
    BURN_RATES_FIELD_NUMBER: _ClassVar[int]
    availability: float
    within_latency: float
    budget_left: float
    burn_rates: _containers.RepeatedCompositeFieldContainer[BurnRate]
    def __init__(self, availability: _Optional[float] = ..., within_latency: _Optional[float] = ..., budget_left: _Optional[float] = ..., burn_rates: _Optional[_Iterable[_Union[BurnRate, _Mapping]]] = ...) -> None: ...

class BurnRate(_message.Message):
    __slots__ = ("window_seconds", "rate")
    WINDOW_SECONDS_FIELD_NUMBER: _ClassVar[int]
    RATE_FIELD_NUMBER: _ClassVar[int]
    window_seconds: int
    rate: float
    def __init__(self, window_seconds: _Optional[int] = ..., rate: _Optional[float] = ...) -> None: ...

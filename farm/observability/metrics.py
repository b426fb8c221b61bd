"""Every metric of our own on the Python side: names, units and labels stand here."""

from __future__ import annotations

from prometheus_client import GC_COLLECTOR, REGISTRY, Counter, Gauge, Histogram

# prometheus_client's own figures of the garbage collector never reach files; ours do, under names
# that it would not let go of.
REGISTRY.unregister(GC_COLLECTOR)

# --- Requests: names, labels and buckets as in furrow-ndvi, so that panels compare ---

REQUEST_LABELS = ("runtime", "service", "route", "method", "code_class")

REQUEST_CPU_SECONDS = Histogram(
    "http_request_cpu_seconds",
    "CPU time that a request took in the thread that answered it, its body included.",
    REQUEST_LABELS,
    buckets=(
        0.00005,
        0.0001,
        0.00025,
        0.0005,
        0.001,
        0.0025,
        0.005,
        0.01,
        0.025,
        0.05,
        0.1,
        0.25,
        0.5,
        1,
        2.5,
        5,
        10,
    ),
)
REQUEST_SECONDS = Histogram(
    "http_request_duration_seconds",
    "From the head of a request to the end of its answer.",
    REQUEST_LABELS,
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
REQUESTS = Counter(
    "http_requests_total",
    "Requests that have ended.",
    ["runtime", "service", "route", "method", "code"],
)
REQUESTS_IN_FLIGHT = Gauge(
    "http_requests_in_flight",
    "Requests that are being answered.",
    ["runtime", "service"],
    multiprocess_mode="livesum",
)
REQUEST_BODY_BYTES = Counter(
    "http_request_body_bytes_total",
    "Bytes of requests' bodies that were read.",
    ["runtime", "service", "route"],
)
RESPONSE_BODY_BYTES = Counter(
    "http_response_body_bytes_total",
    "Bytes of answers' bodies.",
    ["runtime", "service", "route"],
)

# --- The process ---

BUILD_INFO = Gauge(
    "furrow_build_info",
    "1, with the version that runs.",
    ["service", "version"],
    multiprocess_mode="livemax",
)
GC_SECONDS = Counter(
    "python_gc_seconds_total",
    "CPU time of garbage collections, by the oldest generation collected.",
    ["generation"],
)
GC_COLLECTIONS = Counter(
    "python_gc_collections_total",
    "Garbage collections, by the oldest generation collected.",
    ["generation"],
)

# --- Calls to other services ---

# From a header read over a local socket to a whole scene with thousands of fields.
CALL_SECONDS_BUCKETS = (
    0.001,
    0.0025,
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    0.5,
    1,
    2.5,
    5,
    10,
    30,
    120,
)

CALLS = Counter(
    "grpc_client_calls_total",
    "Calls to other services that have ended.",
    ["service", "method", "code"],
)
CALL_SECONDS = Histogram(
    "grpc_client_call_seconds",
    "From the start of a call to its end, retries and streamed answers included.",
    ["service", "method"],
    buckets=CALL_SECONDS_BUCKETS,
)

BREAKER_OPEN = Gauge(
    "grpc_client_breaker_open",
    "Whether a process refuses calls to a service that does not answer: 1 in any, else 0.",
    ["service"],
    multiprocess_mode="livemax",
)
REFUSED_CALLS = Counter(
    "grpc_client_refused_calls_total",
    "Calls that were not made because the service does not answer.",
    ["service"],
)

# --- Jobs ---

JOBS = Counter("farm_jobs_total", "Jobs that have ended.", ["kind", "state"])
JOB_SECONDS = Histogram(
    "farm_job_run_seconds",
    "One run of a job, from its claim to its end or its next wait.",
    ["kind"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800),
)
JOBS_WAITING = Gauge(
    "farm_jobs_waiting",
    "Jobs that wait to be run, those in a back-off included.",
    ["kind"],
    multiprocess_mode="livemostrecent",
)
OLDEST_WAITING_SECONDS = Gauge(
    "farm_jobs_oldest_waiting_seconds",
    "How long the oldest job that could run waits for a worker; 0 where none does.",
    multiprocess_mode="livemostrecent",
)
WORKER_HEARTBEAT = Gauge(
    "farm_worker_heartbeat_timestamp_seconds",
    "When a worker last looked after its queue, seconds since 1970.",
    multiprocess_mode="livemostrecent",
)

# --- Imagery ---

SCENES = Gauge("farm_scenes", "Scenes, by state.", ["state"], multiprocess_mode="livemostrecent")
NEWEST_OBSERVATION = Gauge(
    "farm_newest_observation_timestamp_seconds",
    "When the newest scene with an observation was acquired, seconds since 1970; absent without.",
    multiprocess_mode="livemostrecent",
)

# --- Weather: what is kept ---

WEATHER_HOURS_STORED = Counter(
    "farm_weather_hours_stored_total",
    "Hours of weather that were stored for the first time or with another value.",
    ["source"],
)
WEATHER_FLAGGED = Counter(
    "farm_weather_flagged_values_total",
    "Stored values of weather about which something was found.",
    ["flag"],
)
WEATHER_REFRESHES = Counter(
    "farm_weather_refreshes_total",
    "Refreshes of a place's weather that have ended.",
    ["provider", "product", "outcome"],
)
WEATHER_NEWEST_HOUR = Gauge(
    "farm_weather_newest_hour_timestamp_seconds",
    "Stamp of the newest observed hour of a farm's weather, seconds since 1970; 500 farms at most.",
    ["farm"],
    multiprocess_mode="livemostrecent",
)
WEATHER_STALE_FARMS = Gauge(
    "farm_weather_stale_farms",
    "Farms whose weather is older than it should be.",
    multiprocess_mode="livemostrecent",
)

# --- Weather: who is asked for it ---

WEATHER_PROVIDER_REQUESTS = Counter(
    "farm_weather_provider_requests_total",
    "Requests to providers of weather that have ended, and those that were not made: `breaker_open`"
    " while a provider is left alone, `throttled` where it was asked as often as it may be.",
    ["provider", "product", "outcome"],
)
WEATHER_PROVIDER_SECONDS = Histogram(
    "farm_weather_provider_request_seconds",
    "From the start of a request to a provider of weather to the end of its answer.",
    ["provider", "product"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 60),
)
WEATHER_PROVIDER_BYTES = Counter(
    "farm_weather_provider_response_bytes_total",
    "Bytes of providers' answers, unpacked.",
    ["provider"],
)
WEATHER_PROVIDER_BREAKER_OPEN = Gauge(
    "farm_weather_provider_breaker_open",
    "Whether a provider's host is left alone, because it failed or asked for a rest: 1 or 0.",
    ["provider"],
    multiprocess_mode="livemostrecent",
)

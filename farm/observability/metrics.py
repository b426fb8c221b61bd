"""Every metric of our own on the Python side: names, units and labels stand here."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

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

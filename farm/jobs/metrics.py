"""What is counted about jobs."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

JOBS = Counter("farm_jobs_total", "Jobs that have ended.", ["kind", "state"])
JOB_SECONDS = Histogram(
    "farm_job_run_seconds",
    "One run of a job, from its claim to its end or its next wait.",
    ["kind"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800),
)

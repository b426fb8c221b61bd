"""Background jobs, the worker, and the calls that Python makes."""

from __future__ import annotations

from grafana.src.dashboard import Dashboard, Row
from grafana.src.panels import RATE, Query, figure, graph

NOW = Row(
    title="Now",
    panels=[
        figure(
            "Workers",
            "Living workers.",
            "none",
            Query(expr='sum(furrow_metrics_slots_held{role="worker"})'),
            width=4,
            steps=[(1, "green")],
            first="red",
        ),
        figure(
            "Last sign of the worker",
            "The worker tells every 15 seconds that it goes on.",
            "s",
            Query(expr="time() - max(farm_worker_heartbeat_timestamp_seconds)"),
            width=5,
            steps=[(60, "orange"), (120, "red")],
        ),
        figure(
            "Jobs waiting",
            "Jobs that no worker has taken yet, by kind.",
            "none",
            Query(expr="max by (kind) (farm_jobs_waiting)", legend="{{kind}}"),
            width=6,
        ),
        figure(
            "Oldest job waiting",
            "How long the job that waits longest has waited.",
            "s",
            Query(expr="max(farm_jobs_oldest_waiting_seconds)"),
            width=4,
            steps=[(300, "orange"), (900, "red")],
        ),
        figure(
            "Jobs that failed, 1 h",
            "Share of the jobs that ended within the hour, by kind.",
            "percentunit",
            Query(expr="kind:farm_jobs_failed:ratio_rate1h", legend="{{kind}}"),
            width=5,
            steps=[(0.05, "orange"), (0.2, "red")],
        ),
    ],
)

RUNS = Row(
    title="Jobs",
    panels=[
        graph(
            "Jobs that ended",
            "Jobs per second, by kind and end.",
            "ops",
            Query(
                expr=f"sum by (kind, state) (rate(farm_jobs_total[{RATE}]))",
                legend="{{kind}} {{state}}",
            ),
        ),
        graph(
            "Queue",
            "Jobs that wait, by kind.",
            "none",
            Query(expr="max by (kind) (farm_jobs_waiting)", legend="{{kind}}"),
            stacked=True,
        ),
        graph(
            "Time of a run",
            "Median and 95th percentile of one run, from its claim to its end or its next wait.",
            "s",
            *(
                Query(
                    expr=f"histogram_quantile({share}, sum by (kind, le)"
                    f" (rate(farm_job_run_seconds_bucket[{RATE}])))",
                    legend=f"{{{{kind}}}} {name}",
                )
                for share, name in ((0.5, "median"), (0.95, "95th percentile"))
            ),
        ),
        graph(
            "The worker's cores",
            "CPU seconds per second of the workers; 100 % is one core.",
            "percentunit",
            Query(
                expr=f'sum by (slot) (rate(process_cpu_seconds_total{{role="worker"}}[{RATE}]))',
                legend="slot {{slot}}",
            ),
            lines=[(0.9, "orange")],
        ),
        graph(
            "The worker's memory",
            "Resident memory of the workers.",
            "bytes",
            Query(
                expr='sum by (slot) (process_resident_memory_bytes{role="worker"})',
                legend="slot {{slot}}",
            ),
            lines=[(0.9 * 1024**3, "orange")],
        ),
        graph(
            "The worker's open files",
            "Files and connections that the workers hold open.",
            "none",
            Query(expr='sum by (slot) (process_open_fds{role="worker"})', legend="slot {{slot}}"),
        ),
    ],
)

CALLS = Row(
    title="Calls of Python to the services",
    panels=[
        graph(
            "Calls",
            "Calls that ended, per second, by method and code.",
            "reqps",
            Query(
                expr=f"sum by (method, code) (rate(grpc_client_calls_total[{RATE}]))",
                legend="{{method}} {{code}}",
            ),
        ),
        graph(
            "Time of a call, 95th percentile",
            "From the start of a call to its end, retries and streams included.",
            "s",
            Query(
                expr="histogram_quantile(0.95, sum by (method, le)"
                f" (rate(grpc_client_call_seconds_bucket[{RATE}])))",
                legend="{{method}}",
            ),
        ),
        graph(
            "Services held for dead",
            "1 from where any process found the service dead until a call of the same process finds"
            " it alive: without calls it stays.",
            "none",
            Query(
                expr='max by (service) (grpc_client_breaker_open{program=""})', legend="{{service}}"
            ),
            highest=1,
        ),
        graph(
            "Calls that were not made",
            "Calls refused at once because the service does not answer, per second.",
            "reqps",
            Query(
                expr=f"sum by (service) (rate(grpc_client_refused_calls_total[{RATE}]))",
                legend="{{service}}",
            ),
        ),
    ],
)

DASHBOARD = Dashboard(
    name="jobs",
    title="jobs",
    description="Does the worker keep up, and do the calls behind it succeed?",
    rows=[NOW, RUNS, CALLS],
)

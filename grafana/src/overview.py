"""The whole stack on one page."""

from __future__ import annotations

from grafana.src.dashboard import Dashboard, Row
from grafana.src.panels import RATE, Query, figure, graph

NOW = Row(
    title="Now",
    panels=[
        figure(
            "Parts that answer",
            "Whether the last scrape of each part succeeded.",
            "none",
            Query(expr="max by (job) (up)", legend="{{job}}"),
            width=9,
            steps=[(1, "green")],
            first="red",
            words={0: "down", 1: "up"},
        ),
        figure(
            "Python processes",
            "Living processes that hold a slot, by what they do.",
            "none",
            Query(expr="sum by (role) (furrow_metrics_slots_held)", legend="{{role}}"),
            width=3,
            more="jobs",
        ),
        figure(
            "Alerts",
            "Alerts that fire now, those for reading alone left out; Prometheus lists all under"
            " /alerts.",
            "none",
            Query(expr='count(ALERTS{alertstate="firing", severity!="info"}) or vector(0)'),
            width=3,
            steps=[(1, "red")],
        ),
        figure(
            "API failures, 1 h",
            "Share of the API's requests that ended in 5xx within the hour. The objective allows"
            " 0.1 %;"
            " at 1.44 % the budget of 30 days is gone in two days.",
            "percentunit",
            Query(expr="api:http_request_errors:ratio_rate1h"),
            width=3,
            steps=[(0.001, "orange"), (0.0144, "red")],
            more="endpoints",
        ),
        figure(
            "Newest observation",
            "How long ago the newest scene that was read was taken.",
            "s",
            Query(expr="time() - max(farm_newest_observation_timestamp_seconds)"),
            width=3,
            steps=[(10 * 86400, "orange"), (20 * 86400, "red")],
            more="imagery",
        ),
        figure(
            "Jobs waiting",
            "Jobs that no worker has taken yet.",
            "none",
            Query(expr="sum(farm_jobs_waiting)"),
            width=3,
            steps=[(50, "orange")],
            more="jobs",
        ),
    ],
)

REQUESTS = Row(
    title="Requests",
    panels=[
        graph(
            "Requests",
            "Requests and calls that ended, per second.",
            "reqps",
            Query(
                expr=f"sum by (service) (rate(http_requests_total[{RATE}]))", legend="{{service}}"
            ),
            more="endpoints",
        ),
        graph(
            "Failures",
            "Share of requests that ended in 5xx, gRPC codes by their class.",
            "percentunit",
            Query(
                expr="(sum by (service) (rate(http_request_duration_seconds_count"
                f'{{code_class="5xx"}}[{RATE}])) or 0 * sum by (service) '
                f"(rate(http_request_duration_seconds_count[{RATE}])))"
                f" / (sum by (service) (rate(http_request_duration_seconds_count[{RATE}])) > 0)",
                legend="{{service}}",
            ),
            lines=[(0.05, "red")],
            more="endpoints",
        ),
        graph(
            "Time, 95th percentile",
            "From a request's head to the end of its answer.",
            "s",
            Query(
                expr="histogram_quantile(0.95, sum by (service, le)"
                f" (rate(http_request_duration_seconds_bucket[{RATE}])))",
                legend="{{service}}",
            ),
            lines=[(2.5, "red")],
            more="endpoints",
        ),
        graph(
            "In flight",
            "Requests that are being answered.",
            "none",
            Query(expr="sum by (service) (http_requests_in_flight)", legend="{{service}}"),
        ),
    ],
)

COST = Row(
    title="What it costs",
    panels=[
        graph(
            "Cores",
            "Cores that each part keeps busy; Python's processes by what they do.",
            "none",
            Query(
                expr=f"sum by (job, role) (rate(process_cpu_seconds_total[{RATE}]))",
                legend="{{job}} {{role}}",
            ),
            stacked=True,
            more="cpu",
        ),
        graph(
            "Memory",
            "Resident memory of each part.",
            "bytes",
            Query(
                expr="sum by (job, role) (process_resident_memory_bytes)",
                legend="{{job}} {{role}}",
            ),
            more="host",
        ),
        graph(
            "Compute slots taken",
            "Share of the slots for raster work that are taken; at 100 % further calls are"
            " refused.",
            "percentunit",
            Query(
                expr="sum by (job) (furrow_compute_slots_taken)"
                " / (sum by (job) (furrow_compute_slots) > 0)",
                legend="{{job}}",
            ),
            highest=1,
            lines=[(0.9, "orange")],
            more="imagery",
        ),
        graph(
            "Time of a scrape",
            "Seconds that Prometheus waits for the metrics of each part.",
            "s",
            Query(expr="max by (job) (scrape_duration_seconds)", legend="{{job}}"),
            lines=[(2, "orange")],
            more="scrapes",
        ),
    ],
)

DASHBOARD = Dashboard(
    name="overview",
    title="overview",
    description="Is everything well? The whole stack on one page.",
    rows=[NOW, REQUESTS, COST],
)

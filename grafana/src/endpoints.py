"""Which routes are slowest, and which cost most, on both runtimes."""

from __future__ import annotations

from grafana.src.dashboard import Choice, Dashboard, Row
from grafana.src.panels import RATE, Column, Query, graph, heatmap, table

CHOSEN = '{service=~"$service"}'
ROUTE = "runtime, service, route"
LEGEND = "{{service}} {{route}}"


def per_route(metric: str, *, over: str = RATE) -> str:
    """A rate, summed for each route of the chosen services."""
    return f"sum by ({ROUTE}) (rate({metric}{CHOSEN}[{over}]))"


def quantile(share: float, metric: str, *, over: str = RATE) -> str:
    """A percentile for each route, by interpolation within buckets."""
    return (
        f"histogram_quantile({share}, sum by ({ROUTE}, le) (rate({metric}_bucket{CHOSEN}[{over}])))"
    )


def top(expr: str) -> str:
    """The ten largest."""
    return f"topk(10, {expr})"


SHOWN = "$__range"  # a table sums up the whole time that is shown

TABLE = Row(
    title="Routes over the time shown",
    panels=[
        table(
            "Hungry endpoints",
            "Each route with what it takes, the costliest first. Cores: CPU seconds per second;"
            " time and CPU per request as percentile and mean.",
            labels={"runtime": "Runtime", "service": "Service", "route": "Route"},
            columns=[
                Column(
                    name="Cores",
                    unit="none",
                    expr=per_route("http_request_cpu_seconds_sum", over=SHOWN),
                ),
                Column(
                    name="Requests/s",
                    unit="reqps",
                    expr=per_route("http_requests_total", over=SHOWN),
                ),
                Column(
                    name="CPU per request",
                    unit="s",
                    expr=f"{per_route('http_request_cpu_seconds_sum', over=SHOWN)}"
                    f" / ({per_route('http_request_cpu_seconds_count', over=SHOWN)} > 0)",
                ),
                Column(
                    name="p50",
                    unit="s",
                    expr=quantile(0.5, "http_request_duration_seconds", over=SHOWN),
                ),
                Column(
                    name="p95",
                    unit="s",
                    expr=quantile(0.95, "http_request_duration_seconds", over=SHOWN),
                ),
                Column(
                    name="p99",
                    unit="s",
                    expr=quantile(0.99, "http_request_duration_seconds", over=SHOWN),
                ),
                Column(
                    name="Failures/s",
                    unit="reqps",
                    expr=f"sum by ({ROUTE}) (rate(http_request_duration_seconds_count"
                    f'{{service=~"$service", code_class="5xx"}}[{SHOWN}])) > 0',
                ),
            ],
            sort_by="Cores",
        )
    ],
)

COSTLIEST = Row(
    title="Costliest",
    panels=[
        graph(
            "Share of a core",
            "The ten routes that keep CPU busiest; 100 % is one core.",
            "percentunit",
            Query(expr=top(per_route("http_request_cpu_seconds_sum")), legend=LEGEND),
            stacked=True,
            more="cpu",
        ),
        graph(
            "CPU per request",
            "The ten routes whose mean request takes most CPU.",
            "s",
            Query(
                expr=top(
                    f"{per_route('http_request_cpu_seconds_sum')}"
                    f" / ({per_route('http_request_cpu_seconds_count')} > 0)"
                ),
                legend=LEGEND,
            ),
            more="cpu",
        ),
    ],
)

SLOWEST = Row(
    title="Slowest",
    panels=[
        graph(
            "Time, 95th percentile",
            "The ten slowest routes, from a request's head to the end of its answer.",
            "s",
            Query(expr=top(quantile(0.95, "http_request_duration_seconds")), legend=LEGEND),
            lines=[(2.5, "red")],
        ),
        heatmap(
            "Time of all requests",
            "How many requests per second took how long; the upper bounds of the buckets are on"
            " the left.",
            "s",
            f"sum by (le) (rate(http_request_duration_seconds_bucket{CHOSEN}[{RATE}]))",
        ),
    ],
)

MOST = Row(
    title="Busiest",
    panels=[
        graph(
            "Requests",
            "The ten routes that are asked most, per second.",
            "reqps",
            Query(expr=top(per_route("http_requests_total")), legend=LEGEND),
        ),
        graph(
            "Answers that are no success",
            "Answers of 400 and above and gRPC codes other than OK, per second.",
            "reqps",
            Query(
                expr="topk(10, sum by (service, route, code) (rate(http_requests_total"
                f'{{service=~"$service", code!~"[123]..|OK"}}[{RATE}])))',
                legend="{{code}} {{route}}",
            ),
        ),
        graph(
            "Bytes sent",
            "The ten routes that send most, per second.",
            "Bps",
            Query(expr=top(per_route("http_response_body_bytes_total")), legend=LEGEND),
        ),
        graph(
            "Bytes received",
            "The ten routes that are sent most, per second.",
            "Bps",
            Query(expr=top(per_route("http_request_body_bytes_total")), legend=LEGEND),
        ),
    ],
)

DATABASE = Row(
    title="Django's database",
    panels=[
        graph(
            "Queries",
            "SQL statements per second, all Python processes.",
            "ops",
            Query(
                expr=f"sum by (vendor) (rate(django_db_execute_total[{RATE}]))",
                legend="{{vendor}}",
            ),
        ),
        graph(
            "Time of a query",
            "95th percentile and mean of an SQL statement.",
            "s",
            Query(
                expr="histogram_quantile(0.95, sum by (le)"
                f" (rate(django_db_query_duration_seconds_bucket[{RATE}])))",
                legend="95th percentile",
            ),
            Query(
                expr=f"sum(rate(django_db_query_duration_seconds_sum[{RATE}]))"
                f" / (sum(rate(django_db_query_duration_seconds_count[{RATE}])) > 0)",
                legend="mean",
            ),
        ),
    ],
)

DASHBOARD = Dashboard(
    name="endpoints",
    title="hungry endpoints",
    description="Which routes are slowest, and which cost most, on both runtimes?",
    rows=[TABLE, COSTLIEST, SLOWEST, MOST, DATABASE],
    choices=[
        Choice(name="service", label="Service", metric="http_requests_total", by="service"),
    ],
)

"""CPU per request, Django and Rust side by side."""

from __future__ import annotations

from grafana.src.dashboard import Dashboard, Row
from grafana.src.panels import RATE, Panel, Query, figure, graph

SIDES = (("python", "Django"), ("rust", "Rust"))
HERTZ = "scalar(max(cpu_reference_hz))"


def total(metric: str, runtime: str) -> str:
    """A rate for each route of a runtime."""
    return f'sum by (route) (rate({metric}{{runtime="{runtime}"}}[{RATE}]))'


def mean(runtime: str) -> str:
    """CPU seconds of the mean request of each route."""
    return (
        f"{total('http_request_cpu_seconds_sum', runtime)}"
        f" / ({total('http_request_cpu_seconds_count', runtime)} > 0)"
    )


def seconds(runtime: str, name: str) -> Panel:
    """Seconds per request."""
    return graph(
        f"{name}: CPU per request",
        "CPU seconds of the mean request, the ten costliest routes. Both sides measure the"
        " thread's CPU"
        " clock; what runs between requests is under Unattributed.",
        "s",
        Query(expr=f"topk(10, {mean(runtime)})", legend="{{route}}"),
    )


def cycles(runtime: str, name: str) -> Panel:
    """Reference cycles per request."""
    return graph(
        f"{name}: reference cycles per request",
        "CPU seconds times the processor's reference clock. Turbo and shared cores make true"
        " cycles differ.",
        "si:cycles",
        Query(expr=f"topk(10, {mean(runtime)}) * {HERTZ}", legend="{{route}}"),
    )


def percentile(runtime: str, name: str) -> Panel:
    """95th percentile per route."""
    return graph(
        f"{name}: CPU per request, 95th percentile",
        "What all but the costliest twentieth of a route's requests stay below.",
        "s",
        Query(
            expr="topk(10, histogram_quantile(0.95, sum by (route, le)"
            f' (rate(http_request_cpu_seconds_bucket{{runtime="{runtime}"}}[{RATE}]))))',
            legend="{{route}}",
        ),
    )


def share(runtime: str, name: str) -> Panel:
    """Share of a core per route."""
    return graph(
        f"{name}: share of a core",
        "CPU seconds per second of each route, the ten largest; 100 % is one core.",
        "percentunit",
        Query(
            expr=f"topk(10, {total('http_request_cpu_seconds_sum', runtime)})", legend="{{route}}"
        ),
        stacked=True,
    )


FIGURES = Row(
    title="Side by side",
    panels=[
        figure(
            "Requests that a core can answer",
            "Requests per CPU second, the mix of now; probes and scrapes are requests as well, so"
            " a site that nobody uses shows them alone.",
            "reqps",
            Query(
                expr=f"sum by (service) (rate(http_request_cpu_seconds_count[{RATE}]))"
                f" / (sum by (service) (rate(http_request_cpu_seconds_sum[{RATE}])) > 0)",
                legend="{{service}}",
            ),
            width=9,
            decimals=0,
        ),
        figure(
            "CPU of the mean request",
            "CPU seconds per request, the mix of now, probes and scrapes included.",
            "s",
            Query(
                expr=f"sum by (service) (rate(http_request_cpu_seconds_sum[{RATE}]))"
                f" / (sum by (service) (rate(http_request_cpu_seconds_count[{RATE}])) > 0)",
                legend="{{service}}",
            ),
            width=9,
        ),
        figure(
            "Reference clock",
            "Ticks per second of the processor's time-stamp counter, which turn seconds into"
            " cycles.",
            "hertz",
            Query(expr="max by (source) (cpu_reference_hz)", legend="{{source}}"),
            width=6,
        ),
    ],
)

WAITS = graph(
    "Share of a request's time that is not CPU",
    "What is waited for: the database, the other service, the interpreter lock, a free thread,"
    " a slow caller. Where several threads work for a request their CPU counts together.",
    "percentunit",
    Query(
        expr=f"clamp_min(1 - sum by (service) (rate(http_request_cpu_seconds_sum[{RATE}]))"
        f" / (sum by (service) (rate(http_request_duration_seconds_sum[{RATE}])) > 0), 0)",
        legend="{{service}}",
    ),
    highest=1,
)

REST = Row(
    title="Where the rest goes",
    panels=[
        graph(
            "Unattributed",
            "CPU of a process that no request accounts for: its start, connections, timers,"
            " threads of libraries. A request's share comes when it ends, so beside long ones it"
            " swings; it is never shown below 0. 100 % is one core.",
            "percentunit",
            Query(
                expr=f'clamp_min(sum(rate(process_cpu_seconds_total{{job="django",'
                f' role="web"}}[{RATE}]))'
                f' - sum(rate(http_request_cpu_seconds_sum{{service="furrow-web"}}[{RATE}])), 0)',
                legend="furrow-web",
            ),
            Query(
                expr=f"clamp_min(sum by (job)"
                f' (rate(process_cpu_seconds_total{{job=~"furrow-.*"}}[{RATE}]))'
                f" - sum by (job)"
                f' (rate(http_request_cpu_seconds_sum{{job=~"furrow-.*"}}[{RATE}])), 0)',
                legend="{{job}}",
            ),
        ),
        WAITS,
        graph(
            "Python: garbage collection",
            "Time that collecting takes, by generation; it is counted to the request that set it"
            " off."
            " 100 % is one core.",
            "percentunit",
            Query(
                expr=f"sum by (generation) (rate(python_gc_seconds_total[{RATE}]))",
                legend="generation {{generation}}",
            ),
            stacked=True,
        ),
        graph(
            "Python: collections",
            "Collections per second, by generation.",
            "ops",
            Query(
                expr=f"sum by (generation) (rate(python_gc_collections_total[{RATE}]))",
                legend="generation {{generation}}",
            ),
        ),
        graph(
            "Cores by process",
            "Cores that each process keeps busy; Python's by slot.",
            "none",
            Query(
                expr="sum by (job, role, slot)"
                f' (rate(process_cpu_seconds_total{{job=~"django|furrow-.*"}}[{RATE}]))',
                legend="{{job}} {{role}} {{slot}}",
            ),
            stacked=True,
        ),
        graph(
            "Threads by process",
            "Threads of each process; Python's by slot.",
            "none",
            Query(
                expr='sum by (job, role, slot) (process_threads{job=~"django|furrow-.*"})',
                legend="{{job}} {{role}} {{slot}}",
            ),
        ),
    ],
)

DASHBOARD = Dashboard(
    name="cpu",
    title="CPU per request, Django and Rust side by side",
    description="What does a request cost, in Django and in Rust, and where does the rest go?",
    rows=[
        FIGURES,
        Row(
            title="Per request",
            panels=[
                make(runtime, name)
                for make in (seconds, percentile, cycles)
                for runtime, name in SIDES
            ],
        ),
        Row(title="Share of a core", panels=[share(runtime, name) for runtime, name in SIDES]),
        REST,
    ],
)

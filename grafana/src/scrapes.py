"""What scraping costs, and how furrow-metrics fares."""

from __future__ import annotations

from grafana.src.dashboard import Dashboard, Row
from grafana.src.panels import RATE, Query, figure, graph

# Routes that hand out metrics: Django's own view, furrow-metrics' of Python, each service's own.
ROUTES = 'route=~"/metrics(/django)?"'


def per_scrape(metric: str) -> str:
    """Mean of a scrape, by the format that was asked for."""
    return (
        f"sum by (format) (rate({metric}[{RATE}]))"
        f" / (sum by (format) (rate(furrow_metrics_scrapes_total[{RATE}])) > 0)"
    )


JOBS = Row(
    title="As Prometheus sees it",
    panels=[
        graph(
            "Time of a scrape",
            "Seconds from the question to the end of the answer, by job.",
            "s",
            Query(expr="max by (job) (scrape_duration_seconds)", legend="{{job}}"),
            lines=[(2, "orange")],
        ),
        graph(
            "Scrapes that succeed",
            "Share of the scrapes of the last minutes that succeeded, by job.",
            "percentunit",
            Query(expr=f"min by (job) (avg_over_time(up[{RATE}]))", legend="{{job}}"),
            highest=1,
            lines=[(0.9, "orange")],
        ),
        graph(
            "Samples of a scrape",
            "Series that each job hands out.",
            "short",
            Query(expr="sum by (job) (scrape_samples_scraped)", legend="{{job}}"),
        ),
        graph(
            "New series",
            "Series of the last scrape that Prometheus had not seen before; many for long means"
            " ids in"
            " labels.",
            "short",
            Query(expr="sum by (job) (scrape_series_added)", legend="{{job}}"),
        ),
    ],
)

COST = Row(
    title="What a scrape costs",
    panels=[
        graph(
            "CPU of a scrape: Django's view and the services",
            "CPU seconds of the mean answer of each route that hands out metrics. furrow-web is"
            " Django's"
            " own view, which Prometheus does not ask by default.",
            "s",
            Query(
                expr=f"sum by (service, route)"
                f" (rate(http_request_cpu_seconds_sum{{{ROUTES}}}[{RATE}]))"
                f" / (sum by (service, route)"
                f" (rate(http_request_cpu_seconds_count{{{ROUTES}}}[{RATE}])) > 0)",
                legend="{{service}} {{route}}",
            ),
            more="cpu",
        ),
        graph(
            "Bytes of a scrape: Django's view and the services",
            "Bytes of the mean answer of each route that hands out metrics.",
            "bytes",
            Query(
                expr=f"sum by (service, route)"
                f" (rate(http_response_body_bytes_total{{{ROUTES}}}[{RATE}]))"
                f" / (sum by (service, route)"
                f" (rate(http_request_duration_seconds_count{{{ROUTES}}}[{RATE}])) > 0)",
                legend="{{service}} {{route}}",
            ),
        ),
        graph(
            "CPU of a scrape of the Python counters",
            "CPU seconds that furrow-metrics takes to merge and write them, by format.",
            "s",
            Query(expr=per_scrape("furrow_metrics_scrape_cpu_seconds_total"), legend="{{format}}"),
        ),
        graph(
            "Bytes of a scrape of the Python counters",
            "Bytes before compression, by format.",
            "bytes",
            Query(expr=per_scrape("furrow_metrics_scrape_bytes_total"), legend="{{format}}"),
        ),
        graph(
            "Scrapes of the Python counters",
            "Scrapes per second, by format.",
            "ops",
            Query(
                expr=f"sum by (format) (rate(furrow_metrics_scrapes_total[{RATE}]))",
                legend="{{format}}",
            ),
        ),
        graph(
            "Cores that scraping takes",
            "CPU seconds per second for all answers that hand out metrics, by service.",
            "percentunit",
            Query(
                expr=f"sum by (service) (rate(http_request_cpu_seconds_sum{{{ROUTES}}}[{RATE}]))",
                legend="{{service}}",
            ),
        ),
    ],
)

HEALTH = Row(
    title="furrow-metrics",
    panels=[
        figure(
            "Damaged files",
            "Files that are read only up to where they stop making sense, or not at all.",
            "none",
            Query(expr="sum(furrow_metrics_quarantined_files)"),
            steps=[(1, "red")],
        ),
        figure(
            "Snapshot",
            "Age of the snapshot that a restart would begin with.",
            "s",
            Query(expr="max(furrow_metrics_snapshot_age_seconds)"),
            steps=[(300, "orange")],
        ),
        figure(
            "Failed snapshots, 1 h",
            "Snapshots that could not be written within the hour.",
            "none",
            Query(expr="sum(increase(furrow_metrics_snapshot_failures_total[1h]))"),
            steps=[(1, "red")],
            decimals=0,
        ),
        figure(
            "Sources",
            "Whether furrow-metrics hears each service whose numbers it keeps for the admin.",
            "none",
            Query(expr="min by (source) (furrow_metrics_source_up)", legend="{{source}}"),
            steps=[(1, "green")],
            first="red",
            words={0: "silent", 1: "heard"},
        ),
        figure(
            "Resets",
            "How often the folder of counters began anew since furrow-metrics started.",
            "none",
            Query(expr="sum(furrow_metrics_resets_total)"),
        ),
        figure(
            "Files folded in",
            "Vanished files whose counts are kept, since furrow-metrics started.",
            "none",
            Query(expr="sum(furrow_metrics_retired_files_total)"),
        ),
        graph(
            "Series and files",
            "What furrow-metrics has in hand.",
            "short",
            Query(expr="sum(furrow_metrics_series)", legend="series"),
            Query(expr="sum(furrow_metrics_files)", legend="files"),
            Query(expr="sum(furrow_metrics_pushed_series)", legend="series reported"),
        ),
        graph(
            "Mapped bytes",
            "Bytes of the files that are mapped into memory.",
            "bytes",
            Query(expr="sum(furrow_metrics_mapped_bytes)", legend="mapped"),
        ),
        graph(
            "Reports of short programs",
            "Reports per second, by what became of them.",
            "ops",
            Query(
                expr=f"sum by (result) (rate(furrow_metrics_pushes_total[{RATE}]))",
                legend="{{result}}",
            ),
        ),
        graph(
            "Left out or disputed",
            "Bad files, entries that became no series and metrics declared in two ways, per"
            " second; all is well where nothing shows.",
            "ops",
            Query(expr=f"sum(rate(furrow_metrics_bad_files_total[{RATE}]))", legend="bad files"),
            Query(
                expr=f"sum(rate(furrow_metrics_dropped_series_total[{RATE}]))",
                legend="dropped series",
            ),
            Query(expr=f"sum(rate(furrow_metrics_conflicts_total[{RATE}]))", legend="conflicts"),
        ),
    ],
)

DASHBOARD = Dashboard(
    name="scrapes",
    title="scrapes",
    description="What does watching cost, and are the numbers whole?",
    rows=[JOBS, COST, HEALTH],
)

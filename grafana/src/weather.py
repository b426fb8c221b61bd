"""Where weather comes from, how old it is, and what computing with it costs."""

from __future__ import annotations

from grafana.src.dashboard import Dashboard, Row
from grafana.src.panels import RATE, Query, figure, graph

WEATHER = 'service="furrow-weather"'
CALLS = f'{WEATHER}, route=~"WeatherService/.*"'
# What people ask for: Django's routes of weather and of the water in fields.
PAGES = 'service="furrow-web", route=~"/api/v1/(weather/|farms/.*/weather/|fields/.*/water).*"'
JOB = 'job="furrow-weather"'

PROVIDERS = Row(
    title="What comes in",
    panels=[
        figure(
            "Farms with old weather",
            "Farms whose newest weather is older than it should be.",
            "none",
            Query(expr="max(farm_weather_stale_farms)"),
            width=6,
            steps=[(1, "orange")],
            decimals=0,
        ),
        figure(
            "Providers",
            "Whether a provider is asked: a breaker that is open waits until it answers again.",
            "none",
            Query(
                expr="max by (provider) (farm_weather_provider_breaker_open)",
                legend="{{provider}}",
            ),
            width=18,
            steps=[(1, "red")],
            words={0: "asked", 1: "left alone"},
        ),
        graph(
            "Age of the newest hour",
            "How long ago the newest observed hour of each farm was.",
            "s",
            Query(
                expr="time() - max by (farm) (farm_weather_newest_hour_timestamp_seconds)",
                legend="farm {{farm}}",
            ),
            lines=[(6 * 3600, "orange")],
        ),
        graph(
            "Requests to providers",
            "Requests per second, by provider and how they ended.",
            "reqps",
            Query(
                expr="sum by (provider, outcome)"
                f" (rate(farm_weather_provider_requests_total[{RATE}]))",
                legend="{{provider}} {{outcome}}",
            ),
        ),
        graph(
            "Time of a provider's answer, 95th percentile",
            "From the question to the last byte.",
            "s",
            Query(
                expr="histogram_quantile(0.95, sum by (provider, le)"
                f" (rate(farm_weather_provider_request_seconds_bucket[{RATE}])))",
                legend="{{provider}}",
            ),
        ),
        graph(
            "Bytes from providers",
            "Bytes received per second, by provider.",
            "Bps",
            Query(
                expr="sum by (provider)"
                f" (rate(farm_weather_provider_response_bytes_total[{RATE}]))",
                legend="{{provider}}",
            ),
        ),
        graph(
            "Refreshes",
            "Refreshes of a farm's weather per second, by what became of them.",
            "ops",
            Query(
                expr=f"sum by (provider, outcome) (rate(farm_weather_refreshes_total[{RATE}]))",
                legend="{{provider}} {{outcome}}",
            ),
        ),
        graph(
            "Hours stored",
            "Hours written per second, by source.",
            "short",
            Query(
                expr=f"sum by (source) (rate(farm_weather_hours_stored_total[{RATE}]))",
                legend="{{source}}",
            ),
        ),
        graph(
            "Values that look wrong",
            "Values flagged per second, by what was found; none is deleted.",
            "short",
            Query(
                expr=f"sum by (flag) (rate(farm_weather_flagged_values_total[{RATE}]))",
                legend="{{flag}}",
            ),
        ),
    ],
)

COMPUTING = Row(
    title="What is computed",
    panels=[
        graph(
            "Calls",
            "Calls of Django that ended, per second, by method.",
            "reqps",
            Query(
                expr=f"sum by (route) (rate(http_requests_total{{{CALLS}}}[{RATE}]))",
                legend="{{route}}",
            ),
            more="endpoints",
        ),
        graph(
            "CPU of a call",
            "CPU seconds of the mean call in furrow-weather, by method.",
            "s",
            Query(
                expr=f"sum by (route) (rate(http_request_cpu_seconds_sum{{{CALLS}}}[{RATE}]))"
                f" / (sum by (route)"
                f" (rate(http_request_cpu_seconds_count{{{CALLS}}}[{RATE}])) > 0)",
                legend="{{route}}",
            ),
            more="cpu",
        ),
        graph(
            "Time of a call, 95th percentile",
            "From a call's head to its end.",
            "s",
            Query(
                expr="histogram_quantile(0.95, sum by (route, le)"
                f" (rate(http_request_duration_seconds_bucket{{{CALLS}}}[{RATE}])))",
                legend="{{route}}",
            ),
        ),
        graph(
            "Calls that are no success",
            "Calls that ended otherwise than OK, per second.",
            "reqps",
            Query(
                expr=f'sum by (code) (rate(http_requests_total{{{CALLS}, code!="OK"}}[{RATE}]))',
                legend="{{code}}",
            ),
        ),
        graph(
            "CPU of a page of weather: Django",
            "CPU seconds of Django for the mean answer, by route.",
            "s",
            Query(
                expr=f"sum by (route) (rate(http_request_cpu_seconds_sum{{{PAGES}}}[{RATE}]))"
                f" / (sum by (route)"
                f" (rate(http_request_cpu_seconds_count{{{PAGES}}}[{RATE}])) > 0)",
                legend="{{route}}",
            ),
            more="cpu",
        ),
        graph(
            "Slots and queue",
            "Slots taken, all slots, and work that waits for a thread.",
            "none",
            Query(expr=f"sum(furrow_compute_slots_taken{{{JOB}}})", legend="taken"),
            Query(expr=f"sum(furrow_compute_slots{{{JOB}}})", legend="all"),
            Query(expr=f"sum(furrow_compute_queue_jobs{{{JOB}}})", legend="waiting"),
        ),
    ],
)

DASHBOARD = Dashboard(
    name="weather",
    title="weather",
    description="Is the weather fresh, who gives it, and what does computing with it cost?",
    rows=[PROVIDERS, COMPUTING],
)

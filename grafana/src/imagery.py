"""Scenes, calls and tiles: what furrow-ndvi does and what it has to do it with."""

from __future__ import annotations

from grafana.src.dashboard import Dashboard, Row
from grafana.src.panels import RATE, Query, figure, graph

NDVI = 'service="furrow-ndvi"'
JOB = 'job="furrow-ndvi"'
# Calls over gRPC are named Service/Method; tiles come over HTTP.
CALLS = f'{NDVI}, route=~"NdviService/.*"'
TILES = f'{NDVI}, route="/tiles"'


def p95(selector: str, *, by: str) -> str:
    """95th percentile of the time that answers take."""
    return (
        f"histogram_quantile(0.95, sum by ({by}le)"
        f" (rate(http_request_duration_seconds_bucket{{{selector}}}[{RATE}])))"
    )


SCENES = Row(
    title="Scenes",
    panels=[
        figure(
            "Newest observation",
            "How long ago the newest scene that was read was taken.",
            "s",
            Query(expr="time() - max(farm_newest_observation_timestamp_seconds)"),
            width=6,
            steps=[(10 * 86400, "orange"), (20 * 86400, "red")],
        ),
        figure(
            "Scenes",
            "Scenes by what became of them.",
            "none",
            Query(expr="max by (state) (farm_scenes)", legend="{{state}}"),
            width=12,
        ),
        figure(
            "Calls refused for want of a slot, 1 h",
            "Callers were told to come back.",
            "none",
            Query(expr=f"sum(increase(furrow_compute_refused_calls_total{{{JOB}}}[1h]))"),
            width=6,
            steps=[(1, "orange")],
            decimals=0,
        ),
    ],
)

CALLED = Row(
    title="Calls and tiles",
    panels=[
        graph(
            "Calls",
            "Calls of Django that ended, per second.",
            "reqps",
            Query(
                expr=f"sum by (route) (rate(http_requests_total{{{CALLS}}}[{RATE}]))",
                legend="{{route}}",
            ),
            more="endpoints",
        ),
        graph(
            "Time of a call, 95th percentile",
            "From a call's head to its end, streams included.",
            "s",
            Query(expr=p95(CALLS, by="route, "), legend="{{route}}"),
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
            "Tiles by answer",
            "Tiles per second, by status.",
            "reqps",
            Query(
                expr=f"sum by (code) (rate(http_requests_total{{{TILES}}}[{RATE}]))",
                legend="{{code}}",
            ),
        ),
        graph(
            "Time of a tile",
            "Median and 95th percentile.",
            "s",
            Query(expr=p95(TILES, by=""), legend="95th percentile"),
            Query(expr=p95(TILES, by="").replace("0.95", "0.5"), legend="median"),
        ),
        graph(
            "Found in a cache",
            "Share of the lookups that found what they sought, by cache.",
            "percentunit",
            Query(
                expr='(sum by (cache) (rate(furrow_cache_requests_total{result="hit"}'
                f"[{RATE}])) or 0 * sum by (cache) (rate(furrow_cache_requests_total[{RATE}])))"
                f" / (sum by (cache) (rate(furrow_cache_requests_total[{RATE}])) > 0)",
                legend="{{cache}}",
            ),
            highest=1,
        ),
    ],
)

COMPUTE = Row(
    title="Compute",
    panels=[
        graph(
            "Slots",
            "Slots for raster work: taken, and all there are.",
            "none",
            Query(expr=f"sum(furrow_compute_slots_taken{{{JOB}}})", legend="taken"),
            Query(expr=f"sum(furrow_compute_slots{{{JOB}}})", legend="all"),
        ),
        graph(
            "Queue",
            "Pieces of work that wait for a thread.",
            "none",
            Query(expr=f"sum(furrow_compute_queue_jobs{{{JOB}}})", legend="waiting"),
        ),
        graph(
            "Wait for a thread, 95th percentile",
            "How long work waits before a thread takes it.",
            "s",
            Query(
                expr="histogram_quantile(0.95, sum by (le)"
                f" (rate(furrow_compute_wait_seconds_bucket{{{JOB}}}[{RATE}])))",
                legend="95th percentile",
            ),
            lines=[(1, "orange")],
        ),
        graph(
            "Pixels decoded",
            "Pixels read out of files, per second.",
            "short",
            Query(expr=f"sum(rate(furrow_decoded_pixels_total[{RATE}]))", legend="pixels"),
        ),
        graph(
            "Bytes decoded and read",
            "Bytes that decoding gave, and bytes that were read from stores for it, per second.",
            "Bps",
            Query(expr=f"sum(rate(furrow_decoded_bytes_total[{RATE}]))", legend="decoded"),
            Query(expr=f"sum(rate(furrow_store_read_bytes_total[{RATE}]))", legend="read"),
        ),
        graph(
            "Requests to stores",
            "Requests for objects and ranges of them, per second, by kind of store.",
            "reqps",
            Query(
                expr=f"sum by (store) (rate(furrow_store_requests_total[{RATE}]))",
                legend="{{store}}",
            ),
        ),
    ],
)

DASHBOARD = Dashboard(
    name="imagery",
    title="imagery",
    description="How are scenes, calls and tiles doing, and what limits them?",
    rows=[SCENES, CALLED, COMPUTE],
)

"""For every alert the series that make it fire, and when it must be silent, fire and be over.

Values are in promtool's notation, one sample a step: `1x9` stands for ten samples of 1,
`0+5x9` for 0, 5, … 45. Most cases begin with 10 quiet minutes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One alert seen three times."""

    alert: str
    series: Mapping[str, str]
    fires: str  # when it must fire
    resolved: str  # when it must be over
    silent: str = "9m"  # when all is well, or trouble is younger than the alert's patience
    firing: int = 1  # how many times it fires then, once a set of labels
    step: str = "1m"  # between samples, and between evaluations


def gauge(
    series: str, *, good: float, bad: float, bad_min: int, after_min: int = 60
) -> dict[str, str]:
    """A value that is good for 10 minutes, then bad, then good again."""
    return {series: f"{good:g}x9 {bad:g}x{bad_min - 1} {good:g}x{after_min - 1}"}


def counter(
    series: str, *, per_min: float, bad_min: int, after_min: int = 200, quietly: float = 0
) -> dict[str, str]:
    """A counter that grows quietly for 10 minutes, then by so much a minute, then quietly again."""
    first, second = 10 * quietly, 10 * quietly + bad_min * per_min
    return {
        series: f"0+{quietly:g}x9 {first:g}+{per_min:g}x{bad_min - 1}"
        f" {second:g}+{quietly:g}x{after_min - 1}"
    }


def burn(
    kind: str,
    word: str,
    *,
    over: tuple[str, str],
    factor: float,
    budget: float,
    seconds: int,
    pause_min: int,
) -> Case:
    """A pair of windows: both above the limit, then the short one below it again."""
    long, short = over
    bad = factor * budget * 1.2
    ratio = f"api:http_request_{kind}:ratio_rate"
    requests = 100 * 10 / (seconds * bad)  # a hundred times as much as is asked for at least
    quiet = f"{bad / 2:g}x9"
    return Case(
        alert=f"Api{'Errors' if kind == 'errors' else 'Latency'}Burn{word}",
        series={
            # The long window forgets slowly; it is the short one that ends the alert.
            f"{ratio}{long}": f"{quiet} {bad:g}x{pause_min + 60}",
            f"{ratio}{short}": f"{quiet} {bad:g}x{pause_min + 19} {bad / 20:g}x40",
            f"api:http_request_{kind}:rate{long}": f"{requests * bad:g}x{pause_min + 120}",
        },
        silent=f"{9 + pause_min}m",
        fires=f"{12 + pause_min}m",
        resolved=f"{40 + pause_min}m",
    )


def burns(kind: str, budget: float) -> list[Case]:
    """The four pairs of an objective."""
    return [
        burn(kind, word, over=over, factor=factor, budget=budget, seconds=seconds, pause_min=pause)
        for word, over, factor, seconds, pause in (
            ("Fast", ("1h", "5m"), 14.4, 3600, 2),
            ("Steady", ("6h", "30m"), 6, 6 * 3600, 5),
            ("Slow", ("1d", "2h"), 3, 86400, 15),
            ("Creeping", ("3d", "6h"), 1, 3 * 86400, 30),
        )
    ]


OUR_JOBS = ("django", "furrow-metrics", "furrow-ndvi", "furrow-weather", "caddy")
GIB = 1024**3

PARTS = [
    Case(
        alert="PartDown",
        series={
            f'up{{job="{job}", instance="a"}}': "1x9 0x9 1x9" for job in (*OUR_JOBS, "prometheus")
        }
        | {'up{job="node", instance="a"}': "0x30"},
        silent="11m",
        fires="13m",
        resolved="21m",
        firing=6,
    ),
    Case(
        alert="PartMissing",
        # Prometheus looks back five minutes for a sample.
        series={f'up{{job="{job}"}}': "1x9 _x19 1x9" for job in OUR_JOBS},
        fires="22m",
        resolved="32m",
        firing=5,
    ),
    Case(
        alert="NoWebProcess",
        series=gauge('furrow_metrics_slots_held{role="web"}', good=2, bad=0, bad_min=10)
        | {'up{job="furrow-metrics"}': "1x90"},
        fires="12m",
        resolved="21m",
    ),
    Case(
        alert="NoWebProcess",
        series={
            'furrow_metrics_slots_held{role="web"}': "2x9 _x19 2x9",
            'up{job="furrow-metrics"}': "1x90",
        },
        fires="20m",
        resolved="31m",
    ),
    Case(
        alert="NoWorker",
        series=gauge('furrow_metrics_slots_held{role="worker"}', good=1, bad=0, bad_min=10)
        | {'up{job="furrow-metrics"}': "1x90"},
        silent="11m",
        fires="13m",
        resolved="21m",
    ),
    Case(
        alert="WorkerSilent",
        series={"farm_worker_heartbeat_timestamp_seconds": "0+60x10 600x19 1860+60x10"},
        silent="12m",
        fires="15m",
        resolved="33m",
    ),
    Case(
        alert="CpuSaturated",
        series=counter(
            'process_cpu_seconds_total{job="django", role="web", slot="0"}',
            per_min=59,
            bad_min=40,
            quietly=6,
        ),
        silent="25m",
        fires="40m",
        resolved="60m",
    ),
    Case(
        alert="MemoryNearLimit",
        series={
            name: f"{low:g}x9 {high:g}x19 {low:g}x30"
            for name, low, high in (
                ('part:process_resident_memory_bytes:sum{job="django", role="web"}', GIB / 4, GIB),
                ('part:process_resident_memory_bytes:sum{job="furrow-ndvi"}', GIB, 3 * GIB),
                ('part:process_resident_memory_bytes:sum{job="furrow-weather"}', 1e7, 5e8),
                ('part:process_resident_memory_bytes:sum{job="furrow-metrics"}', 1e7, 5e8),
            )
        },
        silent="15m",
        fires="25m",
        resolved="35m",
        firing=4,
    ),
    Case(
        alert="MemoryGrows",
        # 5 MiB a minute for eight hours; then it is freed.
        series={
            'part:process_resident_memory_bytes:sum{job="furrow-ndvi"}': (
                "100000000x400 100000000+5242880x479 100000000x800"
            )
        },
        silent="400m",
        fires="600m",
        resolved="1500m",
    ),
    Case(
        alert="FilesNearLimit",
        series=gauge('part:process_open_fds:ratio{job="caddy"}', good=0.1, bad=0.9, bad_min=15),
        silent="13m",
        fires="20m",
        resolved="26m",
    ),
]

REQUESTS = [
    Case(
        alert="ErrorShareHigh",
        series=gauge(
            'service:http_request_errors:ratio_rate5m{service="furrow-web"}',
            good=0.01,
            bad=0.2,
            bad_min=15,
        )
        | {'service:http_request_errors:rate5m{service="furrow-web"}': "0.5x90"},
        silent="13m",
        fires="18m",
        resolved="26m",
    ),
    Case(
        alert="LatencyHigh",
        series=gauge(
            'service:http_request_duration_seconds:p95_rate5m{service="furrow-web"}',
            good=0.1,
            bad=4,
            bad_min=20,
        )
        | {'service:http_requests:rate5m{service="furrow-web"}': "2x90"},
        silent="18m",
        fires="25m",
        resolved="31m",
    ),
    *burns("errors", 0.001),
    *burns("slow", 0.01),
    Case(
        alert="BreakerOpen",
        series=gauge('grpc_client_breaker_open{service="furrow-ndvi"}', good=0, bad=1, bad_min=10)
        | counter('grpc_client_refused_calls_total{service="furrow-ndvi"}', per_min=5, bad_min=10)
        | {'grpc_client_breaker_open{service="furrow-ndvi", program="ingest_folder"}': "1x90"},
        silent="10m",
        fires="13m",
        resolved="21m",
    ),
    Case(
        alert="BreakerOpen",
        # Nobody asks the process for anything any more, so it goes on thinking so.
        series=gauge('grpc_client_breaker_open{service="furrow-ndvi"}', good=0, bad=1, bad_min=60)
        | counter('grpc_client_refused_calls_total{service="furrow-ndvi"}', per_min=5, bad_min=10),
        silent="10m",
        fires="13m",
        resolved="32m",
    ),
    Case(
        alert="ComputeSaturated",
        series=gauge(
            'service:furrow_compute_slots_taken:ratio{job="furrow-ndvi"}',
            good=0.5,
            bad=1,
            bad_min=30,
        ),
        silent="20m",
        fires="30m",
        resolved="41m",
    ),
    Case(
        alert="ComputeWaitsLong",
        series=counter(
            'furrow_compute_wait_seconds_bucket{job="furrow-ndvi", le="1.0"}',
            per_min=1,
            bad_min=30,
            quietly=10,
        )
        | {
            f'furrow_compute_wait_seconds_bucket{{job="furrow-ndvi", le="{bound}"}}': "0+10x200"
            for bound in ("5.0", "+Inf")
        },
        silent="18m",
        fires="30m",
        resolved="50m",
    ),
    Case(
        alert="ComputeRefuses",
        series=counter(
            'furrow_compute_refused_calls_total{job="furrow-ndvi"}', per_min=60, bad_min=20
        ),
        silent="14m",
        fires="20m",
        resolved="40m",
    ),
    Case(
        alert="EdgeErrors",
        series=counter(
            'caddy_http_request_duration_seconds_count{job="caddy", code="502"}',
            per_min=30,
            bad_min=20,
        )
        | {'caddy_http_request_duration_seconds_count{job="caddy", code="200"}': "0+60x200"},
        silent="14m",
        fires="22m",
        resolved="40m",
    ),
]

METRICS = [
    Case(
        alert="ScrapeSlow",
        series=gauge('scrape_duration_seconds{job="django"}', good=0.01, bad=4, bad_min=20),
        silent="18m",
        fires="25m",
        resolved="31m",
    ),
    Case(
        alert="ScrapeFails",
        series={'up{job="caddy"}': "1x19 " + "0x0 1x1 " * 15 + "1x40"},
        silent="19m",
        fires="62m",
        resolved="100m",
    ),
    Case(
        alert="SamplesExplode",
        series={
            'scrape_samples_scraped{job="django"}': "8000x70 30000x20 8000x60",
            'scrape_samples_scraped{job="caddy"}': "500x70 120000x20 500x60",
        },
        silent="78m",
        fires="85m",
        resolved="100m",
        firing=2,
    ),
    Case(
        alert="MetricFilesQuarantined",
        series=gauge("furrow_metrics_quarantined_files", good=0, bad=2, bad_min=15),
        silent="13m",
        fires="18m",
        resolved="26m",
    ),
    Case(
        alert="MetricFolderUnreadable",
        series=gauge("furrow_metrics_folder_readable", good=1, bad=0, bad_min=15),
        silent="11m",
        fires="18m",
        resolved="26m",
    ),
    Case(
        alert="MetricSnapshotOld",
        series=gauge("furrow_metrics_snapshot_age_seconds", good=10, bad=400, bad_min=15),
        silent="13m",
        fires="18m",
        resolved="26m",
    ),
    Case(
        alert="MetricSnapshotFails",
        series=counter("furrow_metrics_snapshot_failures_total", per_min=1, bad_min=10),
        fires="15m",
        resolved="40m",
    ),
    Case(
        alert="MetricConflicts",
        series=counter('furrow_metrics_conflicts_total{what="type"}', per_min=1, bad_min=3),
        fires="15m",
        resolved="90m",
    ),
    Case(
        alert="MetricConflicts",
        # The service starts after ten minutes and finds them at once.
        series={
            'furrow_metrics_conflicts_total{what="help"}': "_x9 2x200",
            'process_start_time_seconds{job="furrow-metrics"}': "_x9 600x200",
        },
        silent="8m",
        fires="15m",
        resolved="80m",
    ),
    Case(
        alert="MetricSeriesDropped",
        series=counter(
            'furrow_metrics_dropped_series_total{reason="series"}', per_min=5, bad_min=10
        ),
        fires="15m",
        resolved="40m",
    ),
    Case(
        alert="MetricSeriesDropped",
        series={
            'furrow_metrics_dropped_series_total{reason="series"}': "_x9 9x200",
            'process_start_time_seconds{job="furrow-metrics"}': "_x9 600x200",
        },
        silent="8m",
        fires="15m",
        resolved="40m",
    ),
    Case(
        alert="MetricPushesRefused",
        series=counter('furrow_metrics_pushes_total{result="refused"}', per_min=1, bad_min=10)
        | {'furrow_metrics_pushes_total{result="taken"}': "0+10x90"},
        fires="15m",
        resolved="40m",
    ),
    Case(
        alert="MetricSourceDown",
        series=gauge('furrow_metrics_source_up{source="furrow-ndvi"}', good=1, bad=0, bad_min=15),
        silent="13m",
        fires="18m",
        resolved="26m",
    ),
]

DAYS = 24 * 12  # samples of a day, one in five minutes
WORK = [
    Case(
        alert="JobsWaitLong",
        series=gauge("farm_jobs_oldest_waiting_seconds", good=3, bad=1800, bad_min=15),
        silent="13m",
        fires="18m",
        resolved="26m",
    ),
    Case(
        alert="JobsFail",
        series=counter(
            'farm_jobs_total{kind="ingest_scene", state="failed"}', per_min=1, bad_min=10
        )
        | gauge(
            'kind:farm_jobs_failed:ratio_rate1h{kind="ingest_scene"}',
            good=0.05,
            bad=0.5,
            bad_min=60,
        ),
        fires="20m",
        resolved="95m",
    ),
    Case(
        alert="DataOld",
        series={
            "farm_newest_observation_timestamp_seconds": f"1000x{11 * DAYS} {11 * 86400}x{DAYS}"
        },
        step="5m",
        silent="239h",
        fires="250h",
        resolved="270h",
    ),
    Case(
        alert="DataVeryOld",
        series={
            "farm_newest_observation_timestamp_seconds": f"1000x{21 * DAYS} {21 * 86400}x{DAYS}"
        },
        step="5m",
        silent="300h",
        fires="490h",
        resolved="508h",
    ),
    Case(
        alert="DataVeryOld",
        series={"farm_newest_observation_timestamp_seconds": f"1000x{62 * DAYS}"},
        step="5m",
        silent="300h",
        fires="1000h",
        resolved="1450h",
    ),
]

WEATHER = [
    Case(
        alert="WeatherOld",
        # New at every hour; then nothing for eight of them.
        series={
            'farm_weather_newest_hour_timestamp_seconds{farm="1"}': "0+60x60 3600x480 32400+60x60"
        },
        silent="400m",
        fires="500m",
        resolved="545m",
    ),
    Case(
        alert="WeatherOld",
        # Beyond a month it is an archive of which nobody expects more.
        series={
            'farm_weather_newest_hour_timestamp_seconds{farm="1"}': f"1000x{31 * DAYS} _x{DAYS}"
        },
        step="5m",
        silent="6h",
        fires="100h",
        resolved="730h",
    ),
    Case(
        alert="WeatherProviderLeftAlone",
        series=gauge(
            'farm_weather_provider_breaker_open{provider="open_meteo"}',
            good=0,
            bad=1,
            bad_min=45,
        )
        | {'farm_weather_provider_breaker_open{provider="nasa_power"}': "0x120"},
        silent="38m",
        fires="45m",
        resolved="56m",
    ),
    Case(
        alert="WeatherProviderFails",
        series=counter(
            'farm_weather_provider_requests_total{provider="open_meteo", outcome="http_5xx"}',
            per_min=1,
            bad_min=40,
        )
        | gauge(
            'provider:farm_weather_provider_failed:ratio_rate1h{provider="open_meteo"}',
            good=0.1,
            bad=0.8,
            bad_min=40,
        ),
        silent="20m",
        fires="45m",
        resolved="51m",
    ),
    Case(
        alert="WeatherAnswersInvalid",
        series=counter(
            'farm_weather_provider_requests_total{provider="open_meteo", outcome="invalid"}',
            per_min=1,
            bad_min=10,
            after_min=500,
        ),
        fires="20m",
        resolved="400m",
    ),
    Case(
        alert="WeatherValuesImpossible",
        series=counter(
            'farm_weather_flagged_values_total{flag="range"}',
            per_min=10,
            bad_min=10,
            after_min=500,
        )
        | {'farm_weather_flagged_values_total{flag="step"}': "0+100x520"},
        fires="20m",
        resolved="400m",
    ),
]

PROMETHEUS = [
    Case(
        alert="RulesFail",
        series=counter(
            'prometheus_rule_evaluation_failures_total{rule_group="a"}', per_min=1, bad_min=10
        ),
        fires="15m",
        resolved="40m",
    ),
    Case(
        alert="RulesLate",
        series=counter(
            'prometheus_rule_group_iterations_missed_total{rule_group="a"}', per_min=4, bad_min=20
        ),
        fires="22m",
        resolved="60m",
    ),
    Case(
        alert="PrometheusConfigRefused",
        series=gauge("prometheus_config_last_reload_successful", good=1, bad=0, bad_min=15),
        silent="13m",
        fires="18m",
        resolved="26m",
    ),
    *(
        Case(
            alert="PrometheusStorageFails",
            series=counter(f"prometheus_tsdb_{what}_total", per_min=1, bad_min=5, after_min=300),
            fires="15m",
            resolved="200m",
        )
        for what in ("compactions_failed", "reloads_failures", "wal_corruptions")
    ),
    *(
        Case(
            alert="ScrapeTooLarge",
            series=counter(
                f"prometheus_target_scrapes_exceeded_{what}_limit_total", per_min=1, bad_min=5
            ),
            fires="13m",
            resolved="40m",
        )
        for what in ("sample", "body_size")
    ),
]

HOST = [
    Case(
        alert="HostCpuSaturated",
        # Seconds of idleness: 50 of 60 at first, then one.
        series={
            f'node_cpu_seconds_total{{instance="a", cpu="{cpu}", mode="idle"}}': (
                "0+50x9 500+1x39 540+50x60"
            )
            for cpu in (0, 1)
        },
        silent="20m",
        fires="40m",
        resolved="60m",
    ),
    Case(
        alert="HostMemoryLow",
        series=gauge("node_memory_MemAvailable_bytes", good=8e9, bad=1e8, bad_min=15)
        | {"node_memory_MemTotal_bytes": "16e9x90"},
        silent="13m",
        fires="18m",
        resolved="26m",
    ),
    Case(
        alert="HostDiskFull",
        series=gauge(
            'node_filesystem_avail_bytes{fstype="ext4", mountpoint="/"}',
            good=5e10,
            bad=1e9,
            bad_min=30,
        )
        | {
            'node_filesystem_size_bytes{fstype="ext4", mountpoint="/"}': "1e11x90",
            'node_filesystem_avail_bytes{fstype="tmpfs", mountpoint="/run"}': "0x90",
            'node_filesystem_size_bytes{fstype="tmpfs", mountpoint="/run"}': "1e9x90",
        },
        silent="20m",
        fires="30m",
        resolved="41m",
    ),
]

# By the file of rules that holds the alert.
CASES: dict[str, list[Case]] = {
    "parts": PARTS,
    "requests": REQUESTS,
    "metrics": METRICS,
    "work": WORK,
    "weather": WEATHER,
    "prometheus": PROMETHEUS,
    "host": HOST,
}

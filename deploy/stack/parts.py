"""The seven parts of the stack: command line, environment and readiness of each."""

from __future__ import annotations

import sys

from stack.config import HOST, ROOT, StackConfig
from stack.probes import http_probe, log_probe
from stack.process import Part
from stack.tile_key import kept_tile_key

# glibc gives freed memory back at once and then faults each page in again: of a call that sends a
# year of hours that was four fifths of the CPU. So much a web process keeps instead (mallopt(3)).
KEPT_MEMORY = {
    "MALLOC_TRIM_THRESHOLD_": str(64 << 20),
    "MALLOC_MMAP_THRESHOLD_": str(16 << 20),
}


def environment(config: StackConfig) -> dict[str, str]:
    """Environment of every part: what was inherited, then where all of them meet."""
    # Proxies are for the way out; between the parts there is none.
    inherited = {**config.environment, "NO_PROXY": "*", "PYTHONUNBUFFERED": "1"}
    ours = {
        "FURROW_DATA_DIR": str(config.data_dir),
        "FURROW_STORE_URL": f"file://{config.store_dir}",
        "FURROW_NDVI_TARGET": f"unix:{config.run_dir / 'ndvi.sock'}",
        "FURROW_WEATHER_TARGET": f"unix:{config.run_dir / 'weather.sock'}",
        "FURROW_METRICS_TARGET": f"unix:{config.run_dir / 'metrics.sock'}",
        "FURROW_PUBLIC_URL": public_url(config),
        "PROMETHEUS_MULTIPROC_DIR": str(config.metrics_dir),
        "DJANGO_SETTINGS_MODULE": "orchestrator.settings",
    }
    # The operator's own choice of store, database or public name stands.
    kept = {
        name: inherited[name]
        for name in ("FURROW_STORE_URL", "FURROW_PUBLIC_URL")
        if inherited.get(name)
    }
    hosts = filter(None, [inherited.get("FURROW_ALLOWED_HOSTS", ""), *config.sites])
    return {**inherited, **ours, **kept, "FURROW_ALLOWED_HOSTS": ",".join(hosts)}


def with_tile_key(config: StackConfig) -> dict[str, str]:
    """Environment of those who sign addresses of tiles, and who check them."""
    ours = environment(config)
    return {
        **ours,
        "FURROW_TILE_KEY": ours.get("FURROW_TILE_KEY") or kept_tile_key(config.data_dir),
    }


def public_url(config: StackConfig) -> str:
    """Address that people use: the named site by HTTPS, else HTTPS on localhost."""
    host = config.sites[0] if config.sites else "localhost"
    return f"https://{host}:{config.ports.https.number}"


def furrow_ndvi(config: StackConfig) -> Part:
    """The Rust service: gRPC on a unix socket; tiles, metrics and health on loopback."""
    admin = f"{HOST}:{config.ports.ndvi_admin.number}"
    return Part(
        name="furrow-ndvi",
        command=(config.binaries / "furrow-ndvi",),
        environment={
            **with_tile_key(config),
            "FURROW_NDVI_LISTEN": f"unix:{config.run_dir / 'ndvi.sock'}",
            "FURROW_NDVI_ADMIN_LISTEN": admin,
        },
        ready=http_probe(f"http://{admin}/readyz"),
        folder=ROOT,
    )


def furrow_weather(config: StackConfig) -> Part:
    """The Rust service that computes weather: gRPC on a unix socket; the rest on loopback."""
    admin = f"{HOST}:{config.ports.weather_admin.number}"
    return Part(
        name="furrow-weather",
        command=(config.binaries / "furrow-weather",),
        environment={
            **environment(config),
            "FURROW_WEATHER_LISTEN": f"unix:{config.run_dir / 'weather.sock'}",
            "FURROW_WEATHER_ADMIN_LISTEN": admin,
        },
        ready=http_probe(f"http://{admin}/readyz"),
        folder=ROOT,
    )


def furrow_metrics(config: StackConfig) -> Part:
    """The Rust service that reads everybody's counters, so that no scrape takes Django's time."""
    admin = f"{HOST}:{config.ports.metrics_admin.number}"
    return Part(
        name="furrow-metrics",
        command=(config.binaries / "furrow-metrics",),
        environment={
            **environment(config),
            "FURROW_METRICS_LISTEN": f"unix:{config.run_dir / 'metrics.sock'}",
            "FURROW_METRICS_ADMIN_LISTEN": admin,
            "FURROW_METRICS_STATE_DIR": str(config.metrics_state_dir),
            "FURROW_METRICS_SOURCES": ",".join(
                f"{port.part}=http://{HOST}:{port.number}/metrics"
                for port in (config.ports.ndvi_admin, config.ports.weather_admin)
            ),
        },
        ready=http_probe(f"http://{admin}/readyz"),
        folder=ROOT,
    )


def web(config: StackConfig) -> Part:
    """Django behind the WSGI server, reached by Caddy, Prometheus and the probes."""
    return Part(
        name="web",
        command=(
            sys.executable, "-m", "orchestrator.web_server",
            "--host", HOST,
            "--port", str(config.ports.web.number),
            "--workers", str(config.workers),
        ),
        environment={**KEPT_MEMORY, **with_tile_key(config)},
        ready=http_probe(f"{config.web_url}/readyz"),
        # The HTTP budget of 30 s: requests at work may finish.
        stop_within_s=35.0,
        folder=ROOT,
    )  # fmt: skip


def worker(config: StackConfig) -> Part:
    """Background jobs."""
    return Part(
        name="worker",
        command=(sys.executable, ROOT / "manage.py", "db_worker"),
        environment=environment(config),
        ready=log_probe(config.log_dir / "worker.log", "The job worker is ready."),
        stop_within_s=20.0,
        folder=ROOT,
    )


def caddy(config: StackConfig) -> Part:
    """The edge."""
    https = config.ports.https.number
    sites = ", ".join(f"https://{host}:{https}" for host in ("localhost", HOST, *config.sites))
    return Part(
        name="caddy",
        command=(
            "caddy",
            "run",
            "--config",
            ROOT / "deploy" / "Caddyfile",
            "--adapter",
            "caddyfile",
        ),
        environment={
            **environment(config),
            "FURROW_CADDY_ADMIN": f"{HOST}:{config.ports.caddy_admin.number}",
            "FURROW_CADDY_DIR": str(config.caddy_dir),
            "FURROW_STATIC_DIR": str(config.static_dir),
            "FURROW_HTTP_PORT": str(config.ports.http.number),
            "FURROW_HTTPS_PORT": str(https),
            "FURROW_HTTPS_SITES": sites,
            "FURROW_WEB": f"{HOST}:{config.ports.web.number}",
            "FURROW_TILES": f"{HOST}:{config.ports.ndvi_admin.number}",
            "FURROW_ACCESS_LOG": f"file {config.log_dir / 'access.log'}",
            # Browsers keep HSTS per name for all ports: for a year it would break every other plain
            # HTTP server on this machine's localhost.
            **({} if config.sites else {"FURROW_HSTS_S": "60"}),
            # Caddy keeps its last configuration there.
            "XDG_CONFIG_HOME": str(config.caddy_dir),
            "XDG_DATA_HOME": str(config.caddy_dir),
        },
        ready=http_probe(f"{config.http_url}/"),
        folder=ROOT,
    )


def prometheus(config: StackConfig) -> Part:
    """The scraper, with its series in the data folder."""
    folder = config.prometheus_dir
    address = f"{HOST}:{config.ports.prometheus.number}"
    return Part(
        name="prometheus",
        command=(
            "prometheus",
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'series'}",
            "--storage.tsdb.retention.time=15d",
            "--storage.tsdb.retention.size=1GB",
            f"--web.listen-address={address}",
            "--log.format=json",
        ),
        environment=environment(config),
        ready=http_probe(f"http://{address}/-/ready"),
        folder=folder,
    )

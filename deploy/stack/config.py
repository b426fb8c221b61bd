"""Where the stack keeps its files, which ports it takes, which programs it runs."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from stack.errors import StackError

ROOT = Path(__file__).resolve().parents[2]
HOST = "127.0.0.1"

_HOST_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST_NAME = re.compile(rf"{_HOST_LABEL}(?:\.{_HOST_LABEL})*", re.IGNORECASE)
_WORDS = {"on": True, "true": True, "yes": True, "1": True}
_WORDS |= {"off": False, "false": False, "no": False, "0": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """One port on loopback (HTTPS: on every address) and the variable that moves it."""

    part: str  # name of the part that listens
    variable: str
    number: int  # 1 to 65535


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Every port of the stack."""

    http: Port
    https: Port
    web: Port
    ndvi_admin: Port
    weather_admin: Port
    metrics_admin: Port
    prometheus: Port
    caddy_admin: Port

    def all(self) -> tuple[Port, ...]:
        """Every port, in the order in which the parts start."""
        return (
            self.ndvi_admin,
            self.weather_admin,
            self.metrics_admin,
            self.web,
            self.http,
            self.https,
            self.caddy_admin,
            self.prometheus,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StackConfig:
    """All that differs from one stack to another."""

    data_dir: Path
    metrics_dir: Path  # counters of Python processes, in memory where there is a tmpfs
    binaries: Path  # folder that holds the Rust services
    ports: Ports
    sites: tuple[str, ...]  # host names served over HTTPS besides localhost
    workers: int  # processes of the web server, at least 1
    has_demo: bool  # whether the demo farm is loaded
    environment: Mapping[str, str]  # what every part inherits

    @property
    def run_dir(self) -> Path:
        """Sockets and files written anew at each start."""
        return self.data_dir / "run"

    @property
    def metrics_state_dir(self) -> Path:
        """What furrow-metrics keeps over its own restarts; the counters themselves are not here."""
        return self.data_dir / "metrics"

    @property
    def log_dir(self) -> Path:
        """One log per part."""
        return self.data_dir / "log"

    @property
    def static_dir(self) -> Path:
        """Static files as Caddy serves them."""
        return self.data_dir / "static"

    @property
    def caddy_dir(self) -> Path:
        """Certificates, among them Caddy's own root."""
        return self.data_dir / "caddy"

    @property
    def prometheus_dir(self) -> Path:
        """Prometheus' configuration, targets and series."""
        return self.data_dir / "prometheus"

    @property
    def store_dir(self) -> Path:
        """The object store, unless FURROW_STORE_URL names another."""
        return self.data_dir / "store"

    @property
    def http_url(self) -> str:
        """Plain HTTP on loopback."""
        return f"http://{HOST}:{self.ports.http.number}"

    @property
    def https_url(self) -> str:
        """HTTPS under the name every machine has."""
        return f"https://localhost:{self.ports.https.number}"

    @property
    def web_url(self) -> str:
        """Django behind Caddy's back, for probes and Prometheus."""
        return f"http://{HOST}:{self.ports.web.number}"

    @property
    def root_certificate(self) -> Path:
        """Root of Caddy's internal authority, made at its first start."""
        return self.caddy_dir / "pki" / "authorities" / "local" / "root.crt"


def stack_config(environment: Mapping[str, str] = os.environ) -> StackConfig:
    """Read the configuration from the environment; every variable has a default.

    Raises:
        StackError: A variable holds what cannot be used.
    """
    data_dir = Path(environment.get("FURROW_DATA_DIR") or ROOT / "var").expanduser().resolve()
    target = Path(environment.get("CARGO_TARGET_DIR", ROOT / "rust_services" / "target"))
    return StackConfig(
        data_dir=data_dir,
        metrics_dir=_metrics_dir(environment, data_dir=data_dir),
        binaries=Path(environment.get("FURROW_BIN_DIR", target / "release")),
        ports=_ports(environment),
        sites=_sites(environment),
        workers=_whole_number(environment, "FURROW_WEB_WORKERS", default=2, highest=64),
        has_demo=_flag(environment, "FURROW_DEMO", default=True),
        environment=dict(environment),
    )


def _ports(environment: Mapping[str, str]) -> Ports:
    def port(part: str, variable: str, default: int) -> Port:
        number = _whole_number(environment, variable, default=default, highest=65535)
        return Port(part=part, variable=variable, number=number)

    ports = Ports(
        http=port("caddy", "FURROW_HTTP_PORT", 8080),
        https=port("caddy", "FURROW_HTTPS_PORT", 8443),
        web=port("web", "FURROW_WEB_PORT", 8001),
        ndvi_admin=port("furrow-ndvi", "FURROW_NDVI_ADMIN_PORT", 9101),
        weather_admin=port("furrow-weather", "FURROW_WEATHER_ADMIN_PORT", 9301),
        metrics_admin=port("furrow-metrics", "FURROW_METRICS_ADMIN_PORT", 9201),
        prometheus=port("prometheus", "FURROW_PROMETHEUS_PORT", 9090),
        caddy_admin=port("caddy", "FURROW_CADDY_ADMIN_PORT", 2019),
    )
    taken: dict[int, Port] = {}
    for one in ports.all():
        if (other := taken.setdefault(one.number, one)) is not one:
            raise StackError(f"{other.variable} and {one.variable} are both {one.number}.")
    return ports


def _sites(environment: Mapping[str, str]) -> tuple[str, ...]:
    sites = environment.get("FURROW_SITE", "").replace(",", " ").split()
    for site in sites:
        if not _HOST_NAME.fullmatch(site):
            raise StackError(
                f"FURROW_SITE is '{site}'; it must be a host name such as furrow.example,"
                " without scheme, port and path."
            )
    return tuple(site for site in sites if site != "localhost")


def _flag(environment: Mapping[str, str], variable: str, *, default: bool) -> bool:
    text = environment.get(variable, "").strip()
    if not text:
        return default
    if text.lower() not in _WORDS:
        raise StackError(f"{variable} is '{text}'; it must be on or off.")
    return _WORDS[text.lower()]


def _whole_number(
    environment: Mapping[str, str], variable: str, *, default: int, highest: int
) -> int:
    text = environment.get(variable, "")
    if not text:
        return default
    if not text.isdecimal() or not 1 <= int(text) <= highest:
        raise StackError(f"{variable} is '{text}'; it must be a whole number from 1 to {highest}.")
    return int(text)


def _metrics_dir(environment: Mapping[str, str], *, data_dir: Path) -> Path:
    if named := environment.get("PROMETHEUS_MULTIPROC_DIR"):
        return Path(named).absolute()
    shared_memory = Path("/dev/shm")  # noqa: S108 - a folder of our own is made inside, mode 0700
    if shared_memory.is_dir() and os.access(shared_memory, os.W_OK):
        # One folder per data folder, so that two stacks on a machine do not mix their counters.
        return shared_memory / f"furrow-{os.getuid()}-{_short_digest(data_dir)}"
    return data_dir / "run" / "counters"


def _short_digest(path: Path) -> str:
    return sha256(str(path).encode()).hexdigest()[:12]

"""What the process environment says, parsed once and refused in sentences.

``settings`` calls :func:`parse` with ``os.environ``; tests pass a plain mapping. Every default is
the safe one: no debugging, no wildcard host, loopback only.
"""

from __future__ import annotations

import ipaddress
import os
import re
import secrets
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

if TYPE_CHECKING:
    from collections.abc import Mapping

S3_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "[::1]")
# A name or an address, without port; Django checks the requests' own more closely.
HOST = re.compile(r"[a-z0-9.:-]+")
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
# Django's own check (security.W009) calls a shorter key weak.
SECRET_KEY_MIN_LENGTH = 50
TILE_KEY = re.compile(r"(?:[0-9a-fA-F]{2}){32,64}")
WEATHER_PROVIDERS = ("open_meteo", "nasa_power", "met_norway")
# What may stand in a header: no line breaks, nothing that is not ASCII.
CONTACT = re.compile(r"[!-~](?:[ -~]{0,198}[!-~])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Address:
    """A bucket as object store; boto3 reads the key that signs from the environment itself."""

    bucket: str
    prefix: str  # of every key, without slashes at its ends; may be empty
    endpoint: str | None  # None: Amazon's own
    region: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WeatherProviders:
    """Who is asked for weather, and where."""

    keys: tuple[str, ...]  # in order of preference; empty: nothing goes out
    open_meteo_url: str  # no slash at the end of any
    open_meteo_archive_url: str
    nasa_power_url: str
    met_norway_url: str
    contact: str  # mail or address in the User-Agent; empty: none, and MET Norway is not asked
    open_meteo_key: str  # of a customer; empty: the free service


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """The whole configuration that comes from outside."""

    data_dir: Path  # absolute; database, store, sockets, logs
    secret_key: str | None  # None: kept in <data_dir>/secret_key
    debug: bool
    allowed_hosts: tuple[str, ...]  # never a wildcard
    public_url: str  # scheme://host[:port], no slash at the end
    database_url: str
    store_root: Path  # absolute; the folder behind FURROW_STORE_URL, unused with a bucket
    store_s3: S3Address | None  # None: the store is the folder
    ndvi_target: str  # gRPC target, unix:/path or dns:///host:port or host:port
    metrics_target: str  # of furrow-metrics, likewise
    weather_target: str  # of furrow-weather, likewise
    weather: WeatherProviders
    trusted_proxies: tuple[Network, ...]  # direct peers whose X-Forwarded-… are believed
    log_level: str
    upload_max_bytes: int  # all files of one scene together; the edge reads the same variable
    mask_dilation_m: float  # 0 to 1000; see farm.imagery.masks
    tile_key: bytes | None  # 32 to 64 bytes that sign addresses of tiles; None: no tiles

    @property
    def public_host(self) -> str:
        """Host of the public address, without the port."""
        return urlsplit(self.public_url).hostname or ""

    @property
    def is_loopback(self) -> bool:
        """Whether the public address is this machine's own."""
        return self.public_host in {"localhost", "127.0.0.1", "::1"}

    @property
    def is_public_https(self) -> bool:
        """Whether people reach the site by HTTPS."""
        return self.public_url.startswith("https://")


def parse(variables: Mapping[str, str], *, project_dir: Path) -> Environment:
    """Read the configuration from environment variables.

    Args:
        variables: Names and values, usually ``os.environ``. An empty value counts as not given.
        project_dir: Where the code lies; its folder ``var`` is the data folder of a checkout.

    Raises:
        ImproperlyConfigured: A value makes no sense; the sentence names variable and value.
    """
    given = {name: value.strip() for name, value in variables.items() if value.strip()}
    # An installed package has no business writing into site-packages.
    home = project_dir if (project_dir / "manage.py").is_file() else Path.cwd()
    data_dir = Path(given.get("FURROW_DATA_DIR", home / "var")).expanduser().absolute()
    public_url = _public_url(given.get("FURROW_PUBLIC_URL", "http://localhost:8080"))
    store_url = given.get("FURROW_STORE_URL", f"file://{data_dir / 'store'}")
    store_s3 = _s3_address(store_url, given) if store_url.startswith("s3:") else None
    return Environment(
        data_dir=data_dir,
        secret_key=_secret_key(given.get("FURROW_SECRET_KEY")),
        debug=_flag("FURROW_DEBUG", given.get("FURROW_DEBUG", "off")),
        allowed_hosts=_allowed_hosts(given.get("FURROW_ALLOWED_HOSTS", ""), public_url=public_url),
        public_url=public_url,
        database_url=_database_url(
            given.get("DATABASE_URL", f"sqlite:///{data_dir / 'db.sqlite3'}")
        ),
        store_root=_store_root(store_url) if store_s3 is None else data_dir / "store",
        store_s3=store_s3,
        ndvi_target=given.get("FURROW_NDVI_TARGET", f"unix:{data_dir / 'run' / 'ndvi.sock'}"),
        metrics_target=given.get(
            "FURROW_METRICS_TARGET", f"unix:{data_dir / 'run' / 'metrics.sock'}"
        ),
        weather_target=given.get(
            "FURROW_WEATHER_TARGET", f"unix:{data_dir / 'run' / 'weather.sock'}"
        ),
        weather=_weather_providers(given),
        trusted_proxies=_networks(given.get("FURROW_TRUSTED_PROXIES", "127.0.0.0/8,::1/128")),
        log_level=_log_level(given.get("FURROW_LOG_LEVEL", "INFO")),
        upload_max_bytes=int(
            _number(
                "FURROW_UPLOAD_MAX_BYTES", given, default=2 * 1024**3, smallest=1, largest=2**50
            )
        ),
        mask_dilation_m=_number(
            "FURROW_MASK_DILATION_M", given, default=0, smallest=0, largest=1000
        ),
        tile_key=_tile_key(given.get("FURROW_TILE_KEY")),
    )


def kept_secret_key(data_dir: Path) -> str:
    """Return the key kept in ``<data_dir>/secret_key``; make it on first use, readable by us only.

    Several processes may start at the same moment: each writes its own file and links it into
    place, the first link wins, and all read the winner.
    """
    kept = data_dir / "secret_key"
    if not kept.exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        own = data_dir / f".secret_key.{os.getpid()}.{secrets.token_hex(4)}"
        descriptor = os.open(own, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(64))
            file.flush()
            os.fsync(file.fileno())
        try:
            kept.hardlink_to(own)
        except FileExistsError:
            pass  # another process was first
        finally:
            own.unlink()
    key = kept.read_text().strip()
    if len(key) < SECRET_KEY_MIN_LENGTH:
        msg = f"{kept} holds no usable key; remove the file and a new one is made."
        raise ImproperlyConfigured(msg)
    return key


def _flag(name: str, value: str) -> bool:
    words = {"on": True, "true": True, "yes": True, "1": True}
    words |= {"off": False, "false": False, "no": False, "0": False}
    if value.lower() not in words:
        msg = f"{name} is “{value}”; it must be on or off."
        raise ImproperlyConfigured(msg)
    return words[value.lower()]


def _secret_key(value: str | None) -> str | None:
    if value is not None and len(value) < SECRET_KEY_MIN_LENGTH:
        msg = (
            f"FURROW_SECRET_KEY has {len(value)} characters; it needs at least"
            f" {SECRET_KEY_MIN_LENGTH}. Leave it out and one is made and kept in the data folder."
        )
        raise ImproperlyConfigured(msg)
    return value


def _tile_key(value: str | None) -> bytes | None:
    if value is None:
        return None
    if not TILE_KEY.fullmatch(value):
        msg = (
            "FURROW_TILE_KEY must be 64 to 128 hexadecimal digits, an even number of them, such as"
            " `openssl rand -hex 32` makes; furrow-ndvi reads the same one."
        )
        raise ImproperlyConfigured(msg)
    return bytes.fromhex(value)


def _public_url(value: str) -> str:
    parts = urlsplit(value)
    host = parts.hostname or ""
    if (
        parts.scheme not in {"http", "https"}
        or not HOST.fullmatch(host)
        or parts.path not in {"", "/"}
    ):
        msg = (
            f"FURROW_PUBLIC_URL is “{value}”; it must look like https://furrow.example"
            " or http://localhost:8080, without a path."
        )
        raise ImproperlyConfigured(msg)
    return f"{parts.scheme}://{parts.netloc}"


def _allowed_hosts(value: str, *, public_url: str) -> tuple[str, ...]:
    hosts = [host.strip() for host in value.split(",") if host.strip()]
    if any("*" in host for host in hosts):
        msg = (
            "FURROW_ALLOWED_HOSTS has a wildcard; name the hosts, separated by commas,"
            " because links and cookies are made of the name that a request brings."
        )
        raise ImproperlyConfigured(msg)
    host = urlsplit(public_url).hostname or ""
    own = f"[{host}]" if ":" in host else host
    return tuple(dict.fromkeys([*LOOPBACK_HOSTS, own, *hosts]))


def _database_url(value: str) -> str:
    scheme = value.partition("://")[0]
    if scheme not in {"sqlite", "postgres", "postgresql"}:
        msg = (
            f"DATABASE_URL begins with “{scheme}”; it must be sqlite:///<path>"
            " or postgresql://<user>:<password>@<host>/<name>."
        )
        raise ImproperlyConfigured(msg)
    return value


def _store_root(value: str) -> Path:
    parts = urlsplit(value)
    if parts.scheme != "file" or parts.netloc or not parts.path.startswith("/"):
        msg = (
            f"FURROW_STORE_URL is “{value}”; it must be file:///<absolute folder>"
            " or s3://<bucket>/<prefix>."
        )
        raise ImproperlyConfigured(msg)
    return Path(unquote(parts.path))


def _s3_address(value: str, given: Mapping[str, str]) -> S3Address:
    parts = urlsplit(value)
    if not S3_BUCKET.fullmatch(parts.netloc) or parts.query or parts.fragment:
        msg = (
            f"FURROW_STORE_URL is “{value.rpartition('@')[2]}”; a bucket is s3://<bucket>/<prefix>,"
            " without anything else."
        )
        raise ImproperlyConfigured(msg)
    if find_spec("boto3") is None:
        msg = "FURROW_STORE_URL names a bucket; that needs boto3: pip install 'furrow[s3]'."
        raise ImproperlyConfigured(msg)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        if name not in given:
            msg = f"FURROW_STORE_URL names a bucket; {name} is missing."
            raise ImproperlyConfigured(msg)
    return S3Address(
        bucket=parts.netloc,
        prefix=unquote(parts.path).strip("/"),
        endpoint=_s3_endpoint(given),
        region=given.get("AWS_REGION", given.get("AWS_DEFAULT_REGION", "us-east-1")),
    )


def _s3_endpoint(given: Mapping[str, str]) -> str | None:
    """Return the S3 server: in the clear only on this machine or where the operator says so."""
    names = ("FURROW_S3_ENDPOINT", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
    name = next((name for name in names if name in given), None)
    if name is None:
        return None
    value = given[name]
    parts = urlsplit(value)
    allows_http = _flag("FURROW_S3_ALLOW_HTTP", given.get("FURROW_S3_ALLOW_HTTP", "off"))
    is_loopback = parts.hostname in {"localhost", "::1"} or (parts.hostname or "").startswith(
        "127."
    )
    if parts.scheme == "https" or (parts.scheme == "http" and (allows_http or is_loopback)):
        return value.rstrip("/")
    # Not the whole address: an error is logged, and an address may hold a password.
    shown = f"{parts.scheme}://{parts.hostname or ''}"
    msg = f"{name} is “{shown}”; it must be https://…, unless FURROW_S3_ALLOW_HTTP is on."
    raise ImproperlyConfigured(msg)


def _weather_providers(given: Mapping[str, str]) -> WeatherProviders:
    value = given.get("FURROW_WEATHER_PROVIDERS", "open_meteo,nasa_power")
    keys = tuple(dict.fromkeys(key.strip().lower() for key in value.split(",") if key.strip()))
    if keys == ("none",):
        keys = ()
    for key in keys:
        if key not in WEATHER_PROVIDERS:
            msg = (
                f"FURROW_WEATHER_PROVIDERS names “{key}”; there are"
                f" {', '.join(WEATHER_PROVIDERS)}, or none."
            )
            raise ImproperlyConfigured(msg)
    contact = _in_header("FURROW_WEATHER_CONTACT", given)
    if "met_norway" in keys and not contact:
        msg = (
            "FURROW_WEATHER_PROVIDERS names met_norway, whose terms ask who calls: set"
            " FURROW_WEATHER_CONTACT to a mail address or a web page."
        )
        raise ImproperlyConfigured(msg)
    return WeatherProviders(
        keys=keys,
        open_meteo_url=_provider_url("FURROW_OPEN_METEO_URL", given, "https://api.open-meteo.com"),
        open_meteo_archive_url=_provider_url(
            "FURROW_OPEN_METEO_ARCHIVE_URL", given, "https://archive-api.open-meteo.com"
        ),
        nasa_power_url=_provider_url("FURROW_NASA_POWER_URL", given, "https://power.larc.nasa.gov"),
        met_norway_url=_provider_url("FURROW_MET_NORWAY_URL", given, "https://api.met.no"),
        contact=contact,
        open_meteo_key=_in_header("FURROW_OPEN_METEO_KEY", given),
    )


def _in_header(name: str, given: Mapping[str, str]) -> str:
    value = given.get(name, "")
    if value and not CONTACT.fullmatch(value):
        # Not the value: one of them is a key.
        msg = f"{name} must be 1 to 200 ASCII characters on one line."
        raise ImproperlyConfigured(msg)
    return value


def _provider_url(name: str, given: Mapping[str, str], default: str) -> str:
    value = given.get(name, default)
    parts = urlsplit(value)
    is_plain = not (parts.query or parts.fragment or parts.username or parts.password)
    if parts.scheme not in {"http", "https"} or not parts.hostname or not is_plain:
        shown = f"{parts.scheme}://{parts.hostname or ''}"
        msg = f"{name} is “{shown}”; it must look like {default}, without password or query."
        raise ImproperlyConfigured(msg)
    return value.rstrip("/")


def _networks(value: str) -> tuple[Network, ...]:
    try:
        return tuple(
            ipaddress.ip_network(part.strip()) for part in value.split(",") if part.strip()
        )
    except ValueError as error:
        msg = (
            f"FURROW_TRUSTED_PROXIES is “{value}”; it must be addresses or networks"
            f" separated by commas: {error}."
        )
        raise ImproperlyConfigured(msg) from error


def _number(
    name: str, given: Mapping[str, str], *, default: float, smallest: float, largest: float
) -> float:
    value = given.get(name, str(default))
    try:
        number = float(value)
    except ValueError:
        number = float("nan")
    if not smallest <= number <= largest:
        msg = f"{name} is “{value}”; it must be a number from {smallest} to {largest}."
        raise ImproperlyConfigured(msg)
    return number


def _log_level(value: str) -> str:
    if value.upper() not in LOG_LEVELS:
        msg = f"FURROW_LOG_LEVEL is “{value}”; it must be one of {', '.join(LOG_LEVELS)}."
        raise ImproperlyConfigured(msg)
    return value.upper()

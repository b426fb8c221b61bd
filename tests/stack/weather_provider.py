"""A provider of weather on this machine, for a stack that may not ask anybody outside.

It answers as Open-Meteo does, whatever days it is asked for. Of some places it has no weather.
"""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

# Latitudes of places of which something else than weather comes.
FIREWALL, BROKEN = 10, 20
# Of the place whose thermometer says what cannot be.
IMPOSSIBLE = 30
UNITS = {
    "temperature_2m": "°C",
    "relative_humidity_2m": "%",
    "dew_point_2m": "°C",
    "wind_speed_10m": "m/s",
    "wind_gusts_10m": "m/s",
    "wind_direction_10m": "°",
    "precipitation": "mm",
    "shortwave_radiation": "W/m²",
    "surface_pressure": "hPa",
    "cloud_cover": "%",
    "precipitation_probability": "%",
    "weather_code": "wmo code",
}


class Answering(BaseHTTPRequestHandler):
    """Answers `/v1/forecast` and `/v1/archive`."""

    def do_GET(self) -> None:
        """Answer."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        latitude = float(asked["latitude"])
        status, kind, body = 200, "application/json", b""
        if math.floor(latitude) == FIREWALL:
            kind, body = "text/html", b"<html>Please sign in.</html>"
        elif math.floor(latitude) == BROKEN:
            status = 500
        else:
            body = json.dumps(_weather(asked, latitude)).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Say nothing."""


def _weather(asked: dict[str, str], latitude: float) -> dict[str, Any]:
    """A mild, dry fortnight: a wave a day."""
    first, last = _days(asked)
    begin = int(datetime(first.year, first.month, first.day, tzinfo=UTC).timestamp())
    times = range(begin, begin + ((last - first).days + 1) * 86_400, 3600)
    wave = [math.sin((time % 86_400 - 32_400) / 86_400 * math.tau) for time in times]
    highest = 90 if math.floor(latitude) == IMPOSSIBLE else 14
    columns = {
        "temperature_2m": [round(highest + 6 * up, 1) for up in wave],
        "relative_humidity_2m": [round(70 - 20 * up) for up in wave],
        "dew_point_2m": [round(7 + up, 1) for up in wave],
        "wind_speed_10m": [round(3 + up, 1) for up in wave],
        "wind_gusts_10m": [round(6 + 2 * up, 1) for up in wave],
        "wind_direction_10m": [round(200 + 40 * up) for up in wave],
        "precipitation": [0.0 for _ in wave],
        "shortwave_radiation": [round(max(0.0, 600 * up)) for up in wave],
        "surface_pressure": [round(1003 + 2 * up, 1) for up in wave],
        "cloud_cover": [round(40 - 30 * up) for up in wave],
        "precipitation_probability": [5 for _ in wave],
        "weather_code": [2 for _ in wave],
    }
    wanted = asked["hourly"].split(",")
    return {
        "latitude": latitude,
        "longitude": float(asked["longitude"]),
        "elevation": 40.0,
        "utc_offset_seconds": 0,
        "hourly_units": {"time": "unixtime", **{name: UNITS[name] for name in wanted}},
        "hourly": {"time": list(times), **{name: columns[name] for name in wanted}},
    }


def _days(asked: dict[str, str]) -> tuple[date, date]:
    if "start_date" in asked:
        return date.fromisoformat(asked["start_date"]), date.fromisoformat(asked["end_date"])
    today = datetime.now(UTC).date()
    past, ahead = int(asked.get("past_days", 0)), int(asked.get("forecast_days", 7))
    return today - timedelta(days=past), today + timedelta(days=ahead - 1)


@contextmanager
def weather_provider() -> Iterator[str]:
    """Serve until the block ends; gives the address that stands for Open-Meteo's."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)

"""Scrape as Prometheus does: one at a time, on a fixed beat, over a kept connection.

A scrape that takes longer than the beat leaves out the beats it covered; they are counted.
"""

from __future__ import annotations

import http.client
import json
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

# What Prometheus 2.42 sends for each format; the second it sends by default.
ACCEPT = {
    "text": "text/plain;version=0.0.4",
    "openmetrics": "application/openmetrics-text;version=1.0.0",
    "protobuf": "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;"
    "encoding=delimited",
}
TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What is scraped."""

    port: int
    path: str
    format: str = "text"
    gzip: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """When scrapes are due; the first half a beat after the start."""

    start_s: float
    rate_per_s: float
    seconds: float


@dataclass(slots=True, kw_only=True)
class Scrapes:
    """What came of them."""

    durations_s: list[float] = field(default_factory=list)  # request sent to last byte
    bytes_each: list[int] = field(default_factory=list)  # of the body, as it was sent
    missed: int = 0
    failed: int = 0


class Scraper:
    """A kept connection to one source."""

    def __init__(self, source: Source) -> None:
        """Connect on first use."""
        self.source, self.scrapes = source, Scrapes()
        self.connection = http.client.HTTPConnection("127.0.0.1", source.port, timeout=TIMEOUT_S)

    def scrape(self) -> bytes:
        """Scrape once and note it; the body as it was sent."""
        headers = {"Accept": ACCEPT[self.source.format]}
        if self.source.gzip:
            headers["Accept-Encoding"] = "gzip"
        begun = time.monotonic()
        try:
            self.connection.request("GET", self.source.path, headers=headers)
            answer = self.connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException):
            self.connection.close()
            self.scrapes.failed += 1
            return b""
        self.scrapes.durations_s.append(time.monotonic() - begun)
        self.scrapes.bytes_each.append(len(body))
        self.scrapes.failed += answer.status != 200
        return body


def follow(beat: Beat, scraper: Scraper) -> Scrapes:
    """Scrape on the beat until the time is over."""
    end_s, number = beat.start_s + beat.seconds, 0
    while (due_s := beat.start_s + (number + 0.5) / beat.rate_per_s) < end_s:
        now = time.monotonic()
        if now > due_s + 1 / beat.rate_per_s:  # the next beat is due already
            scraper.scrapes.missed += 1
        else:
            time.sleep(max(0.0, due_s - now))
            scraper.scrape()
        number += 1
    scraper.connection.close()
    return scraper.scrapes


def main() -> None:
    """Read source and beat from the first argument, write the outcome to the second's file."""
    told = json.loads(sys.argv[1])
    scraper = Scraper(Source(**told["source"]))
    outcome = follow(Beat(**told["beat"]), scraper)
    Path(sys.argv[2]).write_text(json.dumps(asdict(outcome)))


if __name__ == "__main__":
    main()

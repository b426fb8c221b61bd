"""A web process that counts the requests it is told of, with the metrics of the catalogue.

``python requests_writer.py FOLDER`` reads a JSON list a line from standard input, each entry
``[route, code, seconds, cpu_seconds]``, counts them and answers each line with one.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from farm.observability import values

CPU_BOUNDS = (
    0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1,
    2.5, 5, 10,
)  # fmt: skip
DURATION_BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


def main() -> None:
    """Count until standard input ends."""
    values.share(Path(sys.argv[1]), role="web")
    from prometheus_client import Counter, Histogram

    labels = ["runtime", "service", "route", "method"]
    requests = Counter("http_requests", "Requests", [*labels, "code"])
    duration = Histogram(
        "http_request_duration_seconds", "Time", [*labels, "code_class"], buckets=DURATION_BOUNDS
    )
    cpu = Histogram(
        "http_request_cpu_seconds", "CPU time", [*labels, "code_class"], buckets=CPU_BOUNDS
    )
    # Something to be seen by before the first request.
    Counter("writer_starts", "Starts").inc()
    for line in sys.stdin:
        for route, code, seconds, cpu_seconds in json.loads(line):
            common = ("python", "furrow-web", route, "GET")
            requests.labels(*common, code).inc()
            duration.labels(*common, f"{code[0]}xx").observe(seconds)
            cpu.labels(*common, f"{code[0]}xx").observe(cpu_seconds)
        print("counted", flush=True)


if __name__ == "__main__":
    main()

"""The program ``furrow-web``: Django behind granian. bench/wsgi says why granian.

Two processes with a few threads each: a thread waits for the Rust services without holding the
interpreter, and one request keeps one thread, which the CPU time per request is measured by.
"""

from __future__ import annotations

import argparse
import os
from typing import Any

from granian import Granian
from granian.constants import HTTPModes, Interfaces

# The budget of a request at the edge; a worker that is asked to end may finish what it began.
REQUEST_BUDGET_S = 30
# Requests that wait or run in one process; beyond it connections wait in the kernel's backlog.
OPEN_REQUESTS_PER_PROCESS = 128
# A process that has grown beyond this is replaced by a fresh one between requests.
PROCESS_MEMORY_MIB = 768

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {
            "()": "orchestrator.logging.JsonLineFormatter",
            "format": "%(levelname)s %(name)s %(message)s",
            "rename_fields": {"levelname": "level", "name": "logger"},
            "timestamp": "time",
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "loggers": {"_granian": {"handlers": ["stderr"], "level": "INFO", "propagate": False}},
}


def threads_per_process() -> int:
    """Return two threads per core, 4 at least where granian does not think them too many."""
    cores = os.cpu_count() or 1
    return min(max(4, 2 * cores), 2 * cores + 1, 16)


def main() -> None:
    """Serve until SIGTERM; SIGHUP replaces the processes one by one."""
    parser = argparse.ArgumentParser(prog="furrow-web", description="Serve Furrow over plain HTTP.")
    parser.add_argument("--host", default="127.0.0.1", help="address (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8001, help="port (default: %(default)s)")
    parser.add_argument("--workers", type=int, default=2, help="processes (default: %(default)s)")
    options = parser.parse_args()
    threads = threads_per_process()
    os.environ["WEB_THREADS_PER_PROCESS"] = str(threads)  # for orchestrator.wsgi
    Granian(
        "orchestrator.wsgi:application",
        interface=Interfaces.WSGI,
        address=options.host,
        port=options.port,
        workers=options.workers,
        blocking_threads=threads,
        backpressure=OPEN_REQUESTS_PER_PROCESS,
        # Caddy speaks HTTP/1.1 to us.
        http=HTTPModes.http1,
        websockets=False,
        log_dictconfig=LOGGING,
        respawn_failed_workers=True,
        workers_kill_timeout=REQUEST_BUDGET_S,
        workers_max_rss=PROCESS_MEMORY_MIB,
    ).serve()


if __name__ == "__main__":
    main()

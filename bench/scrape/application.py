"""The WSGI application under measurement: the real one, with synthetic series beside its own.

``BENCH_SERIES`` says how many lines of samples each process adds; ``BENCH_INSTRUMENTATION=off``
leaves out everything that measures requests, the database and the cache;
``BENCH_READY_DIR`` is where each process says that it has written its series.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

IS_INSTRUMENTED = os.environ.get("BENCH_INSTRUMENTATION", "on") != "off"
if not IS_INSTRUMENTED:
    os.environ["DJANGO_SETTINGS_MODULE"] = "bench.scrape.bare_settings"

Answer = Iterable[bytes]


def inner() -> Callable[..., Answer]:
    """The application as the stack serves it, or Django's own handler without any wrapper."""
    if IS_INSTRUMENTED:
        from orchestrator.wsgi import application as whole

        return whole
    from django.core.wsgi import get_wsgi_application

    return get_wsgi_application()


django_application = inner()  # before the first synthetic metric: it says whose files they are

from bench.scrape.peers import speedups_page  # noqa: E402
from bench.scrape.synthetic import Series  # noqa: E402

series = Series(int(os.environ.get("BENCH_SERIES", "0")))


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Answer:
    """Change a few synthetic series and answer."""
    if environ["PATH_INFO"] == "/bench/speedups":
        page = speedups_page()
        start_response("200 OK", [("Content-Length", str(len(page)))])
        return [page]
    series.touch()
    return django_application(environ, start_response)


if folder := os.environ.get("BENCH_READY_DIR"):
    (Path(folder) / str(os.getpid())).touch()

"""The page of metrics as Django itself can give it: slow, and only as good as its worst file.

furrow-metrics reads the same files without Python, and is what Prometheus scrapes. This page stays
for configurations that name it, and to compare the two.
"""

from __future__ import annotations

import struct

from prometheus_client import REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from farm.observability.values import shared_folder


class UnreadableMetricsError(Exception):
    """A file in the shared folder cannot be read; prometheus_client gives up on all of them."""


def python_page() -> bytes:
    """Return the metrics of all processes that share a folder; else those of this process.

    Raises:
        UnreadableMetricsError: There is a file that prometheus_client cannot read.
    """
    folder = shared_folder()
    if folder is None:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    try:
        MultiProcessCollector(registry, path=str(folder))  # type: ignore[no-untyped-call]
        return generate_latest(registry)
    except (OSError, RuntimeError, ValueError, LookupError, struct.error) as error:
        raise UnreadableMetricsError(str(error)) from error

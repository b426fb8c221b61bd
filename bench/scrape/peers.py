"""What prometheus_client does in Python, with its merging replaced by its Rust extension."""

from __future__ import annotations

import os
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.samples import Sample


class SpeedupsCollector:
    """`MultiProcessCollector` with ``merge`` of prometheus_client_python_speedups."""

    def collect(self) -> Iterable[Metric]:
        """Merge the files of the directory."""
        # Only where it is installed; it has no types.
        merge = import_module("prometheus_client_python_speedups").merge
        folder = Path(os.environ["PROMETHEUS_MULTIPROC_DIR"])
        for merged in merge([str(path) for path in folder.glob("*.db")]):
            yield as_metric(merged)


def as_metric(merged: Any) -> Metric:
    """The metric that ``generate_latest`` writes."""
    metric = Metric(merged.name, merged.documentation, merged.typ)
    metric.samples = [Sample(each.name, each.labels, each.value) for each in merged.samples]
    return metric


def speedups_page() -> bytes:
    """A scrape's answer."""
    registry = CollectorRegistry()
    registry.register(SpeedupsCollector())
    return generate_latest(registry)

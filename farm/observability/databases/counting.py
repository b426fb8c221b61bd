"""Cursors that count what they execute.

django-prometheus makes a class for each cursor and looks every metric up by its labels for each
statement, which costs as much as the statement; here both are done once a connection's kind.
"""

from __future__ import annotations

import time
from functools import cache
from typing import Any

from django_prometheus.db import (
    connection_errors_total,
    connections_total,
    errors_total,
    execute_many_total,
    execute_total,
    query_duration_seconds,
)

from farm.observability.increments import Observed, add, value_of


@cache  # a handful: classes of cursors × aliases of databases
def counting(cursor_class: type[Any], alias: str, vendor: str) -> type[Any]:
    """Return the class of cursors with django-prometheus' counts."""
    executed = execute_total.labels(alias, vendor)
    executed_many = execute_many_total.labels(alias, vendor)
    took = Observed(query_duration_seconds.labels(alias, vendor))
    one = (value_of(executed), 1)

    class CountingCursor(cursor_class):  # type: ignore[misc]
        """Counts and times statements."""

        def execute(self, *arguments: Any, **options: Any) -> Any:
            """Execute a statement."""
            began = time.perf_counter()
            try:
                return super().execute(*arguments, **options)
            except Exception as error:
                errors_total.labels(alias, vendor, type(error).__name__).inc()
                raise
            finally:
                add((one, *took.rises(time.perf_counter() - began)))

        def executemany(self, query: Any, rows: Any, *arguments: Any, **options: Any) -> Any:
            """Execute a statement for each row."""
            if not hasattr(rows, "__len__"):
                rows = list(rows)
            executed.inc(len(rows))
            executed_many.inc(len(rows))
            began = time.perf_counter()
            try:
                return super().executemany(query, rows, *arguments, **options)
            except Exception as error:
                errors_total.labels(alias, vendor, type(error).__name__).inc()
                raise
            finally:
                add(took.rises(time.perf_counter() - began))

    return CountingCursor


class CountedConnections:
    """Counts the connections that a database wrapper opens."""

    alias: str
    vendor: str

    def get_new_connection(self, *arguments: Any, **options: Any) -> Any:
        """Connect."""
        connections_total.labels(self.alias, self.vendor).inc()
        try:
            return super().get_new_connection(*arguments, **options)  # type: ignore[misc]
        except Exception:
            connection_errors_total.labels(self.alias, self.vendor).inc()
            raise

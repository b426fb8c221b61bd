"""SQLite, counted."""

from __future__ import annotations

from typing import Any

from django.db.backends.sqlite3 import base

from farm.observability.databases.counting import CountedConnections, counting


class DatabaseWrapper(CountedConnections, base.DatabaseWrapper):
    """Django's, with cursors that count."""

    def create_cursor(self, name: str | None = None) -> Any:
        """Open a cursor."""
        del name
        factory = counting(base.SQLiteCursorWrapper, self.alias, self.vendor)
        return self.connection.cursor(factory=factory)

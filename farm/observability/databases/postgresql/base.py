"""PostgreSQL, counted."""

from __future__ import annotations

from typing import Any

from django.db.backends.postgresql import base

from farm.observability.databases.counting import CountedConnections, counting


class DatabaseWrapper(CountedConnections, base.DatabaseWrapper):
    """Django's, with cursors that count."""

    def get_connection_params(self) -> dict[str, Any]:
        """Let connections make such cursors."""
        parameters: dict[str, Any] = super().get_connection_params()
        parameters["cursor_factory"] = counting(
            parameters["cursor_factory"], self.alias, self.vendor
        )
        return parameters

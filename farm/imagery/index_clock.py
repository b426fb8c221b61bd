"""The clock of the views that say how old a number is."""

from __future__ import annotations

from datetime import UTC, datetime


class Clocked:
    """Gives a view its time; tests give another."""

    def now(self) -> datetime:
        """Return the time in UTC."""
        return datetime.now(UTC)

"""Whether the parts that a request needs are there."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import DEFAULT_DB_ALIAS, Error, connections
from django.db.migrations.executor import MigrationExecutor


@dataclass(frozen=True, slots=True, kw_only=True)
class PartState:
    """One part and whether it is ready."""

    name: str
    is_ready: bool
    detail: str  # one sentence, fit for anybody's eyes


class _Migrations:
    """Remembers that nothing is left to migrate: that does not change while a process lives."""

    are_applied = False


def part_states() -> list[PartState]:
    """Ask every part, the database first."""
    database = _database_state()
    return [database, *_service_states()] if database.is_ready else [database]


def _database_state() -> PartState:
    connection = connections[DEFAULT_DB_ALIAS]
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        if not _Migrations.are_applied:
            executor = MigrationExecutor(connection)
            missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
            if missing:
                detail = f"{len(missing)} migrations are not applied."
                return PartState(name="database", is_ready=False, detail=detail)
            _Migrations.are_applied = True
    except Error:
        return PartState(name="database", is_ready=False, detail="The database does not answer.")
    return PartState(name="database", is_ready=True, detail="Reachable, migrated.")


def _service_states() -> list[PartState]:
    # Here, because loading gRPC takes longer than most management commands run.
    from farm.clients.states import service_states

    return [
        PartState(name=state.name, is_ready=state.is_serving, detail=state.detail or "Serving.")
        for state in service_states()
    ]

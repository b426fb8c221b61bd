"""Queries whose SQL is made once.

To build a query and compile it costs Django several times what the database takes to answer one by
a key (bench/api). A prepared query is written as any other, is compiled by Django when it is first
asked, and from then on only its values change.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from django.db.models.query import QuerySet

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

RowT = TypeVar("RowT")

# Numbers that no constant of a query is; the values of a call take their places.
_FIRST_NUMBER = 7_000_000_000_000_000
_FIRST_SHARE = 0.123_456_701_2
# What a column of whole numbers holds: nothing beyond it is equal to any.
_LARGEST_NUMBER = 2**63 - 1


class Prepared(Generic[RowT]):
    """A query of which only values change from call to call.

    Nothing of it may be left out: a value that does not reach the SQL is an error, so that a
    condition cannot get lost.
    """

    def __init__(self, build: Callable[..., QuerySet[Any, RowT]]) -> None:
        """Take what builds the query.

        Args:
            build: Called as ``rows`` is, with stand-ins in place of the values. It must not look
                at them; what decides the form of the query is the shape.
        """
        self._build = build
        # A compiled query belongs to its thread's connection.
        self._of_thread = threading.local()

    def rows(self, *shape: Hashable, **values: float | str) -> list[RowT]:
        """Return the rows.

        Args:
            shape: What decides the form of the query, few different ones.
            values: Whole numbers, floats or texts that its conditions compare with.
        """
        if any(
            isinstance(value, int) and abs(value) > _LARGEST_NUMBER for value in values.values()
        ):
            return []
        compiled: dict[Any, _Compiled[RowT]] = self._of_thread.__dict__.setdefault("compiled", {})
        key = (shape, *values)
        query = compiled.get(key)
        if query is None:
            query = compiled[key] = _compiled(self._build, shape, values)
        return query.rows(values)


@dataclass(slots=True, kw_only=True)
class _Compiled(Generic[RowT]):
    queryset: Any
    compiler: Any
    sql: str
    params: tuple[Any, ...]
    places: tuple[tuple[int, str], ...]  # of a parameter, and whose value it takes

    def rows(self, values: dict[str, Any]) -> list[RowT]:
        bound = list(self.params)
        for place, name in self.places:
            bound[place] = values[name]
        self.compiler.as_sql = lambda: (self.sql, tuple(bound))
        return list(self.queryset._iterable_class(self.queryset))


def _compiled(
    build: Callable[..., QuerySet[Any, RowT]], shape: tuple[Any, ...], values: dict[str, Any]
) -> _Compiled[RowT]:
    markers = {name: _marker(value, number) for number, (name, value) in enumerate(values.items())}
    queryset: Any = build(*shape, **markers)
    compiler = queryset.query.get_compiler(using=queryset.db)
    sql, params = compiler.as_sql()
    name_of = {marker: name for name, marker in markers.items()}
    places = tuple(
        (place, name_of[param])
        for place, param in enumerate(params)
        if isinstance(param, int | float | str) and param in name_of
    )
    lost = set(values) - {name for _, name in places}
    if lost:
        msg = f"The query does not depend on {', '.join(sorted(lost))}."
        raise ValueError(msg)
    converters = compiler.get_converters([column[0] for column in compiler.select])
    compiler.get_converters = lambda _: converters
    queryset.query.get_compiler = lambda *_, **__: compiler
    return _Compiled(
        queryset=queryset, compiler=compiler, sql=sql, params=tuple(params), places=places
    )


def _marker(value: object, number: int) -> Any:
    match value:
        case str():
            return f"\ue000{number}"
        case float():
            return _FIRST_SHARE + number * 1e-9
        case _:
            return _FIRST_NUMBER + number

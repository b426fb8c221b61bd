"""The numbers of prometheus_client's metrics, kept in the files of a slot.

What ``prometheus_client.values.MultiProcessValue`` does, in the same files, at a third of the cost:
it asks for its process at each increment and finds each value by its key, while a slot changes only
with a fork, and a value's place in its file never does. Several values can be written under one
lock, because a request counts some thirty of them.
"""

from __future__ import annotations

import os
from struct import Struct
from threading import Lock
from typing import TYPE_CHECKING, Any

from prometheus_client.mmap_dict import mmap_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from farm.observability.increments import Increment
    from farm.observability.slots import Slots

_pack = Struct("dd").pack
_lock = Lock()


def _renew_lock() -> None:
    global _lock
    _lock = Lock()  # a thread of the parent may have held the old one


os.register_at_fork(after_in_child=_renew_lock)


def slot_values(slots: Slots, opened: Callable[[str], Any]) -> type[Any]:
    """Return a class of values, to be ``prometheus_client.values.ValueClass``.

    Args:
        slots: Names the slot; its identifier is empty after a fork.
        opened: Opens a file of counters by its path.
    """
    files: dict[str, Any] = {}
    values: list[SlotValue] = []

    def reopen() -> None:
        """Count on in the files of this process's own slot. The lock is held."""
        identifier = slots.identifier()
        SlotValue.identifier = identifier
        for file in files.values():
            file.close()
        files.clear()
        for value in values:
            value.place()

    class SlotValue:
        """One number. Its lock is that of all."""

        _multiprocess = True
        identifier = ""

        def __init__(
            self,
            typ: str,
            metric_name: str,
            name: str,
            labelnames: Iterable[str],
            labelvalues: Iterable[str],
            help_text: str,
            multiprocess_mode: str = "",
            **options: Any,
        ) -> None:
            """Find the number's place, or make one."""
            del options
            self._prefix = f"{typ}_{multiprocess_mode}" if typ == "gauge" else typ
            self._key = mmap_key(metric_name, name, list(labelnames), list(labelvalues), help_text)
            with _lock:
                if slots.held != SlotValue.identifier or not SlotValue.identifier:
                    reopen()
                self.place()
                values.append(self)

        def place(self) -> None:
            """Open the file, if nobody has, and read what stands in it. The lock is held."""
            if self._prefix not in files:
                path = slots.folder / f"{self._prefix}_{SlotValue.identifier}.db"
                files[self._prefix] = opened(str(path))
            self._file = files[self._prefix]
            self._value: float
            self._value, self._timestamp = self._file.read_value(self._key)
            self._where = self._file.place_of(self._key)

        def inc(self, amount: float) -> None:
            """Add."""
            add_all(((self, amount),))

        def set(self, value: float, timestamp: float | None = None) -> None:
            """Overwrite."""
            with _lock:
                if slots.held != SlotValue.identifier:
                    reopen()
                self._value = value
                self._timestamp = timestamp or 0.0
                if self._where is not None:
                    self._file._m[self._where] = _pack(value, self._timestamp)

        def get(self) -> float:
            """Return the number."""
            with _lock:
                if slots.held != SlotValue.identifier:
                    reopen()
                return self._value

        def set_exemplar(self, exemplar: object) -> None:
            """Keep none: the files have no room for them."""

        def get_exemplar(self) -> None:
            """Return none."""

        @staticmethod
        def add_all(increments: Iterable[Increment]) -> None:
            """Add to each of several values, under one lock."""
            add_all(increments)

    def add_all(increments: Iterable[Increment]) -> None:
        with _lock:
            if slots.held != SlotValue.identifier:
                reopen()
            for value, amount in increments:
                value._value = total = value._value + amount
                where = value._where
                if where is not None:
                    value._file._m[where] = _pack(total, 0.0)

    return SlotValue

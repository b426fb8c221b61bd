"""Where the numbers of prometheus_client's metrics are kept: in the files of a slot, or in memory.

Long-lived processes share a folder: :func:`share_if_asked` puts them there. Everything else, each
management command that ends after seconds, counts in its own memory: :func:`keep`. One of the two
must be called before the first metric is made, because a metric asks only once.
"""

from __future__ import annotations

import logging
import os
import struct
from contextlib import suppress
from pathlib import Path
from typing import Any

from prometheus_client import REGISTRY, values
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.mmap_dict import MmapedDict

from farm.observability.slot_values import slot_values
from farm.observability.slots import NOWHERE, Slots, is_sound

log = logging.getLogger("furrow.metrics")

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"

# Of a fresh file; prometheus_client's own beginning.
FIRST_BYTES = 1 << 16

_pack = struct.Struct("dd").pack
_slots: Slots | None = None
_is_decided = False


class MetricsExistError(RuntimeError):
    """A metric was made before it was decided where its number is kept."""


def share(folder: Path, *, role: str) -> Slots:
    """Count in a folder that processes share.

    Args:
        folder: Where the files lie. Without it the process counts in memory, and says so once.
        role: What the process is: ``web``, ``worker``.

    Raises:
        MetricsExistError: A metric exists already; it would be kept elsewhere.
    """
    global _slots, _is_decided
    _refuse_metrics("shared")
    slots = Slots(folder, role=role)
    # prometheus_client's own view of all processes finds the folder here.
    os.environ[FOLDER_VARIABLE] = str(folder)
    values.ValueClass = slot_values(slots, _opened)
    _slots, _is_decided = slots, True
    return slots


def share_if_asked(*, role: str) -> None:
    """Count in the folder that ``PROMETHEUS_MULTIPROC_DIR`` names, in memory where it names none.

    Args:
        role: What the process is: ``web``, ``worker``.
    """
    if name := os.environ.get(FOLDER_VARIABLE, "").strip():
        share(Path(name).absolute(), role=role)
    else:
        keep()


def keep() -> None:
    """Count in this process's memory, unless it was decided already.

    Raises:
        MetricsExistError: A metric exists that is kept in files.
    """
    global _is_decided
    if _is_decided:
        return
    if values.ValueClass is not values.MutexValue:
        _refuse_metrics("kept in memory")
        values.ValueClass = values.MutexValue
    _is_decided = True


def shared_folder() -> Path | None:
    """Return the folder that this process counts in; None: it counts in memory."""
    if _slots is None or _slots.identifier() == NOWHERE:
        return None
    return _slots.folder


def _refuse_metrics(where: str) -> None:
    made = [it for it in REGISTRY._collector_to_names if isinstance(it, MetricWrapperBase)]
    if made:
        msg = f"Metrics exist already, {made[0]!r} for one; they would not be {where}."
        raise MetricsExistError(msg)


def _opened(path: str) -> SlotFile | Nowhere:
    """Open a file of this process's slot; where there is none, a memory that nobody reads."""
    if path.endswith(f"_{NOWHERE}.db"):
        return Nowhere()
    try:
        return SlotFile(path)
    except (OSError, ValueError) as error:
        log.error("What is counted in %s stays in this process: %s", path, error)
        return Nowhere()


class SlotFile(MmapedDict):
    """A file of counters that never ends the process: a full disk costs counts, not requests."""

    def __init__(self, path: str) -> None:
        """Open or begin the file.

        Raises:
            OSError: It cannot be written.
            ValueError: What stands in it are no counters.
        """
        _reserve(path)
        if not is_sound(Path(path)):
            msg = "what stands in it are no counters"
            raise ValueError(msg)
        self._is_full = False
        super().__init__(path)  # type: ignore[no-untyped-call]

    def _init_value(self, key: str) -> None:
        """Append a series. Where there is no room it is not counted."""
        encoded_bytes = len(key.encode())
        needed = self._used + 4 + encoded_bytes + 8 + 16
        if needed > self._capacity:
            # A mapped page that the disk has no room for ends the process with SIGBUS.
            grown = self._capacity
            while grown < needed:
                grown *= 2
            os.posix_fallocate(self._f.fileno(), 0, grown)
        super()._init_value(key)  # type: ignore[no-untyped-call]

    def read_value(self, key: str) -> Any:
        """Return value and timestamp of a series; a new one begins at 0."""
        try:
            return super().read_value(key)  # type: ignore[no-untyped-call]
        except OSError as error:
            if not self._is_full:
                self._is_full = True  # said once: there may be thousands
                log.error("Series have no room in %s and are not counted: %s", self._fname, error)
            return (0.0, 0.0)

    def write_value(self, key: str, value: float, timestamp: float) -> None:
        """Overwrite a series that was read before; in one piece, so that nobody sees half."""
        place = self.place_of(key)
        if place is not None:
            self._m[place] = _pack(value, timestamp)

    def place_of(self, key: str) -> slice | None:
        """Return where value and timestamp of a series stand; None: it had no room."""
        position = self._positions.get(key)
        return None if position is None else slice(position, position + 16)


class Nowhere:
    """Takes what is counted in a process that has no file for it."""

    def read_value(self, key: str) -> tuple[float, float]:
        """Return value and timestamp of a new series."""
        del key
        return (0.0, 0.0)

    def place_of(self, key: str) -> None:
        """Nowhere; the metric itself remembers its value."""

    def close(self) -> None:
        """There is nothing to close."""


def _reserve(path: str) -> None:
    """Take the room of a fresh file from the disk before it is mapped."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        if os.fstat(descriptor).st_size == 0:
            try:
                os.posix_fallocate(descriptor, 0, FIRST_BYTES)
            except OSError:
                with suppress(OSError):
                    os.ftruncate(descriptor, 0)
                raise
    finally:
        os.close(descriptor)

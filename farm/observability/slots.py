"""Which number a process counts under: a slot, held by a lock that the kernel drops with it.

Counters of all processes lie in one folder, in files that end in the slot's number. A number per
process would leave files of every process that ever lived; a slot is taken over by the next one,
which goes on counting where the dead one stopped.

The lock is one of the open file description (``F_OFD_SETLK``): it falls however the process dies,
holds across containers because it lies on the inode, and furrow-metrics can ask for it without
taking it. A POSIX lock would fall as soon as any descriptor of the file was closed.
"""

from __future__ import annotations

import errno
import fcntl
import json
import logging
import os
import struct
import threading
import uuid
import weakref
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

log = logging.getLogger("furrow.metrics")

MOST_SLOTS = 64
GENERATION = "generation"
# What a process without a slot says to be; nothing is written under it.
NOWHERE = "nowhere"

# struct flock of Linux: l_type, l_whence, l_start, l_len, l_pid; here the whole file.
_WHOLE_FILE = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
# Field 22 of /proc/<pid>/stat, counted from the one after the name.
_START_TICKS = 22 - 3
_INTEGER = struct.Struct("i")  # of prometheus_client's files, in the machine's own order
# What is only true of a living process goes with it; of `all` the sums would grow for ever.
_GONE_WITH_THE_PROCESS = ("gauge_live*_{number}.db", "gauge_all_{number}.db")


class NoFreeSlotError(OSError):
    """Every slot is held by a living process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A slot that is held as long as the descriptor is open."""

    number: int  # from 0
    descriptor: int


class Slots:
    """Gives this process its slot in a folder, on first use and anew after a fork.

    Safe from several threads. Nothing here raises for want of a folder or a slot: a process that
    cannot be counted must serve all the same.

    Args:
        folder: Where the files lie; made if it is missing.
        role: What the process is, for those who read the lock: ``web``, ``worker``.
    """

    def __init__(self, folder: Path, *, role: str) -> None:
        """Hold nothing yet."""
        self.folder = folder
        self.role = role
        self._lock = threading.Lock()
        # The identifier, empty before the slot is taken and after a fork: for who looks often.
        self.held = ""
        self._lease: Lease | None = None
        self._parents: int | None = None
        _every.add(self)

    def identifier(self) -> str:
        """Return the number of the slot as decimal text, or ``NOWHERE``.

        It takes no lock once the slot is known.
        """
        return self.held or self._take()

    @property
    def number(self) -> int | None:
        """The slot that this process holds; None: none yet, or none was to be had."""
        return self._lease.number if self._lease else None

    def release(self) -> None:
        """Give the slot back; the next use takes one again."""
        with self._lock:
            if self._lease:
                os.close(self._lease.descriptor)
            self._forget()

    def _take(self) -> str:
        with self._lock:
            if not self.held:
                try:
                    self.folder.mkdir(parents=True, exist_ok=True)
                    keep_generation(self.folder)
                    self._lease = take(self.folder, role=self.role, but=self._parents)
                    self.held = str(self._lease.number)
                except OSError as error:
                    self.held = NOWHERE
                    log.error(
                        "This process is not counted in %s and keeps its figures to itself: %s",
                        self.folder,
                        error,
                    )
            return self.held

    def _forget(self) -> None:
        self._lease = None
        self.held = ""

    def _forget_after_fork(self) -> None:
        # The lock is the parent's: closing this copy leaves it in place, unlocking would not.
        self._lock = threading.Lock()
        if self._lease:
            # Also once it is free: prometheus_client opens its files anew only for another number,
            # and would go on in the parent's from where they stood at the fork.
            self._parents = self._lease.number
            with suppress(OSError):
                os.close(self._lease.descriptor)
        self._forget()


_every: weakref.WeakSet[Slots] = weakref.WeakSet()


def _forget_all_after_fork() -> None:
    for slots in _every:
        slots._forget_after_fork()


os.register_at_fork(after_in_child=_forget_all_after_fork)


def take(folder: Path, *, role: str, but: int | None = None) -> Lease:
    """Take the lowest free slot and clear it of what died with its last holder.

    Args:
        folder: Where the files lie.
        role: What the process is.
        but: A slot to leave alone.

    Raises:
        NoFreeSlotError: All are held.
        OSError: The folder cannot be written to.
    """
    for number in range(MOST_SLOTS):
        if number == but:
            continue
        descriptor = _locked(folder / f"slot{number}.lock")
        if descriptor is None:
            continue
        try:
            _sign(descriptor, role=role)
            _tidy(folder, number)
        except BaseException:
            os.close(descriptor)
            raise
        return Lease(number=number, descriptor=descriptor)
    msg = f"all {MOST_SLOTS} slots are held by living processes"
    raise NoFreeSlotError(errno.EAGAIN, msg)


def keep_generation(folder: Path) -> None:
    """Name the folder's content, if nobody has: a new name means that counting began anew."""
    kept = folder / GENERATION
    if kept.exists():
        return
    own = folder / f".{GENERATION}.{uuid.uuid4()}"
    try:
        own.write_text(f"{uuid.uuid4()}\n")
        kept.hardlink_to(own)  # appears with its content; the first of several wins
    except FileExistsError:
        pass
    finally:
        own.unlink(missing_ok=True)


def _locked(path: Path) -> int | None:
    """Open and lock a file, if nobody holds it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, _WHOLE_FILE)
        if os.path.samestat(os.fstat(descriptor), path.stat()):
            return descriptor
    except (BlockingIOError, PermissionError, FileNotFoundError):
        pass  # held, or the folder was emptied meanwhile and this is no longer the file
    except BaseException:
        os.close(descriptor)
        raise
    os.close(descriptor)
    return None


def _sign(descriptor: int, *, role: str) -> None:
    """Write who holds the slot; never empty in between, so that a reader sees one or the other."""
    holder = {"pid": os.getpid(), "start_ticks": _start_ticks(), "role": role}
    line = json.dumps(holder).encode() + b"\n"
    os.pwrite(descriptor, line, 0)
    os.ftruncate(descriptor, len(line))


def _start_ticks() -> int:
    """Return when this process began, in ticks since the machine did: tells a pid's next owner."""
    try:
        fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return int(fields[_START_TICKS])


def _tidy(folder: Path, number: int) -> None:
    for pattern in _GONE_WITH_THE_PROCESS:
        for path in folder.glob(pattern.format(number=number)):
            path.unlink(missing_ok=True)
    for path in _files(folder, number):
        if not is_sound(path):
            # Under another name it harms nobody, and whoever wonders can look at it.
            path.replace(path.with_suffix(".broken"))
            log.error("A file of counters could not be read and was put aside: %s", path)


def _files(folder: Path, number: int) -> Iterator[Path]:
    for path in folder.glob(f"*_{number}.db"):
        if path.stem.rpartition("_")[2] == str(number):
            yield path


def is_sound(path: Path) -> bool:
    """Whether prometheus_client could go on counting in a file: its entries fit one another.

    It does not check this itself, and a file that a full disk cut short would end the process.
    """
    content = path.read_bytes()
    if not content:
        return True  # opened and not yet begun
    if len(content) < 8:
        return False
    used: int = _INTEGER.unpack_from(content, 0)[0]
    if used == 0:
        return True
    if used > len(content):
        return False
    position = 8
    while position < used:
        if used - position < _INTEGER.size:
            return False
        (key_bytes,) = _INTEGER.unpack_from(content, position)
        key_end = position + 4 + key_bytes
        entry_end = key_end + 8 - (4 + key_bytes) % 8 + 16
        if key_bytes < 0 or entry_end > used:
            return False
        try:
            content[position + 4 : key_end].decode()
        except UnicodeDecodeError:
            return False
        position = entry_end
    return position == used

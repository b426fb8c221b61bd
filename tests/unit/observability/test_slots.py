"""A slot is held by one living process, and by nobody once that has died."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import struct
import threading
from pathlib import Path

import pytest

from farm.observability import slots as module
from farm.observability.slots import GENERATION, NOWHERE, NoFreeSlotError, Slots, is_sound, take

from .conftest import Started, said, tell

HOLD = """
import sys
from pathlib import Path
from farm.observability.slots import Slots
slots = Slots(Path(sys.argv[1]), role="web")
print(slots.identifier(), flush=True)
sys.stdin.readline()
"""

FORK = """
import os, sys
from pathlib import Path
from farm.observability.slots import Slots
slots = Slots(Path(sys.argv[1]), role="web")
print(slots.identifier(), flush=True)
inherited = slots._lease.descriptor
if os.fork() == 0:
    try:
        os.fstat(inherited)
        print("still open", flush=True)
    except OSError:
        print("closed", flush=True)
    print(slots.identifier(), flush=True)
    os._exit(0)
os.wait()
print(slots.identifier(), flush=True)
sys.stdin.readline()
"""

ORPHAN = """
import os, sys, time
from pathlib import Path
from farm.observability.slots import Slots
slots = Slots(Path(sys.argv[1]), role="web")
print(slots.identifier(), flush=True)
parent = os.getpid()
if os.fork():
    os._exit(0)
while os.getppid() == parent:
    time.sleep(0.01)
print(slots.identifier(), flush=True)
"""

EXEC = """
import os, subprocess, sys
from pathlib import Path
from farm.observability.slots import Slots
slots = Slots(Path(sys.argv[1]), role="web")
print(slots.identifier(), flush=True)
quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "stdin": subprocess.DEVNULL}
print(subprocess.Popen(["sleep", "60"], close_fds=False, **quiet).pid, flush=True)
sys.stdin.readline()
"""


def holder(path: Path) -> int | None:
    """Whether somebody holds the lock, asked without taking it: 0 for an OFD lock, None free."""
    question = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
    with path.open("rb") as file:
        answer = struct.unpack("hhqqi4x", fcntl.fcntl(file, fcntl.F_OFD_GETLK, question))
    return None if answer[0] == fcntl.F_UNLCK else answer[4]


def test_the_lowest_slot_that_a_dead_process_left_is_taken_next(
    start: Started, folder: Path
) -> None:
    processes = []
    numbers = []
    for _ in range(3):
        processes.append(start(HOLD, folder))
        numbers.append(said(processes[-1]))

    processes[1].send_signal(signal.SIGKILL)
    processes[1].wait()
    was_free = holder(folder / "slot1.lock") is None
    next_one = start(HOLD, folder)

    assert numbers == ["0", "1", "2"]
    assert was_free
    assert holder(folder / "slot2.lock") is not None
    assert said(next_one) == "1"


def test_a_lock_says_who_holds_it(start: Started, folder: Path) -> None:
    process = start(HOLD, folder)
    said(process)

    told = json.loads((folder / "slot0.lock").read_text())

    stat = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    assert told == {"pid": process.pid, "start_ticks": int(stat[19]), "role": "web"}


def test_a_shorter_name_leaves_nothing_of_the_longer_one(folder: Path) -> None:
    folder.mkdir()
    lease = take(folder, role="a role of many words")
    os.close(lease.descriptor)

    lease = take(folder, role="web")

    assert json.loads((folder / "slot0.lock").read_text())["role"] == "web"
    os.close(lease.descriptor)


def test_a_forked_child_takes_a_slot_of_its_own_and_leaves_its_parents_held(
    start: Started, folder: Path
) -> None:
    process = start(FORK, folder)

    lines = [said(process) for _ in range(4)]

    assert lines == ["0", "closed", "1", "0"]
    assert holder(folder / "slot0.lock") is not None
    assert holder(folder / "slot1.lock") is None


def test_a_child_does_not_go_on_under_the_number_of_its_dead_parent(
    start: Started, folder: Path
) -> None:
    process = start(ORPHAN, folder)

    # The files it inherited are not those of another number, so prometheus_client opens its own.
    assert [said(process), said(process)] == ["0", "1"]


def test_a_program_that_is_started_does_not_hold_the_slot(start: Started, folder: Path) -> None:
    process = start(EXEC, folder)
    assert said(process) == "0"
    program = int(said(process))

    process.kill()
    process.wait()
    is_held = holder(folder / "slot0.lock") is not None
    os.kill(program, signal.SIGKILL)

    assert not is_held


def test_without_a_free_slot_a_process_counts_nowhere_and_says_so_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "MOST_SLOTS", 2)
    held = [Slots(folder, role="web") for _ in range(2)]
    assert [slots.identifier() for slots in held] == ["0", "1"]

    late = Slots(folder, role="web")
    named = [late.identifier() for _ in range(3)]

    assert named == [NOWHERE] * 3
    assert late.number is None
    assert len(caplog.records) == 1
    assert "all 2 slots are held" in caplog.text
    with pytest.raises(NoFreeSlotError):
        take(folder, role="web")
    for slots in held:
        slots.release()


@pytest.mark.parametrize("what", ["a file is in its place", "it cannot be made"])
def test_without_a_folder_a_process_counts_nowhere(
    tmp_path: Path, what: str, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "taken").touch()
    path = tmp_path / "taken" if what == "a file is in its place" else tmp_path / "taken/metrics"

    assert Slots(path, role="web").identifier() == NOWHERE
    assert len(caplog.records) == 1


def test_two_threads_get_the_same_slot(folder: Path) -> None:
    slots = Slots(folder, role="web")
    found: list[str] = []
    together = threading.Barrier(8)

    def ask() -> None:
        together.wait()
        found.append(slots.identifier())

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == ["0"] * 8
    slots.release()


def test_a_slot_that_was_given_back_is_taken_again(folder: Path) -> None:
    slots = Slots(folder, role="web")
    slots.identifier()

    slots.release()

    assert slots.number is None
    assert holder(folder / "slot0.lock") is None
    assert slots.identifier() == "0"
    slots.release()


def test_what_is_true_of_a_living_process_alone_goes_with_it(folder: Path) -> None:
    folder.mkdir()
    stay = {"counter_0.db", "histogram_0.db", "gauge_max_0.db", "gauge_liveall_1.db"}
    stay |= {"gauge_all_10.db", "counter_10.db"}
    for name in stay | {"gauge_liveall_0.db", "gauge_livesum_0.db", "gauge_all_0.db"}:
        (folder / name).touch()

    os.close(take(folder, role="web").descriptor)

    assert {path.name for path in folder.glob("*.db")} == stay


def test_a_broken_file_is_put_aside_when_its_slot_is_taken(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder.mkdir()
    (folder / "counter_0.db").write_bytes(b"\x40\0\0\0" + b"garbage" * 9)
    (folder / "counter_1.db").write_bytes(b"not ours to judge")

    os.close(take(folder, role="web").descriptor)

    assert not (folder / "counter_0.db").exists()
    assert (folder / "counter_0.broken").exists()
    assert (folder / "counter_1.db").exists()
    assert "put aside" in caplog.text


def entry(key: bytes, value: float = 1.0) -> bytes:
    padded = key + b" " * (8 - (len(key) + 4) % 8)
    return struct.pack("i", len(key)) + padded + struct.pack("dd", value, 0.0)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", True),
        (b"\0" * 65536, True),
        (struct.pack("ii", 8, 0), True),
        (struct.pack("ii", 8 + len(entry(b"key")), 0) + entry(b"key"), True),
        (b"\x08\0\0", False),
        (struct.pack("ih", 6, 0), False),
        (struct.pack("iih", 10, 0, 0), False),  # not even a length of a key
        (struct.pack("ii", 4096, 0), False),
        (struct.pack("ii", -8, 0) + entry(b"key"), False),
        (struct.pack("ii", 16, 0) + entry(b"key"), False),
        (struct.pack("ii", 40, 0) + struct.pack("i", -24) + b"\0" * 28, False),
        (struct.pack("ii", 40, 0) + struct.pack("i", 2**31 - 1) + b"\0" * 28, False),
        (struct.pack("ii", 8 + len(entry(b"\xff\xfe")), 0) + entry(b"\xff\xfe"), False),
    ],
)
def test_only_a_file_that_can_be_gone_on_with_is_sound(
    tmp_path: Path, content: bytes, expected: bool
) -> None:
    path = tmp_path / "counter_0.db"
    path.write_bytes(content)

    assert is_sound(path) is expected


def test_the_folders_content_is_named_once(start: Started, folder: Path) -> None:
    processes = [start(HOLD, folder) for _ in range(4)]
    numbers = {said(process) for process in processes}
    name = (folder / GENERATION).read_text()

    later = start(HOLD, folder)
    said(later)

    assert numbers == {"0", "1", "2", "3"}
    assert len(name.strip()) == 36
    assert (folder / GENERATION).read_text() == name
    assert not list(folder.glob(".generation*"))


def test_a_name_that_cannot_be_written_leaves_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, *_: object) -> None:
        path.touch()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)

    assert Slots(folder, role="web").identifier() == NOWHERE
    assert list(folder.iterdir()) == []


def test_a_lock_file_that_was_taken_away_meanwhile_is_not_held(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.mkdir()
    lock = fcntl.fcntl
    emptied = []

    def empty_first(*arguments: object) -> object:
        if not emptied:
            emptied.append((folder / "slot0.lock").unlink())
        return lock(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(module.fcntl, "fcntl", empty_first)
    lease = take(folder, role="web")

    # A lock on a file without a name would be seen by nobody.
    assert lease.number == 1
    os.close(lease.descriptor)


def test_the_next_process_waits_for_nobody(start: Started, folder: Path) -> None:
    process = start(HOLD, folder)
    said(process)

    tell(process)
    process.wait(10)

    assert holder(folder / "slot0.lock") is None

"""What is counted lies in the slot's files, whatever becomes of the process."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, Counter
from prometheus_client.multiprocess import MultiProcessCollector

from farm.observability import values

from .conftest import Started, said, tell

COUNT = """
import sys
from pathlib import Path
from farm.observability import values
slots = values.share(Path(sys.argv[1]), role="web")
from prometheus_client import Counter
done = Counter("done", "Done.", ["what"])
print("ready", flush=True)
for line in sys.stdin:
    for _ in range(int(line)):
        done.labels("it").inc()
    print(slots.identifier(), done.labels("it")._value.get(), flush=True)
"""

EVERY_KIND = """
import os, sys
from pathlib import Path
if sys.argv[2] == "ours":
    from farm.observability import values
    values.share(Path(sys.argv[1]), role="web")
else:
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = sys.argv[1]
    from prometheus_client import values
    values.ValueClass = values.MultiProcessValue(process_identifier=lambda: "0")
from prometheus_client import Counter, Gauge, Histogram, Summary
done = Counter("done", "Done: \\\\ and \\n.", ["what"])
for number in range(2000):
    done.labels(f'"{number}" \\N{GREEK SMALL LETTER ALPHA}').inc(number / 7)
Histogram("took", "Took.", ["x"], buckets=(1, 2)).labels("y").observe(1.5)
Summary("size", "Size.").observe(3)
for mode in sorted(Gauge._MULTIPROC_MODES):
    Gauge(f"now_{mode}", "Now.", multiprocess_mode=mode)
Gauge("level", "Level.", multiprocess_mode="livesum").dec(2)
print("done", flush=True)
"""

FORK = """
import os, sys
from pathlib import Path
from farm.observability import values
slots = values.share(Path(sys.argv[1]), role="web")
from prometheus_client import Counter
done = Counter("done", "Done.")
done.inc(100)
children = []
for _ in range(3):
    child = os.fork()
    if child == 0:
        done.inc(1)
        os.write(1, (slots.identifier() + os.linesep).encode())  # in one piece
        os.read(0, 1)
        os._exit(0)
    children.append(child)
done.inc(1000)
for child in children:
    os.waitpid(child, 0)
print(slots.identifier(), flush=True)
"""

THREADS = """
import sys, threading
from pathlib import Path
from farm.observability import values
values.share(Path(sys.argv[1]), role="web")
from prometheus_client import Counter
done = Counter("done", "Done.", ["what"])
def work():
    for number in range(5000):
        done.labels(str(number % 7)).inc()
threads = [threading.Thread(target=work) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print("done", flush=True)
"""

AFTERWARDS = """
import sys
from pathlib import Path
from prometheus_client import Counter
Counter("early", "Too early.")
from farm.observability import values
try:
    values.share(Path(sys.argv[1]), role="web")
except values.MetricsExistError as error:
    print(error, flush=True)
"""

IN_MEMORY = """
import os, sys
os.environ["PROMETHEUS_MULTIPROC_DIR"] = sys.argv[1]
from farm.observability import values
values.keep()
values.keep()
from prometheus_client import Counter, REGISTRY
Counter("done", "Done.").inc(3)
print(REGISTRY.get_sample_value("done_total"), values.shared_folder(), flush=True)
"""

NO_FOLDER = """
import sys
from pathlib import Path
from farm.observability import values
values.share(Path(sys.argv[1]), role="web")
from prometheus_client import Counter, Gauge, REGISTRY
Counter("done", "Done.").inc(3)
Gauge("level", "Level.", multiprocess_mode="livesum").inc(2)
print(REGISTRY.get_sample_value("done_total"), values.shared_folder(), flush=True)
"""


def samples(folder: Path) -> dict[tuple[str, str], float]:
    """What a scrape would find: name and labels → value."""
    found = MultiProcessCollector(CollectorRegistry(), path=str(folder)).collect()  # type: ignore[no-untyped-call]
    return {
        (sample.name, str(sorted(sample.labels.items()))): sample.value
        for family in found
        for sample in family.samples
    }


def total(folder: Path) -> float:
    return sum(value for (name, _), value in samples(folder).items() if name == "done_total")


def test_a_killed_process_loses_nothing_and_the_next_one_counts_on(
    start: Started, folder: Path
) -> None:
    first = start(COUNT, folder)
    assert said(first) == "ready"
    tell(first, "1000")
    assert said(first) == "0 1000.0"
    first.send_signal(signal.SIGKILL)
    first.wait()

    second = start(COUNT, folder)
    assert said(second) == "ready"
    tell(second, "10")

    assert said(second) == "0 1010.0"
    assert total(folder) == 1010
    assert len(list(folder.glob("*.db"))) == 1


def test_restarts_leave_the_files_of_one_process(start: Started, folder: Path) -> None:
    for _ in range(15):
        process = start(COUNT, folder)
        said(process)
        tell(process, "2")
        said(process)
        process.kill()
        process.wait()

    assert total(folder) == 30
    assert [path.name for path in folder.glob("*.db")] == ["counter_0.db"]


def test_processes_that_overlap_count_apart(start: Started, folder: Path) -> None:
    old = start(COUNT, folder)
    said(old)
    tell(old, "5")
    said(old)

    # As in a reload: the new one begins before the old one ends.
    new = start(COUNT, folder)
    said(new)
    tell(new, "7")
    tell(old, "5")

    assert said(new) == "1 7.0"
    assert said(old) == "0 10.0"
    assert total(folder) == 17


def test_forked_children_count_for_themselves(start: Started, folder: Path) -> None:
    process = start(FORK, folder)

    children = {said(process) for _ in range(3)}
    for _ in range(3):
        tell(process)

    assert children == {"1", "2", "3"}
    assert said(process) == "0"
    assert total(folder) == 1103


def test_no_increment_of_a_thread_is_lost(start: Started, folder: Path) -> None:
    assert said(start(THREADS, folder)) == "done"

    assert total(folder) == 40_000


def test_files_are_byte_for_byte_those_of_prometheus_client(start: Started, tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    theirs.mkdir()

    for folder in (ours, theirs):
        assert said(start(EVERY_KIND, folder, folder.name)) == "done"

    written = {path.name: path.read_bytes() for path in ours.glob("*.db")}
    expected = {path.name: path.read_bytes() for path in theirs.glob("*.db")}
    assert len(expected) == 13
    assert len(expected["counter_0.db"]) > 2 * values.FIRST_BYTES  # it has grown
    assert written == expected


def test_a_metric_that_was_made_too_early_is_refused(start: Started, folder: Path) -> None:
    assert "Metrics exist already" in said(start(AFTERWARDS, folder))


def test_a_program_that_keeps_its_counts_writes_nothing(start: Started, folder: Path) -> None:
    folder.mkdir()

    assert said(start(IN_MEMORY, folder)) == "3.0 None"
    assert list(folder.iterdir()) == []


def test_without_a_folder_a_process_counts_in_memory(start: Started, tmp_path: Path) -> None:
    (tmp_path / "taken").touch()

    process = start(NO_FOLDER, tmp_path / "taken")
    told = said(process)
    _, complaint = process.communicate(timeout=10)

    assert told == "3.0 None"
    assert complaint.count("is not counted") == 1


def test_what_the_disk_has_no_room_for_is_not_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    file = values.SlotFile(str(tmp_path / "counter_0.db"))
    file.read_value("first")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(values.os, "posix_fallocate", full)
    late = "x" * values.FIRST_BYTES
    assert file.read_value(late) == (0.0, 0.0)
    file.write_value(late, 1.0, 0.0)
    assert file.read_value(late + "r") == (0.0, 0.0)
    file.write_value("first", 2.0, 0.0)

    assert file.read_value("first") == (2.0, 0.0)
    assert caplog.text.count("no room") == 1
    assert isinstance(values._opened(str(tmp_path / "gauge_max_0.db")), values.Nowhere)
    # What a scraper finds of it is an empty file, which it passes over.
    assert (tmp_path / "gauge_max_0.db").stat().st_size == 0
    file.close()  # type: ignore[no-untyped-call]


def test_a_file_that_breaks_while_it_is_opened_costs_its_counts_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "counter_0.db"
    path.write_bytes(b"\xff" * 4096)

    opened = values._opened(str(path))

    assert opened.read_value("key") == (0.0, 0.0)
    assert "stays in this process" in caplog.text


def test_the_tests_themselves_count_in_memory() -> None:
    counter = Counter("of_this_test", "Counts.", registry=None)

    counter.inc()

    assert values.shared_folder() is None
    assert values.FOLDER_VARIABLE not in os.environ

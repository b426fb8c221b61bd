"""Whatever lies in the folder: every scrape is answered, and what is good is in it."""

from __future__ import annotations

import os
import random
import shutil
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.contract.metrics.files import FIRST_BYTES, content, counter, entry
from tests.contract.metrics.metrics_process import controllable, in_memory

GOOD = entry("hits_total", 5)
BAD_FILES = 'furrow_metrics_bad_files_total{reason="%s"}'


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        pytest.param(b"\xff" * 4096, None, id="negative: nothing is in use"),
        pytest.param(os.urandom(4) + b"\x7f" * 4096, None, id="garbage"),
        pytest.param(content(entry("x_total", 1), used=1 << 30), "used_beyond_end", id="huge used"),
        pytest.param(content(entry("x_total", 1), used=12), "used_unaligned", id="odd used"),
        pytest.param(content(b"\xff\xff\xff\xff" + b" " * 28), "key_length", id="negative key"),
        pytest.param(content(b"\0\0\0\x7f" + b" " * 28), "key_too_long", id="huge key"),
        pytest.param(
            content(entry("x_total", 1)[:-16], used=8 + len(entry("x_total", 1)) - 16),
            "overrun",
            id="half an entry",
        ),
        pytest.param(content(b"\x04\0\0\0nope" + b" " * 8 + b"\0" * 16), "json", id="no key"),
        pytest.param(content(b"\x04\0\0\0\xff\xff\xff\xff" + b" " * 8 + b"\0" * 16), "not_utf8"),
    ],
)
def test_a_bad_file_is_counted_and_the_others_are_served(bad: bytes, reason: str | None) -> None:
    with in_memory() as folder:
        counter(folder / "counter_0.db", 5)
        (folder / "counter_1.db").write_bytes(bad)
        with controllable(folder) as service:
            for _ in range(3):
                assert service.scrape()["hits_total"] == 5
            own = service.own()
            if reason is not None:
                assert own[BAD_FILES % reason] == 1
                assert own["furrow_metrics_quarantined_files"] == 1
                assert service.log.count("counter_1.db") == 1


def test_a_file_is_served_up_to_where_it_makes_no_sense() -> None:
    with in_memory() as folder:
        path = folder / "counter_0.db"
        path.write_bytes(content(GOOD, b"\xff\xff\xff\xff" + b" " * 28))
        with controllable(folder) as service:
            assert service.scrape()["hits_total"] == 5
            with path.open("r+b") as file:
                file.seek(8)
                file.write(entry("hits_total", 6))
            assert service.scrape()["hits_total"] == 6


def test_a_file_is_taken_up_as_it_grows() -> None:
    with in_memory() as folder, controllable(folder) as service:
        path = folder / "counter_0.db"
        path.write_bytes(b"")
        assert service.scrape() == {}
        path.write_bytes(b"\0" * 7)
        assert service.scrape() == {}
        with path.open("r+b") as file:
            file.truncate(FIRST_BYTES)
            assert service.scrape() == {}
            many = [entry("hits_total", 1, at=str(number)) for number in range(5000)]
            file.seek(8)
            file.write(b"".join(many[:10]))
            file.flush()
            assert service.scrape() == {}, "entries count once the header says so"
            for count in (10, 5000):
                size = 1 << 21
                file.truncate(size)
                file.seek(0)
                file.write(content(*many[:count], size=size))
                file.flush()
                assert len(service.scrape()) == count
        assert service.own()["furrow_metrics_quarantined_files"] == 0


def test_a_file_that_stays_without_a_header_is_named_once() -> None:
    with in_memory() as folder, controllable(folder) as service:
        (folder / "counter_1.db").write_bytes(b"")
        deadline = time.monotonic() + 20
        while BAD_FILES % "short" not in service.own():
            assert time.monotonic() < deadline
            # A scrape looks again; the pause only spares the processor.
            assert service.scrape() == {}
            time.sleep(0.05)
        assert service.scrape() == {}
        assert service.own()[BAD_FILES % "short"] == 1
        assert service.log.count("counter_1.db") == 1


def test_half_a_surrogate_pair_costs_no_scrape_and_is_counted() -> None:
    with in_memory() as folder:
        (folder / "counter_0.db").write_bytes(content(entry("hits_total", 5, at="\ud800")))
        with controllable(folder) as service:
            assert service.scrape() == {'hits_total{at="\ufffd"}': 5}
            assert service.own()[BAD_FILES % "surrogate"] == 1


def test_what_is_no_file_is_passed_over() -> None:
    with in_memory() as folder:
        counter(folder / "counter_0.db", 5)
        (folder / "counter_1.db").mkdir()
        os.mkfifo(folder / "counter_2.db")
        (folder / "counter_3.db").symlink_to("counter_0.db")
        (folder / "counter_4.db").symlink_to("nowhere")
        (folder / "notes.txt").write_text("no counters")
        (folder / "strange_5.db").write_bytes(content(GOOD))
        with controllable(folder) as service:
            for _ in range(3):
                assert service.scrape()["hits_total"] == 5
            (folder / "another.txt").write_text("no counters either")
            service.scrape()
            own = service.own()
            assert own[BAD_FILES % "not_regular"] == 4
            assert own[BAD_FILES % "foreign"] == 3
            assert service.log.count("notes.txt") == 1


def test_a_file_that_may_not_be_read_is_left_out() -> None:
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    with in_memory() as folder:
        counter(folder / "counter_0.db", 5)
        counter(folder / "counter_1.db", 7)
        (folder / "counter_1.db").chmod(0)
        with controllable(folder) as service:
            assert service.scrape()["hits_total"] == 5
            assert service.own()[BAD_FILES % "unreadable"] == 1
            (folder / "counter_1.db").chmod(0o600)
            assert service.scrape()["hits_total"] == 12


def test_a_folder_may_come_later_go_and_come_again() -> None:
    with in_memory() as parent:
        folder = parent / "later"
        with controllable(folder) as service:
            assert service.scrape() == {}
            assert service.own()["furrow_metrics_folder_readable"] == 0
            folder.mkdir()
            assert service.scrape() == {}
            counter(folder / "counter_0.db", 5)
            assert service.scrape()["hits_total"] == 5
            assert service.own()["furrow_metrics_folder_readable"] == 1
            assert service.own()["furrow_metrics_files"] == 1

            shutil.rmtree(folder)
            assert service.scrape() == {}
            assert service.own()["furrow_metrics_files"] == 0
            folder.mkdir()
            (folder / "generation").write_text("another\n")
            counter(folder / "counter_0.db", 1)
            assert service.scrape()["hits_total"] == 1
            assert service.log.count("The folder cannot be listed") == 2


def test_a_folder_that_is_a_file_is_no_folder(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("")
    with controllable(path) as service:
        assert service.scrape() == {}
        assert service.own()["furrow_metrics_folder_readable"] == 0


def test_files_cut_and_removed_under_load_never_cost_a_scrape_or_a_count() -> None:
    """The file is cut to nothing and written again, larger, while it is scraped."""
    chance = random.Random(3)  # noqa: S311 - the same cuts each time
    with in_memory() as folder, controllable(folder) as service:
        counter(folder / "counter_0.db", 5)
        path = folder / "counter_1.db"
        many = [entry("many_total", 1, at=str(number)) for number in range(3000)]
        whole = content(*many, size=1 << 20)
        path.write_bytes(whole)
        assert len(service.scrape()) == 3001
        over = threading.Event()

        def cut() -> None:
            while not over.is_set():
                with path.open("r+b") as file:
                    file.truncate(chance.choice([0, 5, 8, 4096, 70_000]))
                    file.write(whole)
                if chance.random() < 0.1:
                    with suppress(FileNotFoundError):
                        path.unlink()
                    path.write_bytes(whole)

        cutter = threading.Thread(target=cut)
        cutter.start()
        try:
            before = service.scrape()
            until = time.monotonic() + 5
            while time.monotonic() < until:
                after = service.scrape()
                assert after["hits_total"] == 5
                assert all(after.get(name, 0) >= value for name, value in before.items())
                before = after
        finally:
            over.set()
            cutter.join()
        assert service.process is not None
        assert service.process.poll() is None


def test_an_explosion_of_labels_is_dropped_and_counted() -> None:
    with in_memory() as folder:
        counter(folder / "counter_0.db", 5)
        many = [entry("many_total", 1, at=str(number)) for number in range(3000)]
        (folder / "counter_1.db").write_bytes(content(*many, size=1 << 20))
        with controllable(folder, FURROW_METRICS_MAX_SERIES="1000") as service:
            found = service.scrape()
            assert found["hits_total"] == 5
            assert len(found) == 1000
            assert service.own()['furrow_metrics_dropped_series_total{reason="series"}'] == 2001

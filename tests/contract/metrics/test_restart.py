"""The service itself may die at any time: no counter goes down, and nothing counts twice."""

from __future__ import annotations

import random
import time
import uuid
from pathlib import Path

from tests.contract.metrics.files import content, counter, entry
from tests.contract.metrics.metrics_process import (
    MetricsProcess,
    Samples,
    assert_never_less,
    controllable,
    in_memory,
)
from tests.contract.metrics.writers import writing

LIVES = 12
WITHIN_S = 20.0


def hits(samples: Samples) -> float:
    return sum(value for name, value in samples.items() if name.startswith("torture_hits_total{"))


def wait_for_files(service: MetricsProcess, *, newer_than: float) -> None:
    """Wait until the counting files were kept after a time."""
    kept = service.state / "files"
    deadline = time.monotonic() + WITHIN_S
    while not kept.exists() or kept.stat().st_mtime <= newer_than:
        assert time.monotonic() < deadline, service.log
        time.sleep(0.05)


def test_a_service_killed_at_random_goes_on_where_it_was() -> None:
    chance = random.Random(7)  # noqa: S311 - the same deaths each time
    with in_memory() as folder, controllable(folder) as service:
        with writing(folder, count=4) as writers:
            before: Samples = {}
            for _ in range(LIVES):
                for _ in range(chance.randrange(1, 8)):
                    writers.listen()
                    after = service.scrape()
                    assert_never_less(before, after)
                    before = after
                if chance.random() < 0.5:
                    writers.replace(chance.randrange(4))
                service.kill()
                writers.listen()
                service.start()
            writers.end()
            final = service.scrape()

        assert_never_less(before, final)
        assert writers.acknowledged <= hits(final) <= writers.acknowledged + writers.killed


def test_a_file_that_vanishes_counts_on_whatever_dies_after_it() -> None:
    with in_memory() as folder:
        counter(folder / "counter_0.db", 5)
        counter(folder / "counter_1.db", 7)
        with controllable(folder) as service:
            assert service.scrape()["hits_total"] == 12

            (folder / "counter_1.db").unlink()
            assert service.scrape()["hits_total"] == 12

            for end in (service.kill, service.stop, service.kill):
                end()
                service.start()
                assert service.scrape()["hits_total"] == 12

            counter(folder / "counter_1.db", 100)
            assert service.scrape()["hits_total"] == 112


def test_a_file_that_vanishes_while_the_service_is_dead_is_added_once() -> None:
    with in_memory() as folder:
        counter(folder / "counter_0.db", 5)
        counter(folder / "counter_1.db", 7)
        with controllable(folder) as service:
            assert service.scrape()["hits_total"] == 12
            service.stop()
            (folder / "counter_1.db").unlink()

            for end in (service.kill, service.kill, service.stop, service.kill):
                service.start()
                assert service.scrape()["hits_total"] == 12
                end()

            service.start()
            assert service.scrape()["hits_total"] == 12


def test_a_replaced_file_counts_beside_its_predecessor() -> None:
    with in_memory() as folder:
        counter(folder / "counter_0.db", 5)
        with controllable(folder) as service:
            assert service.scrape()["hits_total"] == 5
            counter(folder / "counter_0.db", 3)
            service.scrape()
            assert service.scrape()["hits_total"] == 8
            service.stop()
            counter(folder / "counter_0.db", 1)
            service.start()
            service.scrape()
            assert service.scrape()["hits_total"] == 9


def test_a_new_generation_begins_at_zero_and_an_old_one_does_not() -> None:
    with in_memory() as folder:
        (folder / "generation").write_text(f"{uuid.uuid4()}\n")
        counter(folder / "counter_0.db", 5)
        with controllable(folder) as service:
            (folder / "counter_0.db").unlink()
            counter(folder / "counter_0.db", 1)
            service.scrape()
            resets = service.own()["furrow_metrics_resets_total"]

            (folder / "counter_0.db").unlink()
            named = folder / ".new"
            named.write_text(f"{uuid.uuid4()}\n")
            named.replace(folder / "generation")
            counter(folder / "counter_0.db", 2)

            assert service.scrape()["hits_total"] == 2
            assert service.own()["furrow_metrics_resets_total"] == resets + 1
            service.kill()
            service.start()
            assert service.scrape()["hits_total"] == 2


def test_a_generation_that_began_while_the_service_was_dead_is_one() -> None:
    with in_memory() as folder:
        (folder / "generation").write_text("one\n")
        counter(folder / "counter_0.db", 5)
        with controllable(folder) as service:
            service.scrape()
            service.stop()
            (folder / "generation").write_text("two\n")
            counter(folder / "counter_0.db", 1)
            service.start()
            assert service.scrape()["hits_total"] == 1
            assert service.own()["furrow_metrics_resets_total"] == 1


def test_what_was_kept_and_is_damaged_is_set_aside_and_counted() -> None:
    with in_memory() as folder:
        counter(folder / "counter_0.db", 5)
        with controllable(folder) as service:
            service.scrape()
            (folder / "counter_0.db").unlink()
            service.scrape()
            service.stop()
            for name in ("retired", "files"):
                kept = service.state / name
                sound = kept.read_bytes()
                kept.write_bytes(sound[:-1] + bytes([sound[-1] ^ 1]))

            service.start()

            assert service.scrape() == {}
            assert service.own()["furrow_metrics_snapshot_failures_total"] == 2
            assert (service.state / "retired.bad").exists()
            assert (service.state / "files.bad").exists()


def test_a_state_folder_that_cannot_be_written_stops_no_scrape(tmp_path: Path) -> None:
    no_folder = tmp_path / "file"
    no_folder.write_text("")
    with in_memory() as folder:
        counter(folder / "counter_0.db", 5)
        with controllable(folder, FURROW_METRICS_STATE_DIR=str(no_folder / "state")) as service:
            assert service.scrape()["hits_total"] == 5
            (folder / "counter_0.db").unlink()
            assert service.scrape()["hits_total"] == 5
            assert service.scrape()["hits_total"] == 5
            assert service.own()["furrow_metrics_snapshot_failures_total"] >= 1
            assert service.log.count("The state cannot be written") == 1


def test_cut_files_are_kept_with_what_they_lost_over_a_kill() -> None:
    with in_memory() as folder:
        path = folder / "counter_0.db"
        both = [entry("hits_total", 5), entry("other_total", 9)]
        path.write_bytes(content(*both))
        with controllable(folder) as service:
            began = time.time()
            assert service.scrape()["other_total"] == 9
            wait_for_files(service, newer_than=began - WITHIN_S)

            # The second entry is lost; the first one goes on.
            with path.open("r+b") as file:
                file.truncate(8 + len(both[0]) + 16)
            for _ in range(3):
                found = service.scrape()
                assert (found["hits_total"], found["other_total"]) == (5, 9)
                service.kill()
                service.start()

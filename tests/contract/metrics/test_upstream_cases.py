"""What prometheus_client's own tests of multiprocess mode hold of it, held of furrow-metrics too.

Each test says the values itself and compares them with those of the client, so that a change of the
client shows here as well.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import pytest
from prometheus_client import Counter, Gauge, Histogram, Summary, values
from prometheus_client.mmap_dict import MmapedDict, mmap_key
from prometheus_client.multiprocess import mark_process_dead

from tests.contract.metrics.exposition import Samples, of_client, of_furrow
from tests.contract.metrics.programs import become, multiprocess

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.filterwarnings("error")


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder that the client counts into."""
    with multiprocess(tmp_path):
        yield tmp_path


def agreed(folder: Path) -> Samples:
    """Samples of a folder, on which the client and furrow-metrics agree."""
    client, furrow = of_client(folder), of_furrow(folder)
    assert furrow.lines == client.lines
    return furrow.samples


def names(folder: Path) -> list[str]:
    """Names of the files."""
    return sorted(path.name for path in folder.iterdir())


def sample(name: str, value: float, **labels: str) -> Samples:
    """One sample."""
    return {(name, tuple(sorted(labels.items()))): value}


def of_two(make: Callable[[], Any]) -> tuple[Any, Any]:
    """The same metric in the processes 123 and 456."""
    made = []
    for ident in ("123", "456"):
        become(ident)
        made.append(make())
    return made[0], made[1]


def test_counters_add_up(folder: Path) -> None:
    one, other = of_two(lambda: Counter("c", "help", registry=None))
    assert agreed(folder) == sample("c_total", 0)

    one.inc(1)
    other.inc(2)

    assert agreed(folder) == sample("c_total", 3)


def test_summaries_add_up(folder: Path) -> None:
    one, other = of_two(lambda: Summary("s", "help", registry=None))
    assert agreed(folder) == sample("s_count", 0) | sample("s_sum", 0)

    one.observe(1)
    other.observe(2)

    assert agreed(folder) == sample("s_count", 2) | sample("s_sum", 3)


def test_histograms_add_up(folder: Path) -> None:
    one, other = of_two(lambda: Histogram("h", "help", registry=None))
    assert set(agreed(folder).values()) == {0}

    one.observe(1)
    other.observe(2)

    found = agreed(folder)
    wanted = sample("h_count", 2) | sample("h_sum", 3) | sample("h_bucket", 2, le="5.0")
    assert found | wanted == found


@pytest.mark.parametrize(
    ("mode", "before", "wanted", "alone"),
    [
        ("min", 0, 1, 1),
        ("livemin", 0, 1, 2),
        ("max", 0, 2, 2),
        ("livemax", 0, 2, 2),
        ("sum", 0, 3, 3),
        ("livesum", 0, 3, 2),
        ("mostrecent", None, 2, 2),
        ("livemostrecent", None, 2, 2),
    ],
)
def test_gauges_are_merged_and_live_ones_end_with_their_process(
    folder: Path, mode: Any, before: float | None, wanted: float, alone: float
) -> None:
    one, other = of_two(lambda: Gauge("g", "help", registry=None, multiprocess_mode=mode))
    assert agreed(folder) == ({} if before is None else sample("g", before))

    one.set(1)
    other.set(2)
    assert agreed(folder) == sample("g", wanted)
    mark_process_dead(123, str(folder))  # type: ignore[no-untyped-call]

    assert agreed(folder) == sample("g", alone)


@pytest.mark.parametrize("mode", ["all", "liveall"])
def test_gauges_a_process_have_its_number_and_live_ones_end_with_it(
    folder: Path, mode: Any
) -> None:
    one, other = of_two(lambda: Gauge("g", "help", registry=None, multiprocess_mode=mode))
    assert agreed(folder) == sample("g", 0, pid="123") | sample("g", 0, pid="456")

    one.set(1)
    other.set(2)
    first, second = sample("g", 1, pid="123"), sample("g", 2, pid="456")
    assert agreed(folder) == first | second
    mark_process_dead(123, str(folder))  # type: ignore[no-untyped-call]

    assert agreed(folder) == (second if mode == "liveall" else first | second)


def test_the_value_that_was_set_last_is_the_newest_whoever_set_it(folder: Path) -> None:
    one, other = of_two(lambda: Gauge("g", "help", registry=None, multiprocess_mode="mostrecent"))
    other.set(2)
    one.set(1)

    assert agreed(folder) == sample("g", 1)


def test_all_gauges_may_be_counted_up_and_down_but_the_newest(folder: Path) -> None:
    become("1")
    gauge = Gauge("g", "help", registry=None, multiprocess_mode="livesum")
    gauge.inc(5)
    gauge.dec(2)
    newest = Gauge("n", "help", registry=None, multiprocess_mode="mostrecent")
    for change in (newest.inc, newest.dec):
        with pytest.raises(RuntimeError):
            change()

    assert agreed(folder) == sample("g", 3)


def test_names_have_their_namespace_and_subsystem(folder: Path) -> None:
    become("1")
    Counter("c", "help", registry=None, namespace="ns", subsystem="ss").inc(1)

    assert agreed(folder) == sample("ns_ss_c_total", 1)


def test_a_counter_goes_on_across_a_fork(folder: Path) -> None:
    ident = ["0"]
    value_class: Any = values.MultiProcessValue(lambda: ident[0])  # type: ignore[no-untyped-call]
    values.ValueClass = value_class
    counter = Counter("c", "help", registry=None)
    counter.inc(1)
    counter.inc(1)
    ident[0] = "1"
    counter.inc(1)

    assert agreed(folder) == sample("c_total", 3)
    assert names(folder) == ["counter_0.db", "counter_1.db"]


def test_a_metric_that_is_made_after_a_fork_lies_in_a_new_file(folder: Path) -> None:
    ident = ["0"]
    value_class: Any = values.MultiProcessValue(lambda: ident[0])  # type: ignore[no-untyped-call]
    values.ValueClass = value_class
    Counter("c1", "help", registry=None)
    Counter("c2", "help", registry=None)
    assert names(folder) == ["counter_0.db"]
    ident[0] = "1"
    Counter("c3", "help", registry=None)

    assert names(folder) == ["counter_0.db", "counter_1.db"]
    assert set(agreed(folder)) == {(f"c{n}_total", ()) for n in (1, 2, 3)}


def test_a_process_that_returns_goes_on_where_it_was(folder: Path) -> None:
    become("1")
    Counter("c", "help", registry=None).inc(3)
    become("1")
    Counter("c", "help", registry=None).inc(4)

    assert agreed(folder) == sample("c_total", 7)


def test_metrics_of_every_kind_with_labels_are_collected(folder: Path) -> None:
    labels = {name: name for name in "abcd"}
    made: list[Any] = []
    for ident, seen in (("0", 1), ("1", 5)):
        become(ident)
        made = [
            kind(name, "help", labelnames=labels.keys(), registry=None)
            for kind, name in ((Counter, "c"), (Gauge, "g"), (Histogram, "h"))
        ]
        made[0].labels(**labels).inc(1)
        made[1].labels(**labels).set(1)
        made[2].labels(**labels).observe(seen)

    found = agreed(folder)
    buckets = {
        float(dict(key[1])["le"]): value for key, value in found.items() if key[0] == "h_bucket"
    }
    assert len(buckets) == 15
    for bound, count in buckets.items():
        assert count == (2 if bound >= 5 else 1 if bound >= 1 else 0)
    rest = {key: value for key, value in found.items() if key[0] != "h_bucket"}
    assert rest == (
        sample("c_total", 2, **labels)
        | sample("g", 1, pid="0", **labels)
        | sample("g", 1, pid="1", **labels)
        | sample("h_sum", 6, **labels)
        | sample("h_count", 2, **labels)
    )


def test_buckets_stand_by_bound_and_the_count_last(folder: Path) -> None:
    bounds = (0.005, 2.5, 10.0, 1e6, 2e9)
    become("1")
    Histogram("h", "help", ["a"], buckets=bounds, registry=None).labels("x").observe(3)

    lines = [line.split(" ")[0] for line in of_furrow(folder).text.splitlines() if line[0] != "#"]
    written = ("0.005", "2.5", "10.0", "1e+06", "2e+09", "+Inf")
    wanted = [f'h_bucket{{a="x",le="{bound}"}}' for bound in written]
    assert lines == ['h_sum{a="x"}', *wanted, 'h_count{a="x"}']
    agreed(folder)


def test_series_that_differ_in_help_alone_are_one(folder: Path) -> None:
    for ident in ("1", "2"):
        become(ident)
        Counter("c", f"help of {ident}", registry=None).inc(1)

    assert agreed(folder) == sample("c_total", 2)


def test_labels_merge_in_whatever_order_they_were_declared(folder: Path) -> None:
    for ident, labels in (("1", ["a", "b"]), ("2", ["b", "a"])):
        become(ident)
        counter = Counter("c", "help", labels, registry=None)
        counter.labels(a="x", b="y").inc(1)

    assert agreed(folder) == sample("c_total", 2, a="x", b="y")


def test_an_empty_folder_and_one_of_other_files_have_no_samples(folder: Path) -> None:
    assert agreed(folder) == {}
    (folder / "slot0.lock").write_text("{}")
    (folder / "generation").write_text("4f3c")

    assert agreed(folder) == {}


def test_live_gauges_that_vanish_are_not_missed(folder: Path) -> None:
    one, other = of_two(lambda: Gauge("g", "help", registry=None, multiprocess_mode="liveall"))
    one.set(1)
    other.set(1)
    for ident in (123, 456):
        mark_process_dead(ident, str(folder))  # type: ignore[no-untyped-call]

    assert list(folder.iterdir()) == []
    assert agreed(folder) == {}


def written(path: Path) -> Any:
    """A file of the client, to be written by hand."""
    return MmapedDict(str(path))  # type: ignore[no-untyped-call]


def counter_key(name: str, label: str = "") -> str:
    """The key of a counter with one label."""
    return mmap_key(name, f"{name}_total", ["l"], [label], "help")


def test_a_file_that_grows_past_its_first_size_is_read_whole(folder: Path) -> None:
    file = written(folder / "counter_1.db")
    count = 2000
    for n in range(count):
        file.write_value(counter_key("c", f"{n:040}"), n, 0.0)
    file.close()
    assert (folder / "counter_1.db").stat().st_size > 1 << 16

    assert sum(agreed(folder).values()) == count * (count - 1) / 2


def test_a_key_of_most_of_a_file_is_read(folder: Path) -> None:
    file = written(folder / "counter_1.db")
    file.write_value(counter_key("a"), 42.0, 0.0)
    file.write_value(counter_key("b", "x" * 60_000), 123.0, 0.0)
    file.write_value(counter_key("c"), 17.0, 0.0)
    file.close()

    assert sorted(agreed(folder).values()) == [17, 42, 123]


def test_values_are_read_back_after_a_restart(folder: Path) -> None:
    file = written(folder / "counter_1.db")
    file.write_value(counter_key("a"), 123.0, 0.0)
    file.close()
    again = written(folder / "counter_1.db")
    assert again.read_value(counter_key("a")) == (123.0, 0.0)
    again.close()

    assert agreed(folder) == sample("a_total", 123, l="")


def test_junk_in_the_place_of_an_entry_ends_a_file_but_not_the_scrape(folder: Path) -> None:
    file = written(folder / "counter_1.db")
    file.write_value(counter_key("a"), 42.0, 0.0)
    file.close()
    path = folder / "counter_1.db"
    path.write_bytes(path.read_bytes()[:8] + b"somejunk" + path.read_bytes()[16:])
    become("2")
    Counter("b", "help", registry=None).inc(1)

    with pytest.raises((RuntimeError, ValueError)):
        of_client(folder)
    assert of_furrow(folder).samples == sample("b_total", 1)


def test_a_file_of_nothing_is_no_error(folder: Path) -> None:
    become("2")
    Counter("b", "help", registry=None).inc(1)
    (folder / "counter_1.db").touch()

    with pytest.raises(struct.error):
        of_client(folder)
    assert of_furrow(folder).samples == sample("b_total", 1)

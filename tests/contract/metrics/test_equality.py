"""furrow-metrics says of any program what prometheus_client says, sample by sample, line by line.

Where it differs on purpose is the list ``DIFFERENCES``, each with its test here; docs/operations.md
gives them to whoever reads dashboards.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from prometheus_client import Counter, Gauge, Histogram

from tests.contract.metrics.exposition import (
    Exposition,
    bits,
    files_in_order,
    of_client,
    of_furrow,
    read,
    stored_values,
)
from tests.contract.metrics.programs import (
    LABEL_ALPHABET,
    LONE,
    Program,
    become,
    multiprocess,
    programs,
    run,
)

# More of them in a nightly run: EQUALITY_PROGRAMS=10000.
PROGRAMS = int(os.environ.get("EQUALITY_PROGRAMS", "500"))
DIFFERENCES = {
    "no_sample": "HELP and TYPE of a metric without a sample are left out",
    "order": "files are read by identifier, not in the order of the folder",
    "nan": "NaN is the smallest or largest only where there is nothing else",
    "surrogate": "half a surrogate pair is U+FFFD, where the client's scrape fails",
    "type": "another type of one name is left out, not mixed in",
    "mode": "another mode of one gauge is left out; the client takes that of the last file for all",
    "ident": "an identifier with an underscore is whole in the label pid",
    "incomplete": "a histogram whose last bucket is not made yet is left out",
    "bad_file": "what is good in a bad file is served, where the client's scrape fails",
    "pid": "of a gauge a process, a label pid of its own is replaced, not written twice",
}
SETTINGS = settings(
    max_examples=PROGRAMS,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


def both(folder: Path) -> tuple[Exposition, Exposition]:
    """What the client and furrow-metrics make of a folder."""
    return of_client(folder), of_furrow(folder)


def assert_equal(program: Program, folder: Path) -> None:
    """Compare samples, types, help texts and lines, but for NaN in extremes."""
    client, furrow = both(folder)
    extremes = {
        metric.name.replace(".", "_")
        for metric in program.metrics
        if metric.kind.endswith(("min", "max"))
    }
    nan = set()
    if extremes:
        for (name, labels), stored in stored_values(folder).items():
            plain = name.replace(".", "_")
            if plain not in extremes or not any(value != value for value in stored):
                continue
            spelled = {"a.b": "a_b", "Ünit": "_nit"}
            key = (plain, tuple(sorted((spelled.get(k, k), v) for k, v in labels)))
            nan.add(key)
            kind = next(m.kind for m in program.metrics if m.name == name)
            numbers = [value for value in stored if value == value]
            extreme = min if kind.endswith("min") else max
            assert bits(furrow.samples[key]) == bits(extreme(numbers, default=float("nan")))
    assert furrow.samples.keys() == client.samples.keys()
    for key, value in client.samples.items():
        assert key in nan or bits(value) == bits(furrow.samples[key]), key
    assert furrow.heads == client.heads
    if not nan:
        assert furrow.lines == client.lines


@SETTINGS
@given(program=programs())
def test_any_program_is_merged_and_written_as_the_client_does(program: Program) -> None:
    with tempfile.TemporaryDirectory(prefix="fm-") as name:
        folder = Path(name)
        run(program, folder)

        assert_equal(program, folder)


@settings(SETTINGS, max_examples=PROGRAMS // 10)
@given(program=programs(LABEL_ALPHABET[:4] + LONE))
def test_half_a_surrogate_pair_costs_no_more_than_its_character(program: Program) -> None:
    with tempfile.TemporaryDirectory(prefix="fm-") as name:
        folder = Path(name)
        run(program, folder)
        try:
            client = of_client(folder)
        except AssertionError:
            assume(False)  # two series become one once both are replaced
            raise

        assert of_furrow(folder).samples.keys() == client.samples.keys()


@settings(SETTINGS, max_examples=PROGRAMS // 10)
@given(ident=st.from_regex(r"[a-zA-Z0-9.-]{1,12}", fullmatch=True))
def test_any_identifier_is_the_label_pid(ident: str) -> None:
    with tempfile.TemporaryDirectory(prefix="fm-") as name, multiprocess(Path(name)):
        become(ident)
        Gauge("g", "h", registry=None).set(1)

        client, furrow = both(Path(name))
        assert furrow.lines == client.lines


def test_a_newest_gauge_that_was_never_set_has_no_head_either(tmp_path: Path) -> None:
    """Difference ``no_sample``."""
    with multiprocess(tmp_path):
        become("1")
        Gauge("g", "h", multiprocess_mode="mostrecent", registry=None)

        assert of_furrow(tmp_path).text == ""


def test_another_type_of_one_name_is_left_out(tmp_path: Path) -> None:
    """Difference ``type``: the client writes both below the first type."""
    with multiprocess(tmp_path):
        become("1")
        Counter("m", "h", registry=None).inc(1)
        become("2")
        Gauge("m", "h", multiprocess_mode="sum", registry=None).set(9)

        assert of_furrow(tmp_path).samples == {("m_total", ()): 1.0}
        with pytest.raises(AssertionError, match="twice"):
            of_client(tmp_path)


def test_another_mode_of_one_gauge_is_left_out(tmp_path: Path) -> None:
    """Difference ``mode``."""
    with multiprocess(tmp_path):
        for ident, mode, value in (("1", "sum", 2), ("2", "sum", 3), ("3", "max", 9)):
            become(ident)
            Gauge("g", "h", multiprocess_mode=mode, registry=None).set(value)  # type: ignore[arg-type]

        assert of_furrow(tmp_path).samples == {("g", ()): 5.0}
        assert of_client(tmp_path).samples == {("g", ()): 9.0}


def test_an_identifier_with_an_underscore_is_whole(tmp_path: Path) -> None:
    """Difference ``ident``."""
    with multiprocess(tmp_path):
        become("web_1")
        Gauge("g", "h", registry=None).set(1)

        assert of_furrow(tmp_path).samples == {("g", (("pid", "web_1"),)): 1.0}
        assert of_client(tmp_path).samples == {("g", (("pid", ""),)): 1.0}


def test_a_histogram_that_is_half_made_is_left_out(tmp_path: Path) -> None:
    """Difference ``incomplete``: buckets are appended one by one while a scrape reads."""
    with multiprocess(tmp_path):
        become("1")
        Histogram("h", "h", buckets=(1.0,), registry=None)
        path = tmp_path / "histogram_1.db"
        whole = path.read_bytes()
        used = int.from_bytes(whole[:4], "little")
        last = len(b'["h", "h_bucket", {"le": "+Inf"}, "h"]')
        entry = 4 + last + 8 - (last + 4) % 8 + 16
        path.write_bytes((used - entry).to_bytes(4, "little") + whole[4:])

        assert of_furrow(tmp_path).samples == {}
        assert ("h_bucket", (("le", "1.0"),)) in of_client(tmp_path).samples
        path.write_bytes(whole)
        assert of_furrow(tmp_path).lines == of_client(tmp_path).lines


def test_a_gauge_a_process_has_one_label_pid(tmp_path: Path) -> None:
    """Difference ``pid``."""
    with multiprocess(tmp_path):
        become("1")
        gauge = Gauge("g", "h", ["pid"], registry=None)
        gauge.labels("a").set(1)
        gauge.labels("b").set(2)

        assert of_furrow(tmp_path).samples == {("g", (("pid", "1"),)): 2.0}
        with pytest.raises(AssertionError, match="twice"):
            of_client(tmp_path)


def test_a_gauge_that_is_merged_loses_its_label_pid_as_in_the_client(tmp_path: Path) -> None:
    with multiprocess(tmp_path):
        become("1")
        gauge = Gauge("g", "h", ["a", "pid"], multiprocess_mode="sum", registry=None)
        gauge.labels("x", "a").set(1)
        gauge.labels("x", "b").set(2)

        client, furrow = both(tmp_path)
        assert furrow.samples == {("g", (("a", "x"),)): 3.0}
        assert furrow.lines == client.lines


def test_the_order_of_the_files_is_that_of_their_identifiers(tmp_path: Path) -> None:
    """Difference ``order``: the client says the same, given its files in this order."""
    with multiprocess(tmp_path):
        for ident, value in (("10", 1e16), ("9", 1.0), ("b", -1e16), ("a", 1.0)):
            become(ident)
            Gauge("g", ident, multiprocess_mode="sum", registry=None).set(value)

        client, furrow = both(tmp_path)
        assert furrow.heads == {"g": ("gauge", "9")}
        assert furrow.lines == client.lines
        order = [Path(path).name for path in files_in_order(tmp_path)]
        assert order == [f"gauge_sum_{ident}.db" for ident in ("9", "10", "a", "b")]


def test_what_is_good_in_a_bad_file_is_served(tmp_path: Path) -> None:
    """Difference ``bad_file``."""
    with multiprocess(tmp_path):
        become("1")
        Counter("a", "h", registry=None).inc(1)
        Counter("b", "h", registry=None).inc(2)
    path = tmp_path / "counter_1.db"
    whole = path.read_bytes()
    used = int.from_bytes(whole[:4], "little")
    path.write_bytes((used + 8000).to_bytes(4, "little") + whole[4:used] + b"\xff" * 9000)

    assert of_furrow(tmp_path).samples == {("a_total", ()): 1.0, ("b_total", ()): 2.0}
    with pytest.raises((RuntimeError, ValueError)):
        of_client(tmp_path)


def test_every_difference_has_its_test() -> None:
    told = Path(__file__).read_text()

    assert [name for name in DIFFERENCES if f"``{name}``" not in told] == ["nan", "surrogate"]


def test_a_comparison_can_fail() -> None:
    right = read('# TYPE a gauge\na{l="x"} 1.0\n')
    wrong = read('# TYPE a gauge\na{l="x"} 1.0000000000000002\n')

    key = ("a", (("l", "x"),))
    assert bits(right.samples[key]) != bits(wrong.samples[key])
    assert right.lines != wrong.lines

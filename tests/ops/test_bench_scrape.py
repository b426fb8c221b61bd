"""The measurement of scrapes: its arithmetic, its generator, its writers, and a quick run of it."""

from __future__ import annotations

import csv
import math
import subprocess
import sys
import threading
import time
import xml.etree.ElementTree as ElementTree
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from bench.scrape import charts, figures, openloop, plan, report, targets
from bench.scrape.figures import Middle, Row
from bench.scrape.instrumentation import Instrumentation
from bench.scrape.scraper import Beat, Scraper, Source, follow
from bench.scrape.stages import Cold, Measured
from bench.scrape.synthetic import Series

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]


# --- Arithmetic -------------------------------------------------------------------------------


def test_a_percentile_is_the_smallest_value_that_the_share_does_not_exceed() -> None:
    values = [float(n) for n in range(1000, 0, -1)]

    assert figures.percentile(values, 0.5) == 500
    assert figures.percentile(values, 0.99) == 990
    assert figures.percentile(values, 0.999) == 999
    assert figures.percentile(values, 1.0) == 1000
    assert figures.percentile([7.0], 0.001) == 7
    assert math.isnan(figures.percentile([], 0.5))


def test_rounds_become_their_median_and_range() -> None:
    assert str(Middle.of([3.0, 1.0, 2.0, math.nan])) == "2.00 (1.00–3.00)"
    assert str(Middle.of([math.nan])) == "–"


@pytest.mark.parametrize(
    ("value", "shown"), [(0.0123, "0.0123"), (4.0, "4.00"), (123456.7, "123,457"), (0.0, "0")]
)
def test_figures_are_shown_with_three_digits(value: float, shown: str) -> None:
    assert figures.brief(value) == shown


def test_requests_are_due_at_even_distances_whatever_was_answered() -> None:
    schedule = openloop.Schedule(start_s=100.0, rate_per_s=40.0, seconds=2.0)

    assert schedule.count == 80
    assert [schedule.due_s(number) for number in (0, 1, 79)] == [100.0, 100.025, 101.975]


# --- Generator and scraper --------------------------------------------------------------------


class Slow(BaseHTTPRequestHandler):
    """Answers at once, but holds the tenth request back."""

    protocol_version = "HTTP/1.1"
    asked = 0
    held_back_s = 0.4
    accepted: str | None = ""

    def do_GET(self) -> None:
        Slow.asked += 1
        Slow.accepted = self.headers["Accept"]
        if Slow.asked == 10:
            time.sleep(self.held_back_s)
        self.send_response(200 if self.path == "/there" else 404)
        self.send_header("Content-Length", "6")
        self.end_headers()
        self.wfile.write(b"enough")

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    Slow.asked = 0
    server = ThreadingHTTPServer(("127.0.0.1", 0), Slow)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


def load(port: int, path: str) -> openloop.Outcome:
    schedule = openloop.Schedule(start_s=time.monotonic(), rate_per_s=50.0, seconds=0.6)
    return openloop.drive(
        openloop.Load(port=port, path=path, headers={}, schedule=schedule, connections=1)
    )


def test_what_was_due_while_the_server_stood_still_counts_from_its_intended_start(
    port: int,
) -> None:
    outcome = load(port, "/there")

    assert (len(outcome.latencies_s), outcome.failed) == (30, 0)
    # One connection: while it is held back for 0.4 s the next requests, one each 0.02 s, wait.
    # A closed loop would have noted one long latency; ten of these waited half of it or more.
    assert sum(each >= Slow.held_back_s / 2 for each in outcome.latencies_s) >= 10


def test_an_answer_other_than_200_is_a_failure(port: int) -> None:
    assert load(port, "/elsewhere").failed == 30


@pytest.mark.parametrize(
    ("received", "status"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 200),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok", None),
        (b"HTTP/1.1 503 Busy\r\nX: y\r\ncontent-length:0\r\n\r\n", 503),
        (b"HTTP/1.1 200 OK\r\nContent-Le", None),
    ],
)
def test_an_answer_is_whole_with_its_last_byte(received: bytes, status: int | None) -> None:
    assert openloop.whole_status(bytearray(received)) == status


def test_a_scrape_that_takes_longer_than_the_beat_leaves_beats_out(port: int) -> None:
    beat = Beat(start_s=time.monotonic(), rate_per_s=20.0, seconds=1.0)

    scrapes = follow(beat, Scraper(Source(port=port, path="/there", format="openmetrics")))

    assert len(scrapes.durations_s) + scrapes.missed == 20
    assert scrapes.missed >= 5  # 0.4 s hold eight beats
    assert scrapes.bytes_each[0] == 6
    assert Slow.accepted == "application/openmetrics-text;version=1.0.0"


# --- Series and plan --------------------------------------------------------------------------


@pytest.mark.parametrize("lines", [500, 1_000, 3_210])
def test_synthetic_series_come_out_as_so_many_lines(lines: int) -> None:
    registry = CollectorRegistry()
    Series(lines, registry).touch()

    page = generate_latest(registry).decode().splitlines()

    samples = [line for line in page if not line.startswith("#") and "_created" not in line]
    assert len(samples) == lines


def test_the_whole_plan_has_every_cell_of_the_matrix() -> None:
    measured = {
        (stage.series, stage.workers, restarts, cell.endpoint, cell.scrapes_per_s)
        for stage in plan.whole().stages
        for restarts in stage.restarts
        for cell in stage.loads
    }

    for series in plan.SERIES:
        for rate in plan.RATES_PER_S:
            assert (series, 1, 0, plan.ONE_PROCESS, rate) in measured
            for workers in plan.WORKERS:
                for restarts in plan.RESTARTS:
                    for endpoint in (plan.MULTIPROCESS, *plan.METRICS):
                        assert (series, workers, restarts, endpoint, rate) in measured


def test_without_the_program_its_cells_are_left_out_and_the_reason_is_kept() -> None:
    left = plan.without(plan.telling(), "it is not there", plan.METRICS)

    cells = [cell for stage in left.stages for cell in (*stage.costs, *stage.loads)]
    assert not {cell.endpoint for cell in cells} & set(plan.METRICS)
    assert left.skipped == ("it is not there",)
    assert not any(stage.wants_metrics for stage in left.stages)


# --- Writers ----------------------------------------------------------------------------------


def row(part: str = "cost", endpoint: str = plan.TEXT, number: int = 1, **other: Any) -> Row:
    known: dict[str, Any] = {
        "part": part, "series": 10_000, "workers": 4, "restarts": 0, "identity": "slot",
        "endpoint": endpoint, "gzip": False, "scrapes_per_s": 0.0, "round": number,
        "requests_per_s": 0.0, "seconds": 1.0,
    }  # fmt: skip
    return Row(**(known | other))


def measured() -> Measured:
    rows = []
    for number, more in enumerate((0.0, 0.1, 0.2), start=1):
        rows += [
            row(number=number, cpu_ms_per_scrape=3 + more, scrape_p50_ms=3.5, scrape_p99_ms=9.0,
                cycles_per_scrape=8e6),
            row(endpoint=plan.MULTIPROCESS, number=number, cpu_ms_per_scrape=341.0),
            row(number=number, restarts=200, cpu_ms_per_scrape=3.2 + more),
            row("load", plan.NO_SCRAPE, number, request_p99_ms=3.0, request_max_ms=9.0),
            row("load", plan.TEXT, number, scrapes_per_s=1.0, request_p99_ms=3.5,
                request_max_ms=30.0),
        ]  # fmt: skip
    cold = Cold(series=100_000, workers=4, from_start_ms=250.0, scrape_ms=20.0, cpu_ms=9.0)
    return Measured(rows=rows, colds=[cold], memories=[], capacities={(10_000, 4): 500.0})


def test_each_figure_is_judged_against_its_target() -> None:
    added = Middle(0.04, 0.03, 0.06)
    cost = Instrumentation(
        path="/", with_ms=Middle(1, 1, 1), without_ms=Middle(1, 1, 1), added_share=added
    )

    verdicts = {each.what: each for each in targets.verdicts(measured(), cost)}

    met = {what: each.met for what, each in verdicts.items()}
    assert met == {
        "furrow-metrics, text, 10,000 × 4: p50 of a scrape": True,
        "furrow-metrics, text, 10,000 × 4: p99 of a scrape": False,
        "furrow-metrics, text, 10,000 × 4: CPU beside Django's multiprocess view": True,
        "first scrape, 100,000 × 4, from the start of the process": True,
        "furrow-metrics, text, 10,000 × 4: CPU of a scrape over 0, 200 restarts, lowest": True,
        "furrow-metrics, text, 10,000 × 4: added to a request's p99 by one a second": True,
        "furrow-metrics, text, 10,000 × 4: added to a request's maximum by one a second": False,
        "measuring a Django request: CPU it adds": True,
    }


def test_rows_are_written_as_they_were_measured(tmp_path: Path) -> None:
    figures.write_csv(measured().rows, tmp_path / "rows.csv")

    with (tmp_path / "rows.csv").open(newline="") as file:
        written = list(csv.DictReader(file))
    assert len(written) == 15
    assert (written[0]["endpoint"], written[0]["cpu_ms_per_scrape"]) == (plan.TEXT, "3")
    assert written[0]["request_p99_ms"] == ""


def test_the_report_names_the_machine_and_shows_what_was_missed() -> None:
    about = report.About(
        machine="2 × a processor", hz=2.6e9, load_before=0.1, busy_share=0.5, stolen_share=0.013,
        took_s=60, rounds=3, path="/",
    )  # fmt: skip

    text = report.markdown(
        measured(), day="2026-01-02", about=about, instrumentation=None, counts=[],
        skipped=["something"], plots=["a.svg"],
    )  # fmt: skip

    assert "2 × a processor" in text
    assert "1.30% of their time was stolen" in text
    assert "| 9.00 (9.00–9.00) ms | **NO** |" in text
    assert "- something" in text


def test_plots_are_pictures_that_parse_and_hold_every_endpoint() -> None:
    pictures = report.plots(measured().rows)

    assert set(pictures) == {"series", "restarts", "requests-4"}
    for picture in pictures.values():
        assert ElementTree.fromstring(picture).tag.endswith("svg")  # noqa: S314 - our own
    assert plan.MULTIPROCESS in pictures["series"]


def test_a_logarithmic_scale_gives_each_decade_the_same_room() -> None:
    scale = charts.Scale.over([0.5, 30.0], 300, 0)

    assert (scale.low, scale.high) == (0.1, 100.0)
    assert [scale(value) for value in scale.decades()] == [300, 200, 100, 0]


# --- The command ------------------------------------------------------------------------------


def test_a_quick_run_measures_and_writes_everything(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, ROOT / "bench" / "run.py", "scrape", "--quick", "--into", tmp_path],
        cwd=ROOT, check=True, timeout=120,
    )  # fmt: skip

    (rows_file,) = tmp_path.glob("scrape-*.csv")
    with rows_file.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {each["restarts"] for each in rows} == {"0", "2"}
    costs = [each for each in rows if each["part"] == "cost"]
    assert all(float(each["cpu_ms_per_scrape"]) > 0 for each in costs)
    assert all(int(each["scrape_bytes"]) > 30_000 for each in costs)
    loads = [each for each in rows if each["part"] == "load"]
    assert [each["requests"] for each in loads] == ["40"] * len(loads)
    assert {each["failed"] for each in loads} == {"0"}
    assert len(list(tmp_path.glob("*.svg"))) == 3
    assert len(list(tmp_path.glob("*.md"))) == 1

"""Programs that count with the real prometheus_client, drawn by Hypothesis, and how they run.

Several processes are played by one: each has an identifier, a value class of its own and so files
of its own, which is all that tells processes apart in multiprocess mode.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import prometheus_client
from hypothesis import strategies as st
from prometheus_client import values
from prometheus_client.multiprocess import mark_process_dead

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GAUGE_MODES = (
    "all",
    "liveall",
    "min",
    "livemin",
    "max",
    "livemax",
    "sum",
    "livesum",
    "mostrecent",
    "livemostrecent",
)
IDENTS = ("0", "1", "9", "10", "4711")
# What needs escapes, what JSON escapes, what other programs take for an end of line, what is long.
LABEL_ALPHABET = 'ab"\\\n,={}# \t\r\x00\x7f\x85\u2028éß€🌾\U0010ffff'
LONE = "\ud800\udfff"
# `a.b` cannot stand in text and is written `a_b`; `le` is an ordinary name but for histograms.
LABEL_NAMES = ("a", "z", "le", "a.b", "kind", "Ünit")
NAMES = ("m", "jobs", "rows_seconds", "x.y", "ns:z")
BUCKETS = ((1.0,), (0.5, 1.0, 2.5), (-1.0, 0.0, 1e6, 1e17), (1e-7, 123456.7, 12345678.0))

Process = dict[str, Any]  # metrics of the client by name


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """A metric of a program."""

    name: str
    kind: str  # `counter`, `summary`, `histogram` or `gauge_MODE`
    labels: tuple[str, ...]
    help: str
    buckets: tuple[float, ...]

    def make(self) -> Any:
        """The client's metric, in files of whoever makes it."""
        common: dict[str, Any] = {"labelnames": self.labels, "registry": None}
        if self.kind == "histogram":
            return prometheus_client.Histogram(self.name, self.help, buckets=self.buckets, **common)
        if self.kind.startswith("gauge_"):
            mode: Any = self.kind.removeprefix("gauge_")
            return prometheus_client.Gauge(self.name, self.help, multiprocess_mode=mode, **common)
        made = {"counter": prometheus_client.Counter, "summary": prometheus_client.Summary}
        return made[self.kind](self.name, self.help, **common)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A process counts something, starts anew, or is said to be dead."""

    ident: str
    what: str  # `count`, `restart` or `die`
    metric: int
    labels: tuple[str, ...]  # as many as are needed are used
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """Metrics that every process has, and what the processes do one after the other."""

    metrics: tuple[Declared, ...]
    steps: tuple[Step, ...]


def texts(alphabet: str) -> st.SearchStrategy[str]:
    """Short texts."""
    return st.text(alphabet=alphabet, max_size=6)


def numbers() -> st.SearchStrategy[float]:
    """Whole numbers, fractions, and every double there is."""
    edges = [0.0, -0.0, 1e6, 999999.5, 1e15, 1e16, 5e-324, 1.7e308, 0.1, 1e-5]
    return st.one_of(
        st.integers(-5, 5).map(float),
        st.integers(-(2**53), 2**53).map(float),
        st.sampled_from(edges),
        st.floats(),
    )


def programs(alphabet: str = LABEL_ALPHABET) -> st.SearchStrategy[Program]:
    """Every kind of metric, with labels and help text of these characters."""
    kinds = ("counter", "summary", "histogram", *(f"gauge_{mode}" for mode in GAUGE_MODES))

    @st.composite
    def draw_program(draw: st.DrawFn) -> Program:
        names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True))
        metrics = tuple(draw(declared(name)) for name in names)
        steps = draw(st.lists(step(len(metrics)), max_size=14))
        return Program(metrics=metrics, steps=tuple(steps))

    def declared(name: str) -> st.SearchStrategy[Declared]:
        def of_kind(kind: str) -> st.SearchStrategy[Declared]:
            reserved = {"histogram": {"le"}}.get(kind, set())
            allowed = [label for label in LABEL_NAMES if label not in reserved]
            labels = st.lists(st.sampled_from(allowed), max_size=3, unique=True).map(tuple)
            return st.builds(
                Declared,
                name=st.just(name),
                kind=st.just(kind),
                labels=labels,
                help=texts(alphabet),
                buckets=st.sampled_from(BUCKETS),
            )

        return st.sampled_from(kinds).flatmap(of_kind)

    def step(count: int) -> st.SearchStrategy[Step]:
        value = texts(alphabet)
        return st.builds(
            Step,
            ident=st.sampled_from(IDENTS),
            what=st.sampled_from(("count",) * 10 + ("restart", "die")),
            metric=st.integers(0, count - 1),
            labels=st.tuples(value, value, value),
            value=numbers(),
        )

    return draw_program()


@contextmanager
def multiprocess(folder: Path) -> Iterator[None]:
    """The client in multiprocess mode, and as it was again afterwards."""
    before = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    value_class: Any = values.ValueClass
    cleanups = list(values._multi_process_cleanups)
    values._multi_process_cleanups.clear()
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
    try:
        yield
    finally:
        values.close_all_multiprocess_files()  # type: ignore[no-untyped-call]
        values._multi_process_cleanups.extend(cleanups)
        values.ValueClass = value_class
        del os.environ["PROMETHEUS_MULTIPROC_DIR"]
        if before is not None:
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = before


def become(ident: str) -> None:
    """Let what is made from now on belong to the process of this identifier."""
    value_class: Any = values.MultiProcessValue(lambda: ident)  # type: ignore[no-untyped-call]
    values.ValueClass = value_class


def run(program: Program, folder: Path) -> None:
    """Run a program with the real client; its files lie in the folder afterwards."""
    processes: dict[str, Process] = {}
    with multiprocess(folder):
        for step in program.steps:
            if step.what == "die":
                processes.pop(step.ident, None)
                mark_process_dead(step.ident, str(folder))  # type: ignore[no-untyped-call]
                continue
            if step.what == "restart" or step.ident not in processes:
                become(step.ident)
                processes[step.ident] = {
                    declared.name: declared.make() for declared in program.metrics
                }
            if step.what == "count":
                count(processes[step.ident], program.metrics[step.metric], step)


def count(process: Process, declared: Declared, step: Step) -> None:
    """Let a process count one step."""
    metric = process[declared.name]
    if declared.labels:
        metric = metric.labels(*step.labels[: len(declared.labels)])
    if declared.kind == "counter":
        metric.inc(abs(step.value))
    elif declared.kind in {"summary", "histogram"}:
        metric.observe(step.value)
    else:
        metric.set(step.value)

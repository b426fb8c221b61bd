"""What the Python client and furrow-metrics make of the same files, to be compared.

The client reads files in the order of the folder; here it is given them in that of furrow-metrics,
by identifier, because sums of doubles, ties and the choice of a help text depend on it.
"""

from __future__ import annotations

import math
import struct
import subprocess
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.parser import text_string_to_metric_families

from tests.contract.metrics.metrics_process import binary

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

Sample = tuple[str, tuple[tuple[str, str], ...]]  # its name, and its labels sorted
Samples = dict[Sample, float]

ANSWER_WITHIN_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposition:
    """A text of samples, and what it says."""

    text: str
    samples: Samples
    heads: dict[str, tuple[str, str]]  # type and help by metric that has a sample

    @property
    def lines(self) -> list[str]:
        """Its lines, sorted."""
        return sorted(self.text.split("\n"))


def read(text: str) -> Exposition:
    """Read a text with the client's own parser; a sample may stand there once."""
    samples: Samples = {}
    heads = {}
    for family in text_string_to_metric_families(text):
        if family.samples:
            assert family.name not in heads, f"{family.name} stands there twice"
            heads[family.name] = (family.type, family.documentation)
        for sample in family.samples:
            key = (sample.name, tuple(sorted(sample.labels.items())))
            assert key not in samples, f"{key} stands there twice"
            samples[key] = sample.value
    return Exposition(text=text, samples=samples, heads=heads)


def files_in_order(folder: Path) -> list[str]:
    """The files of a folder, by identifier."""

    def order(path: Path) -> tuple[float, str, str]:
        kind, _, ident = path.stem.rpartition("_")
        return (int(ident) if ident.isdigit() else math.inf, ident, kind)

    return [str(path) for path in sorted(folder.glob("*.db"), key=order)]


class Ordered:
    """The client's collector over files in a given order, families without a sample left out."""

    def __init__(self, files: list[str]) -> None:
        self._files = files

    def collect(self) -> Iterator[Any]:
        """Yield merged metrics."""
        merged = MultiProcessCollector.merge(self._files)  # type: ignore[no-untyped-call]
        yield from without_lone_surrogates(family for family in merged if family.samples)


def without_lone_surrogates(families: Iterable[Any]) -> Iterator[Any]:
    """Replace what UTF-8 cannot hold: the client's scrape fails for it."""

    def whole(text: str) -> str:
        return "".join("�" if "\ud800" <= found <= "\udfff" else found for found in text)

    for family in families:
        family.documentation = whole(family.documentation)
        family.samples = [
            sample._replace(labels={name: whole(value) for name, value in sample.labels.items()})
            for sample in family.samples
        ]
        yield family


def of_client(folder: Path) -> Exposition:
    """What the client makes of a folder."""
    registry = CollectorRegistry()
    registry.register(Ordered(files_in_order(folder)))
    return read(generate_latest(registry).decode())


def of_furrow(folder: Path) -> Exposition:
    """What furrow-metrics makes of a folder."""
    printed = subprocess.run(
        [binary(), "print", folder], capture_output=True, timeout=ANSWER_WITHIN_S, check=False
    )
    assert printed.returncode == 0, printed.stderr.decode()
    return read(printed.stdout.decode())


def stored_values(folder: Path) -> dict[Sample, list[float]]:
    """Every value of a gauge in the files, process by process, without the label ``pid``."""
    files = [path for path in files_in_order(folder) if "/gauge_" in path]
    found: dict[Sample, list[float]] = defaultdict(list)
    read_files = MultiProcessCollector._read_metrics(files)  # type: ignore[no-untyped-call]
    for family in read_files.values():
        for sample in family.samples:
            labels = tuple(label for label in dict(sample.labels).items() if label[0] != "pid")
            found[(sample.name, tuple(sorted(labels)))].append(sample.value)
    return found


def bits(value: float) -> int:
    """The same for two doubles only if they are one; one for all NaN."""
    if math.isnan(value):
        value = math.nan
    packed: int = struct.unpack("<q", struct.pack("<d", value))[0]
    return packed

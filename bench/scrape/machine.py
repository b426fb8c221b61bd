"""The machine a run was made on, and what it did beside the run."""

from __future__ import annotations

import re
import urllib.request
from dataclasses import dataclass
from pathlib import Path


def reference_hz(metrics_page: str = "") -> float:
    """Ticks of the reference clock a second: as furrow-metrics exports it, else the kernel's word.

    A reference cycle is CPU time times this constant; what a core really did in a second may be
    more or less, by its turbo and its other thread.
    """
    exported = re.search(r"^cpu_reference_hz\{[^}]*\} (\S+)", metrics_page, re.M)
    if exported:
        return float(exported[1])
    # Two BogoMIPS a tick since the kernel calibrates its delay loop by the time-stamp counter.
    found = re.search(r"bogomips\s+: ([\d.]+)", Path("/proc/cpuinfo").read_text())
    return float(found[1]) / 2 * 1e6 if found else 0.0


def page(port: int, path: str = "/metrics") -> str:
    """A page of text on loopback."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as answer:
        return str(answer.read().decode())


@dataclass(frozen=True, slots=True)
class Ticks:
    """Time of all cores since boot, in the kernel's ticks."""

    total: int
    busy: int
    stolen: int

    @classmethod
    def now(cls) -> Ticks:
        """Read them: user nice system idle iowait irq softirq steal."""
        columns = [int(each) for each in Path("/proc/stat").read_text().split()[1:9]]
        total = sum(columns)
        return cls(total, total - columns[3] - columns[4], columns[7])

    def shares_since(self, earlier: Ticks) -> tuple[float, float]:
        """Busy and stolen share of all cores' time since then."""
        passed = max(1, self.total - earlier.total)
        return (self.busy - earlier.busy) / passed, (self.stolen - earlier.stolen) / passed

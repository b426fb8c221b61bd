"""What every workload says of the machine, and asks /proc of a process."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path


def machine() -> str:
    """The machine in one line."""
    processor = re.search(r"model name\s+: (.+)", Path("/proc/cpuinfo").read_text())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} × {processor[1] if processor else platform.machine()}, {memory:.0f} GiB,"
        f" Linux {platform.release()}, Python {platform.python_version()}"
    )


def group(leader: int) -> list[int]:
    """Process ids of a process group."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdecimal():
            try:
                columns = (process / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(columns[2]) == leader:
                found.append(int(process.name))
    return found


def cpu_s(process: int) -> float:
    """CPU seconds that a process has used, in the clock ticks of /proc.

    Raises:
        OSError: There is no such process.
    """
    columns = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(columns[11]) + int(columns[12])) / os.sysconf("SC_CLK_TCK")


def memory_mib(process: int, name: str, *, file: str = "status") -> float:
    """A line of a process's memory, such as ``VmHWM`` of ``status`` or ``Pss`` of ``smaps_rollup``.

    Raises:
        OSError: There is no such process.
    """
    text = Path(f"/proc/{process}/{file}").read_text()
    found = re.search(rf"^{name}:\s+(\d+) kB", text, re.M)
    return int(found[1]) / 1024 if found else 0.0

"""Processes that count, are killed, and are replaced; what they acknowledged is known."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAM = Path(__file__).with_name("writer.py")
END_WITHIN_S = 20.0


@dataclass(slots=True, kw_only=True)
class Writers:
    """A number of writers over one folder."""

    folder: Path
    acknowledged: int = 0  # increments, of the living and the dead
    killed: int = 0
    living: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def add(self) -> None:
        """Start one more."""
        process = subprocess.Popen(
            [sys.executable, PROGRAM, self.folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"},
        )
        assert process.stdout is not None
        os.set_blocking(process.stdout.fileno(), False)
        self.living.append(process)

    def listen(self) -> None:
        """Take note of what was acknowledged since."""
        for process in self.living:
            self.acknowledged += _read(process)

    def replace(self, index: int) -> None:
        """Kill one and start another in its place."""
        process = self.living.pop(index)
        process.kill()
        process.wait(END_WITHIN_S)
        self.acknowledged += _read(process)
        _close(process)
        self.killed += 1
        self.add()

    def end(self) -> None:
        """Let all finish what they are at; what they say last is read."""
        for process in self.living:
            assert process.stdin is not None
            process.stdin.close()
        for process in self.living:
            # A pipe holds more than a writer says between two looks.
            assert process.wait(END_WITHIN_S) == 0
            self.acknowledged += _read(process)
            assert process.stdout is not None
            process.stdout.close()
        self.living = []


def _read(process: subprocess.Popen[bytes]) -> int:
    assert process.stdout is not None
    count = 0
    while chunk := process.stdout.read(1 << 16):
        count += len(chunk)
    return count


def _close(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdin, process.stdout):
        assert pipe is not None
        pipe.close()


@contextmanager
def writing(folder: Path, *, count: int) -> Iterator[Writers]:
    """Start writers; none is left afterwards."""
    writers = Writers(folder=folder)
    try:
        for _ in range(count):
            writers.add()
        yield writers
    finally:
        for process in writers.living:
            process.kill()
            process.wait(END_WITHIN_S)
            _close(process)

"""A watcher that outlives the supervisor and leaves no orphan behind it.

The kernel tells each part that its parent has died, but not the children of that part. The watcher
holds a pipe: each line names a process group, and the end of the pipe is the end of the supervisor.
What then still lives is asked to end, and killed after a grace period.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import IO

_GRACE_S = 10.0


class Undertaker:
    """The supervisor's end of the pipe."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).resolve())],
            stdin=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def watch(self, group: int) -> None:
        """Name a process group to be ended when the supervisor is gone."""
        pipe = self._process.stdin
        assert pipe is not None  # noqa: S101 - asked for above
        pipe.write(f"{group}\n")
        pipe.flush()

    def forget(self, group: int) -> None:
        """Strike a group off the list: it has ended, and its number may be used by others."""
        self.watch(-group)

    def dismiss(self) -> None:
        """End the watcher; with an empty list it has nothing to do."""
        self._process.communicate()


def bury(pipe: IO[str]) -> None:
    """Read groups until the pipe ends, then end them."""
    groups: set[int] = set()
    for line in pipe:
        number = int(line)
        if number > 0:
            groups.add(number)
        else:
            groups.discard(-number)
    deadline = time.monotonic() + _GRACE_S
    alive = {group for group in groups if _signal(group, signal.SIGTERM)}
    while alive and time.monotonic() < deadline:
        time.sleep(0.05)
        alive = {group for group in alive if _signal(group, 0)}
    for group in alive:
        _signal(group, signal.SIGKILL)


def _signal(group: int, number: int) -> bool:
    """Signal a process group; False when nothing of it is left."""
    with suppress(ProcessLookupError):
        os.killpg(group, number)
        return True
    return False


if __name__ == "__main__":
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    bury(sys.stdin)

"""One part of the stack: its command, its process group, its log, its end."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from stack.errors import StackError
from stack.probes import Probe, always_ready

# A log that is larger than this when its part starts becomes <name>.log.1.
_LOG_ROTATE_BYTES = 10 * 1024 * 1024
_LAST_LINES = 15
_LAST_LINES_READ_BYTES = 16 * 1024
_PROBE_EVERY_S = 0.1
_PR_SET_PDEATHSIG = 1  # linux/prctl.h

# Loaded here, because a child between fork and exec should call nothing that allocates or locks.
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What to run and how to know that it works."""

    name: str
    command: tuple[str | Path, ...]
    environment: Mapping[str, str]
    ready: Probe = always_ready
    ready_within_s: float = 60.0
    stop_within_s: float = 10.0  # from the polite signal to SIGKILL
    folder: Path  # working directory


class PartProcess:
    """A running part."""

    def __init__(
        self,
        part: Part,
        process: asyncio.subprocess.Process,
        log: Path,
        echo: Callable[[str], None] | None = None,
    ) -> None:
        self.part = part
        self.log = log
        self._process = process
        self._echoing = asyncio.ensure_future(self._pass_on(echo)) if echo else None

    @property
    def pid(self) -> int:
        """Process id, which is the id of its process group as well."""
        return self._process.pid

    @property
    def has_ended(self) -> bool:
        """Whether the process itself is gone; its group may live a moment longer."""
        return self._process.returncode is not None

    async def wait(self) -> int:
        """Wait for the end and return the exit code, negative for a signal."""
        if self._echoing:
            # What it printed last is shown before its end is.
            await asyncio.shield(self._echoing)
        return await self._process.wait()

    async def wait_until_ready(self) -> None:
        """Ask until the part is ready.

        Raises:
            StackError: It ended, or was not ready in time.
        """
        missing: str | None = "it was not asked yet"
        with suppress(TimeoutError):
            async with asyncio.timeout(self.part.ready_within_s):
                while not self.has_ended and (missing := await self.part.ready()) is not None:
                    await asyncio.sleep(_PROBE_EVERY_S)
        if self.has_ended:
            raise StackError(self.obituary())
        if missing is not None:
            raise StackError(
                f"{self.part.name} was not ready within {self.part.ready_within_s:g} s:"
                f" {missing}. Its log: {self.log}{self._indented_last_lines()}"
            )

    async def stop(self) -> None:
        """Ask politely, then insist; returns when nothing of the process group is left."""
        if not self.has_ended:
            # To the leader alone: a part passes the wish on to its own children in its own way.
            with suppress(ProcessLookupError):
                self._process.terminate()
            with suppress(TimeoutError):
                async with asyncio.timeout(self.part.stop_within_s):
                    await self._process.wait()
                    while self._group_lives():
                        await asyncio.sleep(0.02)
        self.kill()
        await self._process.wait()

    def kill(self) -> None:
        """Kill the whole process group at once."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)

    def obituary(self) -> str:
        """One line on how the part ended, and the last lines of its log."""
        code = self._process.returncode
        how = f"with exit code {code}"
        if code is not None and code < 0:
            how = f"by {signal.Signals(-code).name}"
        return f"{self.part.name} ended {how}. Its log: {self.log}{self._indented_last_lines()}"

    async def _pass_on(self, echo: Callable[[str], None]) -> None:
        output = self._process.stdout
        assert output is not None  # noqa: S101 - start() asked for it
        async for line in output:
            echo(line.decode(errors="replace").rstrip("\n"))

    def _group_lives(self) -> bool:
        try:
            os.killpg(self.pid, 0)
        except ProcessLookupError:
            return False
        return True

    def _indented_last_lines(self) -> str:
        with self.log.open("rb") as file:
            file.seek(max(0, self.log.stat().st_size - _LAST_LINES_READ_BYTES))
            text = file.read().decode(errors="replace")
        lines = deque(text.splitlines(), maxlen=_LAST_LINES)
        return "".join(f"\n    {line}" for line in lines)


async def start(
    part: Part, *, log_dir: Path, echo: Callable[[str], None] | None = None
) -> PartProcess:
    """Start a part in a process group of its own.

    Args:
        part: What to start.
        log_dir: Folder of `<name>.log`, which takes standard output and standard error.
        echo: Takes standard output line by line instead of the log.

    Raises:
        StackError: The program cannot be run.
    """
    log = log_dir / f"{part.name}.log"
    _rotate(log)
    with log.open("ab") as output:
        try:
            process = await asyncio.create_subprocess_exec(
                *part.command,
                env=dict(part.environment),
                cwd=part.folder,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE if echo else output,
                stderr=output,
                start_new_session=True,
                preexec_fn=die_with_parent,
            )
        except OSError as error:
            raise StackError(f"{part.name} cannot be started: {error}.") from error
    return PartProcess(part, process, log, echo)


def die_with_parent() -> None:
    """Ask the kernel to end this process when its parent dies, be it by SIGKILL."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _rotate(log: Path) -> None:
    if log.exists() and log.stat().st_size > _LOG_ROTATE_BYTES:
        log.replace(log.with_name(f"{log.name}.1"))

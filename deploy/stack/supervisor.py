"""Starts the parts, watches them, and stops all of them, whatever the reason."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Coroutine, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, Self, TypeVar

from stack.errors import Interrupted, StackError
from stack.process import Part, PartProcess, start
from stack.terminal import say
from stack.undertaker import Undertaker

_Result = TypeVar("_Result")

# However long the parts ask for, the whole stack is down by then.
_STOP_ALL_WITHIN_S = 45.0


class Supervisor:
    """The running parts, in the order in which they were started.

    Use it as `async with`: on the way out every part is stopped, the last started first.
    """

    def __init__(self, *, log_dir: Path) -> None:
        self._log_dir = log_dir
        self._running: list[PartProcess] = []
        self._interrupts = 0
        self._interrupted = asyncio.Event()
        self._undertaker = Undertaker()

    async def __aenter__(self) -> Self:
        """Take over Ctrl-C and the polite end."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._on_interrupt)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop everything."""
        await self._stop_all()
        self._undertaker.dismiss()

    async def start(self, parts: Iterable[Part]) -> None:
        """Start parts side by side and wait until each is ready.

        Raises:
            StackError: One cannot start, ended, or was not ready in time.
            Interrupted: Somebody asked to stop meanwhile.
        """
        begun = time.monotonic()

        async def report_ready(process: PartProcess) -> None:
            await process.wait_until_ready()
            say(f"  {process.part.name:<14} ready after {time.monotonic() - begun:.1f} s")

        started = [await self._start(part) for part in parts]
        await self.unless_interrupted(_all(report_ready(process) for process in started))

    async def run_step(self, part: Part) -> None:
        """Run a program to its end while the parts stay up; its standard output is for the reader.

        Raises:
            StackError: It failed, or a part ended meanwhile.
            Interrupted: Somebody asked to stop meanwhile.
        """
        process = await self._start(part, echo=say)
        code = await self.unless_interrupted(process.wait(), besides=process)
        self._running.remove(process)
        self._undertaker.forget(process.pid)
        if code != 0:
            raise StackError(process.obituary())

    async def watch(self) -> None:
        """Do nothing until somebody asks to stop or a part ends.

        Raises:
            StackError: A part ended.
            Interrupted: Somebody asked to stop.
        """
        await self.unless_interrupted(asyncio.Event().wait())

    async def unless_interrupted(
        self, work: Coroutine[Any, Any, _Result], *, besides: PartProcess | None = None
    ) -> _Result:
        """Return the result of the work, unless a part ends or somebody asks to stop before.

        Args:
            work: What to wait for.
            besides: The process whose end the work itself waits for.
        """
        task = asyncio.ensure_future(work)
        interrupted = asyncio.ensure_future(self._interrupted.wait())
        ends = {
            asyncio.ensure_future(process.wait()): process
            for process in self._running
            if process is not besides
        }
        everything = {task, interrupted, *ends}
        try:
            done, _ = await asyncio.wait(everything, return_when=asyncio.FIRST_COMPLETED)
            if interrupted in done:
                raise Interrupted
            for end in done & ends.keys():
                raise StackError(ends[end].obituary())
            return task.result()
        finally:
            for one in everything:
                one.cancel()
            await asyncio.gather(*everything, return_exceptions=True)

    async def _start(self, part: Part, **options: Any) -> PartProcess:
        process = await start(part, log_dir=self._log_dir, **options)
        self._undertaker.watch(process.pid)
        self._running.append(process)
        return process

    async def _stop_all(self) -> None:
        """Stop the parts, the last started first, so that nobody calls one that has gone."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_STOP_ALL_WITHIN_S):
                for process in reversed(self._running):
                    await process.stop()
                    self._undertaker.forget(process.pid)
        for process in self._running:
            process.kill()

    def _on_interrupt(self) -> None:
        self._interrupts += 1
        if self._interrupts == 1:
            say("\nStopping. Press Ctrl-C again to kill what is left.")
            self._interrupted.set()
        else:
            for process in self._running:
                process.kill()


async def _all(works: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Wait for all; the first error ends the others."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()

"""A furrow-ndvi that can be killed, held still and started again on the same socket."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import tempfile
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tests.contract.ndvi_binary import STOP_WITHIN_S, binary, wait_until_serving

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(slots=True, kw_only=True)
class NdviProcess:
    """The program over a store; its log collects over its lives."""

    store: Path
    folder: Path
    process: subprocess.Popen[bytes] | None = field(default=None)

    @property
    def target(self) -> str:
        """What to dial."""
        return f"unix:{self.folder}/ndvi.sock"

    @property
    def pid(self) -> int:
        """Of the life that goes on."""
        assert self.process is not None
        return self.process.pid

    def start(self, *, max_file_bytes: int | None = None) -> None:
        """Begin a life and wait until it serves.

        Args:
            max_file_bytes: Longer files cannot be written, as on a disk that is full.
        """
        environment = {
            "PATH": os.environ["PATH"],
            "FURROW_NDVI_LISTEN": self.target,
            "FURROW_NDVI_ADMIN_LISTEN": "127.0.0.1:0",
            "FURROW_STORE_URL": self.store.resolve().as_uri(),
        }
        log = self.folder / "log"
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [binary()],
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                # The signal would end the program before the write says what is wrong.
                preexec_fn=lambda: signal.signal(signal.SIGXFSZ, signal.SIG_IGN),
                restore_signals=False,
            )
        wait_until_serving(self.process, self.target, log)
        if max_file_bytes is not None:
            resource.prlimit(self.pid, resource.RLIMIT_FSIZE, (max_file_bytes, max_file_bytes))

    def kill(self) -> None:
        """End it as the kernel does when memory runs out."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(STOP_WITHIN_S)

    def hold_still(self) -> None:
        """Let it live without doing anything."""
        os.kill(self.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it work again."""
        os.kill(self.pid, signal.SIGCONT)


@contextmanager
def controllable(store: Path) -> Iterator[NdviProcess]:
    """Start the program; whatever became of it, nothing of it is left afterwards."""
    store.mkdir(parents=True, exist_ok=True)
    # A socket's path has 108 bytes at most, which pytest's own folders can exceed.
    with tempfile.TemporaryDirectory(prefix="fu-") as folder:
        service = NdviProcess(store=store, folder=Path(folder))
        service.start()
        try:
            yield service
        finally:
            with suppress(ProcessLookupError):
                service.go_on()
            service.kill()

"""The real Caddy over a folder of files, and a proxy that drops connections."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.s3_server import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

READY_WITHIN_S = 20.0
STOP_WITHIN_S = 10.0
HOLD = -1  # a connection that a proxy keeps open without an answer

CADDYFILE = """
{{
    admin off
    skip_install_trust
    auto_https disable_redirects
    storage file_system {folder}/caddy
    log {{
        output discard
    }}
}}
(files) {{
    root * {folder}/files
    redir /old.tif /red.tif 302
    redir /away.tif http://192.0.2.1/red.tif 302
    file_server
    log {{
        output file {folder}/access.log
        format json
    }}
}}
http://:{http} {{
    bind 127.0.0.1
    import files
}}
https://localhost:{https} {{
    bind 127.0.0.1
    tls internal
    import files
}}
"""


@dataclass(slots=True, kw_only=True)
class Caddy:
    """A file server."""

    folder: Path
    http: int
    https: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def files(self) -> Path:
        """What it serves."""
        return self.folder / "files"

    @property
    def ca_file(self) -> Path:
        """The authority of its certificate."""
        return self.folder / "caddy/pki/authorities/local/root.crt"

    def start(self) -> None:
        """Start it and wait until both ports answer and the certificate is there."""
        caddyfile = self.folder / "Caddyfile"
        caddyfile.write_text(CADDYFILE.format(folder=self.folder, http=self.http, https=self.https))
        log = (self.folder / "log").open("ab")
        with log:
            self.process = subprocess.Popen(
                ["caddy", "run", "--config", caddyfile, "--adapter", "caddyfile"],
                env={"PATH": os.environ["PATH"], "HOME": str(self.folder)},
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + READY_WITHIN_S
        certificates = self.folder / "caddy/certificates/local/localhost/localhost.crt"
        while not (_listens(self.http) and _listens(self.https) and certificates.is_file()):
            assert self.process.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < deadline, (self.folder / "log").read_text()
            # It has no other sign than its answer; the pause only spares the processor.
            time.sleep(0.05)

    def stop(self) -> None:
        """End it."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(STOP_WITHIN_S)
            self.process = None

    def url(self, name: str) -> str:
        """Address of a file by plain HTTP."""
        return f"http://127.0.0.1:{self.http}/{name}"

    def answered(self) -> list[dict[str, Any]]:
        """What its access log holds: what was asked for, and status and bytes of each answer."""
        log = self.folder / "access.log"
        lines = log.read_text().splitlines() if log.is_file() else []
        return [
            {
                "uri": line["request"]["uri"],
                "range": line["request"]["headers"].get("Range", [""])[0],
                "status": line["status"],
                "bytes": line["size"],
                "proto": line["request"]["proto"],
            }
            for line in map(json.loads, lines)
        ]


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def caddy_over(folder: Path) -> Iterator[Caddy]:
    """Run Caddy over ``folder/files`` for as long as the block lasts."""
    if shutil.which("caddy") is None:
        reason = "caddy is not installed; `deploy/setup.sh edge` brings it"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    caddy = Caddy(folder=folder, http=free_port(), https=free_port())
    caddy.files.mkdir(parents=True, exist_ok=True)
    try:
        caddy.start()
        yield caddy
    finally:
        caddy.stop()


class FlakyProxy:
    """Passes connections on and cuts some of them."""

    def __init__(self, port: int, cut: Callable[[bytes], int | None]) -> None:
        """Pass on to ``port`` of this machine.

        Args:
            port: Who answers.
            cut: Given the head of a connection's first request: after how many bytes of the
                answer it ends; None for all; HOLD: there is none, nor an end.
        """
        self._target = port
        self._cut = cut
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])

    def __enter__(self) -> FlakyProxy:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        # Only a shutdown wakes the thread that waits in accept.
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with suppress(OSError), client:
            head = b""
            while b"\r\n\r\n" not in head:
                if not (more := client.recv(65_536)):
                    return
                head += more
            left = self._cut(head)
            if left == HOLD:
                while client.recv(65_536):
                    pass
                return
            with socket.create_connection(("127.0.0.1", self._target)) as server:
                server.sendall(head)
                threading.Thread(target=_pump, args=(client, server), daemon=True).start()
                while left is None or left > 0:
                    answer = server.recv(65_536 if left is None else min(65_536, left))
                    if not answer:
                        return
                    client.sendall(answer)
                    left = None if left is None else left - len(answer)
                # The thread that still reads from it would keep the connection open.
                client.shutdown(socket.SHUT_RDWR)


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while more := source.recv(65_536):
            target.sendall(more)

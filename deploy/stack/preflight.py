"""What must hold before anything starts: programs there, ports free, folders made."""

from __future__ import annotations

import errno
import fcntl
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO
from uuid import uuid4

from stack.config import HOST, ROOT, Port, StackConfig
from stack.errors import StackError
from stack.parts import environment, furrow_metrics, furrow_ndvi, furrow_weather

# Linux allows 108 bytes with the final zero (unix(7)).
_SOCKET_PATH_MAX_BYTES = 107

# Parses Django's settings as a part would, and makes nothing.
_PARSE_SETTINGS = (
    "import os, pathlib; from orchestrator import env;"
    " env.parse(os.environ, project_dir=pathlib.Path.cwd())"
)


def check_services(config: StackConfig) -> None:
    """See that the Rust services are built.

    Raises:
        StackError: One is not.
    """
    for name in ("furrow-ndvi", "furrow-weather", "furrow-metrics"):
        if not os.access(config.binaries / name, os.X_OK):
            raise StackError(
                f"{name} is not in {config.binaries}; build it with `make setup`"
                " or name its folder in FURROW_BIN_DIR."
            )


def check_programs(config: StackConfig) -> None:
    """Name the first program that is missing and how to get it.

    Raises:
        StackError: A program is missing.
    """
    check_services(config)
    for program in ("caddy", "prometheus"):
        if shutil.which(program, path=config.environment.get("PATH")) is None:
            raise StackError(f"{program} is not installed; run: sudo apt-get install {program}")


def check_ports(config: StackConfig) -> None:
    """Try each port.

    Raises:
        StackError: A port is taken; the line names it, its owner where known, and the variable.
    """
    for port in config.ports.all():
        check_port(port, address="" if port is config.ports.https else HOST)


def check_port(port: Port, *, address: str = HOST) -> None:
    """Try one port; the empty address stands for every one.

    Raises:
        StackError: The port is taken.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As the servers do; a connection in TIME_WAIT is no owner.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port.number))
        except OSError as error:
            raise StackError(_why_not(port, error)) from error


def make_folders(config: StackConfig) -> None:
    """Make the data folder and all that the parts expect in it.

    Raises:
        StackError: The data folder's path is too long for a socket, or cannot be written.
    """
    longest_socket = config.run_dir / "metrics.sock"
    if len(os.fsencode(longest_socket)) > _SOCKET_PATH_MAX_BYTES:
        raise StackError(
            f"{longest_socket} is too long for a socket ({_SOCKET_PATH_MAX_BYTES} bytes at most);"
            " name a shorter FURROW_DATA_DIR."
        )
    try:
        for folder in (
            config.data_dir,
            config.run_dir,
            config.log_dir,
            config.static_dir,
            config.caddy_dir,
            config.prometheus_dir,
            config.metrics_state_dir,
            config.store_dir,
        ):
            folder.mkdir(mode=0o750, parents=True, exist_ok=True)
    except OSError as error:
        raise StackError(f"The data folder cannot be used: {error}.") from error


def check_settings(config: StackConfig) -> None:
    """Let Django and the Rust services read their settings before anything starts.

    Raises:
        StackError: One of them refuses a value; the line is the sentence it says about it.
    """
    _try([sys.executable, "-c", _PARSE_SETTINGS], environment(config))
    for part in (furrow_ndvi(config), furrow_weather(config), furrow_metrics(config)):
        _try([*map(str, part.command), "--check-config"], part.environment)


def _try(command: Sequence[str], variables: Mapping[str, str]) -> None:
    tried = subprocess.run(
        command, cwd=ROOT, env=dict(variables), capture_output=True, text=True, check=False
    )
    if tried.returncode != 0:
        said = [line for line in tried.stderr.splitlines() if line.strip()]
        last = said[-1] if said else f"{command[0]} ended with exit code {tried.returncode}."
        raise StackError(last.partition("ImproperlyConfigured: ")[2] or last)


@contextmanager
def metrics_folder(config: StackConfig) -> Iterator[None]:
    """Begin with an empty folder for counters, and leave none in memory at the end."""
    empty_metrics_folder(config.metrics_dir)
    try:
        yield
    finally:
        # One that the operator named stays: it may hold more than ours.
        if not config.environment.get("PROMETHEUS_MULTIPROC_DIR"):
            shutil.rmtree(config.metrics_dir, ignore_errors=True)


def empty_metrics_folder(folder: Path) -> None:
    """Begin with no counters: those of dead processes would be summed with the living ones.

    Raises:
        StackError: The folder is somebody else's, or cannot be written.
    """
    try:
        _empty(folder)
    except OSError as error:
        raise StackError(f"The folder of counters cannot be used: {error}.") from error


def _empty(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.getuid():
        raise StackError(
            f"{folder} is not a folder of our own; name one in PROMETHEUS_MULTIPROC_DIR."
        )
    # Unlinked, never cut short: who still maps one of them keeps what is mapped.
    for pattern in ("*.db", "*.broken", "slot*.lock"):
        for file in folder.glob(pattern):
            file.unlink()
    # Says that the counters begin anew, so that furrow-metrics carries nothing over.
    fresh = folder / f".generation.{os.getpid()}"
    fresh.write_text(f"{uuid4()}\n")
    fresh.rename(folder / "generation")


def lock_data_folder(config: StackConfig) -> IO[str]:
    """Keep other stacks off the data folder for as long as the returned file is open.

    Raises:
        StackError: Another stack runs on it.
    """
    lock = (config.run_dir / "stack.lock").open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.seek(0)
        raise StackError(
            f"A stack already runs on {config.data_dir} (process {lock.read().strip()});"
            " stop it or name another FURROW_DATA_DIR."
        ) from error
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


def _why_not(port: Port, error: OSError) -> str:
    change = f"free it or set {port.variable} to another"
    if error.errno == errno.EACCES:
        needed = f"Port {port.number} for {port.part} needs more rights"
        return f"{needed}; set {port.variable} to one from 1024 on."
    owner = port_owner(port.number)
    taken = f" by {owner}" if owner else ""
    return f"Port {port.number}, which {port.part} needs, is taken{taken}; {change}."


def port_owner(number: int) -> str | None:
    """Program and process id that listens on a TCP port, where /proc lets us see it."""
    inodes = set()
    for table in ("tcp", "tcp6"):
        with suppress(OSError):
            for line in Path("/proc/net", table).read_text().splitlines()[1:]:
                columns = line.split()
                # Column 1: local address in hexadecimal; column 3: state, 0A is LISTEN.
                if columns[3] == "0A" and int(columns[1].rpartition(":")[2], 16) == number:
                    inodes.add(f"socket:[{columns[9]}]")
    for process in Path("/proc").iterdir() if inodes else ():
        if process.name.isdecimal():
            with suppress(OSError):
                if any(str(link.readlink()) in inodes for link in (process / "fd").iterdir()):
                    program = (process / "comm").read_text().strip()
                    return f"{program} (process {process.name})"
    return None


def version() -> str:
    """Version of the checkout, as pyproject.toml says."""
    found = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.M)
    return found[1] if found else "?"

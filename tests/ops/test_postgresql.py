"""The same tests pass on PostgreSQL, among them those of two writers, which SQLite cannot run."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# What reads and writes rows; the rest does not ask which database it is.
SUITES = (
    "tests/unit/accounts",
    "tests/unit/farms",
    "tests/unit/fields",
    "tests/unit/imagery",
    "tests/unit/jobs",
    # Of weather, what keeps rows; the rest computes.
    *(
        f"tests/unit/weather/{name}.py"
        for name in (
            "providers/test_hosts",
            "test_admin",
            "test_assembly",
            "test_forecasts",
            "test_places",
            "test_profiles",
            "test_refresh",
            "test_refresh_jobs",
            "test_store",
            "test_two_refreshes",
        )
    ),
    "tests/unit/test_prepared.py",
    "tests/unit/weather/providers/test_hosts.py",
    "tests/unit/weather/test_refresh.py",
    "tests/unit/weather/test_store.py",
)


@pytest.fixture(scope="module")
def database_url() -> Iterator[str]:
    """A PostgreSQL of our own on a free port, made anew and removed afterwards."""
    programs = _programs()
    if programs is None:
        words = "PostgreSQL's server is not on this machine (Debian: apt install postgresql)"
        if os.environ.get("CI") == "true":
            pytest.fail(words)
        pytest.skip(words)
    folder = Path(tempfile.mkdtemp(prefix="furrow-postgres-"))
    # The server refuses to run as root; Debian's package brings the user.
    as_user: list[str | Path] = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
    if as_user:
        shutil.chown(folder, "postgres")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    data = folder / "data"
    settings = f"-c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
    control: list[str | Path] = [*as_user, programs / "pg_ctl", "--pgdata", data, "--silent"]
    try:
        fresh = ["--auth", "trust", "--username", "furrow", "--encoding", "UTF8", "--no-sync"]
        _run([*as_user, programs / "initdb", "--pgdata", data, *fresh])
        waiting: list[str | Path] = [
            "--wait",
            "--log",
            folder / "log",
            "-o",
            f"{settings} -p {port}",
        ]
        _run([*control, *waiting, "start"])
        try:
            yield f"postgresql://furrow@127.0.0.1:{port}/postgres"
        finally:
            _run([*control, "--mode", "immediate", "stop"])
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_the_tests_of_the_database_pass_on_postgresql(database_url: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *SUITES],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": database_url},
        capture_output=True,
        text=True,
        timeout=900,
    )

    assert ran.returncode == 0, ran.stdout[-8000:] + ran.stderr[-2000:]
    assert "no two writers" not in ran.stdout


def _programs() -> Path | None:
    """Folder of the server's programs, of the newest version there is; Debian keeps it off PATH."""
    found = list(Path("/usr/lib/postgresql").glob("[0-9]*/bin/initdb"))
    if found:
        return max(found, key=lambda program: int(program.parts[-3])).parent
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


def _run(command: list[str | Path]) -> None:
    # The server keeps what it inherits open, so no pipe of ours may be among it.
    with tempfile.TemporaryFile() as output:
        done = subprocess.run(
            command, stdout=output, stderr=output, cwd=tempfile.gettempdir(), timeout=120
        )
        output.seek(0)
        assert done.returncode == 0, output.read().decode(errors="replace")

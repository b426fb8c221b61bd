"""Programs of the Rust workspace that tests run: pure crates speak JSON through their examples."""

from __future__ import annotations

import json
import os
import subprocess
from functools import cache
from pathlib import Path

WORKSPACE = Path(__file__).parents[2] / "rust_services"


@cache
def built_example(name: str, package: str = "furrow-raster") -> Path:
    """Build an example of a crate and say where its program is."""
    build = ["cargo", "build", "-q", "-p", package, "--example", name]
    result = subprocess.run(
        [*build, "--message-format=json"],
        cwd=WORKSPACE,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    messages = (json.loads(line) for line in result.stdout.splitlines())
    programs = [
        message["executable"]
        for message in messages
        if message.get("reason") == "compiler-artifact"
        and message["target"]["name"] == name
        and "example" in message["target"]["kind"]
    ]
    return Path(programs[-1])


def run_example(name: str, stdin: bytes, package: str = "furrow-raster") -> bytes:
    """Run an example to its end and return what it wrote."""
    result = subprocess.run(
        [built_example(name, package)],
        input=stdin,
        capture_output=True,
        check=False,
        timeout=120,
        env={**os.environ, "RUST_BACKTRACE": "1"},
    )
    assert result.returncode == 0, result.stderr.decode()
    return result.stdout

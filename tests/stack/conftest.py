"""One whole stack for the tests that only look, and a folder for those that break things."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

# What the tests share lies beside this file; the import mode adds no folder by itself.
sys.path.insert(0, str(Path(__file__).parent))

from stacks import RunningStack, running_stack, unexpected_lines


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A data folder with a path short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="fu-", dir="/tmp") as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def stack() -> Iterator[RunningStack]:
    """The real stack with its demo farm; at the end its logs hold no unexpected warning."""
    folder = Path(tempfile.mkdtemp(prefix="fu-", dir="/tmp"))
    with running_stack(folder) as running:
        yield running
        status = running.stop()
    try:
        assert status == 0, running.output
        assert unexpected_lines(running.config.log_dir) == []
    finally:
        if os.environ.get("FURROW_KEEP_STACK") != "on":
            shutil.rmtree(folder, ignore_errors=True)

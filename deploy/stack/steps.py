"""Programs that run to their end between the parts: database, static files, demo farm."""

from __future__ import annotations

import sys
from pathlib import Path

from stack.config import ROOT, StackConfig
from stack.parts import environment
from stack.process import Part


def migrate(config: StackConfig) -> Part:
    """Bring the database up to the code."""
    return _manage(config, "migrate", "--verbosity", "0")


def collect_static_files(config: StackConfig) -> Part:
    """Lay the static files where Caddy serves them."""
    return _manage(config, "collectstatic", "--no-input", "--verbosity", "0")


def load_demo(config: StackConfig) -> Part:
    """Make the demo farm and its users; what is there already stays."""
    return _manage(config, "load_demo")


def demo(config: StackConfig, *, data: Path | None, out: Path) -> Part:
    """Do the main job over a folder of scenes, or over simulated ones, and write the results."""
    chosen = () if data is None else ("--data", str(data))
    return _manage(config, "demo", *chosen, "--out", str(out))


def _manage(config: StackConfig, command: str, *arguments: str) -> Part:
    return Part(
        name=command,
        command=(sys.executable, ROOT / "manage.py", command, *arguments),
        environment=environment(config),
        folder=ROOT,
    )

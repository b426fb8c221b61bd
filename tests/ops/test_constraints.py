"""The versions that are installed are those that were tested together."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import distributions
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
# Part of every environment; pip freeze leaves them out.
TOOLS = {"pip", "setuptools", "wheel", "furrow"}


def normal(name: str) -> str:
    """Name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def constraints() -> dict[str, str]:
    lines = (ROOT / "deploy" / "constraints.txt").read_text().splitlines()
    pairs = (line.split("==") for line in lines if line and not line.startswith("#"))
    return {normal(name): version for name, version in pairs}


def test_every_pin_of_the_project_is_the_constraint() -> None:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text())
    lines = pyproject["project"]["dependencies"] + pyproject["dependency-groups"]["dev"]
    known = constraints()

    for line in lines:
        wanted = Requirement(line)
        assert wanted.specifier.contains(known[normal(wanted.name)]), line


def test_nothing_is_installed_at_another_version() -> None:
    known = constraints()

    installed = {normal(d.name): d.version for d in distributions() if normal(d.name) not in TOOLS}

    assert {name: v for name, v in installed.items() if known.get(name) != v} == {}

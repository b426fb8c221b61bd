"""The table of settings in the docs names what is read, all of it and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
NAME = re.compile(r"(?:FURROW_[A-Z0-9_]*[A-Z0-9]|DATABASE_URL|PROMETHEUS_MULTIPROC_DIR)\b")
READERS = (
    "orchestrator/env.py",
    "deploy/Caddyfile",
    "deploy/stack/config.py",
    "deploy/stack/parts.py",
    "deploy/docker/entrypoint.sh",
    "docker-compose.yml",
    "rust_services/services/metrics/src/config.rs",
    "rust_services/services/ndvi/src/config.rs",
    "rust_services/services/weather/src/config.rs",
    "rust_services/service-kit/src/config.rs",
)
# `<prefix>_LISTEN` in the comment of KitConfig::from_environment.
KIT_NAME = re.compile(r"`<prefix>_([A-Z_]+)`")
PREFIXES = ("FURROW_NDVI", "FURROW_METRICS", "FURROW_WEATHER")


def read_names() -> set[str]:
    names: set[str] = set()
    for path in READERS:
        text = (ROOT / path).read_text().partition("#[cfg(test)]")[0]
        names |= set(NAME.findall(text))
        names |= {f"{prefix}_{suffix}" for suffix in KIT_NAME.findall(text) for prefix in PREFIXES}
    return names - set(PREFIXES)


def documented_names() -> set[str]:
    section = (ROOT / "docs/architecture.md").read_text().partition("## Settings")[2]
    rows = [row for row in section.partition("## ")[0].splitlines() if row.startswith("| `")]
    return {name for row in rows for name in NAME.findall(row.split("|")[1])}


def test_every_setting_that_is_read_stands_in_the_table() -> None:
    assert read_names() - documented_names() == set()


def test_every_setting_of_the_table_is_read() -> None:
    assert documented_names() - read_names() == set()

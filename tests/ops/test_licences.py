"""Every dependency is under a permissive licence, Rust and Python alike."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]

# Licences that ask for no more than their text to be kept.
PERMISSIVE = {
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "PSF-2.0",
    "Python-2.0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
}
# Not permissive, and yet free to use unchanged: reason beside each.
EXCEPTIONS = {
    "psycopg": "LGPL-3.0: a library that is loaded, not changed; PostgreSQL only",
    "psycopg-binary": "LGPL-3.0, as psycopg",
    "certifi": "MPL-2.0: a list of root certificates, unchanged",
}
# Older packages name their licence in words.
IN_WORDS = {
    "apache": "Apache-2.0",
    "apache 2.0": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache license, version 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "bsd": "BSD-3-Clause",
    "bsd license": "BSD-3-Clause",
    "isc license (iscl)": "ISC",
    "mit license": "MIT",
    "python software foundation license": "PSF-2.0",
    "psfl": "PSF-2.0",
    "3-clause bsd license": "BSD-3-Clause",
    "the unlicense (unlicense)": "Unlicense",
}


def is_permissive(expression: str) -> bool:
    """Whether an SPDX expression leaves a permissive choice: all of AND, one of OR."""
    text = expression.replace("/", " OR ").strip()
    while text.startswith("(") and text.endswith(")") and text.count("(") == 1:
        text = text[1:-1]
    if match := re.fullmatch(r"\((.+?)\) (AND|OR) (.+)|(.+) (AND|OR) \((.+?)\)", text):
        left, word, right = (match[1], match[2], match[3]) if match[1] else match.group(4, 5, 6)
        both = (is_permissive(left), is_permissive(right))
        return all(both) if word == "AND" else any(both)
    if " OR " in text:
        return any(is_permissive(part) for part in text.split(" OR "))
    if " AND " in text:
        return all(is_permissive(part) for part in text.split(" AND "))
    return text in PERMISSIVE


def test_expressions_are_read_as_spdx_means_them() -> None:
    assert is_permissive("MIT OR GPL-3.0-only")
    assert not is_permissive("MIT AND GPL-3.0-only")
    assert is_permissive("(MIT OR Apache-2.0) AND Unicode-3.0")
    assert not is_permissive("(MIT OR Apache-2.0) AND LGPL-3.0-only")
    assert is_permissive("MIT/Apache-2.0")


def test_every_crate_is_permissive() -> None:
    answer = subprocess.run(
        ["cargo", "metadata", "--format-version", "1", "--locked"],
        cwd=ROOT / "rust_services",
        capture_output=True,
        text=True,
        check=True,
    )
    packages: list[dict[str, Any]] = json.loads(answer.stdout)["packages"]

    refused = {p["name"]: p["license"] for p in packages if not is_permissive(p["license"] or "")}

    assert refused == {}


def runtime_packages() -> dict[str, Distribution]:
    """What `pip install .` brings with all its extras, through all levels."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    waiting = [Requirement(line) for group in groups for line in group]
    found: dict[str, Distribution] = {}
    while waiting:
        wanted = waiting.pop()
        name = re.sub(r"[-_.]+", "-", wanted.name).lower()
        if name in found:
            continue
        try:
            found[name] = distribution(name)
        except PackageNotFoundError:
            assert wanted.marker is not None, f"{name} is not installed"
            continue
        for line in found[name].requires or []:
            needed = Requirement(line)
            extras = wanted.extras or {""}
            if needed.marker is None or any(needed.marker.evaluate({"extra": e}) for e in extras):
                waiting.append(needed)
    return found


def licence_of(package: Distribution) -> str:
    """SPDX expression, or what the older fields say, in SPDX words where they are known."""
    meta = package.metadata
    if "License-Expression" in meta:
        return meta["License-Expression"]
    classifiers = meta.get_all("Classifier") or []
    named = [c.rpartition(" :: ")[2] for c in classifiers if c.startswith("License :: ")]
    named = [one for one in named if one != "OSI Approved"]
    if not named:
        named = (meta.get_all("License") or ["none stated"])[:1]
    return " AND ".join(IN_WORDS.get(one.strip().lower(), one.strip()) for one in named)


def test_every_python_package_is_permissive() -> None:
    refused = {
        name: licence_of(package)
        for name, package in runtime_packages().items()
        if name not in EXCEPTIONS and not is_permissive(licence_of(package))
    }

    assert refused == {}


def test_the_project_itself_is_under_the_whole_apache_licence() -> None:
    text = (ROOT / "LICENSE").read_text()

    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text
    assert (ROOT / "LICENSE").stat().st_size > 11_000

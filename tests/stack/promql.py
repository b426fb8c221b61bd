"""What expressions of PromQL name, and what dashboards and rules ask."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

# Words that stand where a name could: operators and modifiers.
_WORDS = {"and", "or", "unless", "bool", "offset", "by", "without", "on", "ignoring"}
_WORDS |= {"group_left", "group_right", "inf", "nan"}
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_BRACES = re.compile(r"\{[^}]*\}")
_WINDOW = re.compile(r"\[[^\]]*\]")
_LABEL_LIST = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)")
_NAME = re.compile(r"(?<![\w:.$])[a-zA-Z_:][\w:]*(?!\s*\()(?![\w:])")
_SELECTOR = re.compile(r'(?<![\w:.$])([a-zA-Z_:][\w:]*)(\{(?:[^"}]|"(?:[^"\\]|\\.)*")*\})')


@cache
def metric_names(expr: str) -> frozenset[str]:
    """Names of the series that an expression asks for."""
    bare = _STRING.sub('""', expr)
    for pattern in (_BRACES, _WINDOW, _LABEL_LIST):
        bare = pattern.sub(" ", bare)
    return frozenset(name for name in _NAME.findall(bare) if name.lower() not in _WORDS)


def selectors(expr: str) -> set[str]:
    """Names with their labels, as they stand: `up{job="node"}`."""
    return {f"{name}{labels}" for name, labels in _SELECTOR.findall(expr)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One expression and where it stands."""

    place: str  # such as "overview: Cores" or "parts: PartDown"
    expr: str
    is_instant: bool = False  # asked for one moment, not over time


def asked_by_dashboards(folder: Path) -> Iterator[Asked]:
    """Every query of every panel, with the variables still in it."""
    for path in sorted(folder.glob("*.json")):
        dashboard = json.loads(path.read_text())
        for panel in dashboard["panels"]:
            for target in panel.get("targets", ()):
                yield Asked(
                    place=f"{path.stem}: {panel['title']} ({target['refId']})",
                    expr=target["expr"],
                    is_instant=target.get("instant", False),
                )


def variables(folder: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every variable that asks Prometheus for its values, with its dashboard."""
    for path in sorted(folder.glob("*.json")):
        for variable in json.loads(path.read_text())["templating"]["list"]:
            if variable["type"] == "query":
                yield path.stem, variable


def asked_by_rules(folder: Path) -> Iterator[tuple[Asked, str | None]]:
    """Every expression of every rule, and the name that it is recorded under."""
    for path in sorted(folder.glob("*.yml")):
        for group in yaml.safe_load(path.read_text())["groups"]:
            for rule in group["rules"]:
                name = rule.get("alert") or rule["record"]
                yield Asked(place=f"{path.stem}: {name}", expr=rule["expr"]), rule.get("record")


def unknown_names(asked: Iterable[Asked], known: set[str]) -> dict[str, frozenset[str]]:
    """Names that nothing hands out, by the place that asks for them."""
    found = {one.place: metric_names(one.expr) - known for one in asked}
    return {place: names for place, names in found.items() if names}

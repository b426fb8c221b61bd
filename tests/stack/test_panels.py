"""Every panel, rule and alert shows something of a running stack: asked of a real Prometheus.

The stack is used for half a minute, failures included, and scraped every second with the project's
own configuration. Then each query of each panel must return numbers once its variables are filled
in as Grafana does.
"""

from __future__ import annotations

import json
import math
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import pytest
from fast_prometheus import Prometheus, fast_prometheus
from panel_traffic import drive
from promql import (
    Asked,
    asked_by_dashboards,
    asked_by_rules,
    metric_names,
    selectors,
    unknown_names,
    variables,
)
from stacks import ROOT, free_ports, running_stack, wait_until
from weather_provider import weather_provider

DASHBOARDS = ROOT / "grafana" / "dashboards"
RULES = ROOT / "deploy" / "prometheus" / "rules"
GUIDE = ROOT / "docs" / "operations.md"
TRAFFIC_S = 20.0
# As Grafana fills them in for the last quarter of an hour, scraped every 15 s.
VARIABLES = {"$__rate_interval": "1m", "$__range": "15m"}

# What may be empty after half a minute of a healthy stack, each with its reason; besides, the page
# Host where no node exporter is installed.
MAY_BE_EMPTY: dict[str, str] = {}
# Labelled series that exist only after a fault that is not made here.
UNSEEN_SELECTORS: dict[str, str] = {
    'ALERTS{alertstate="firing", severity!="info"}': "nothing has to fire within half a minute",
}
MADE_BY_PROMETHEUS = {"ALERTS"}
# Named by others: django-prometheus, and Prometheus for each scrape.
ELSEWHERE = ("django_", "scrape_", "up", "ALERTS")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A stack that was used, and the Prometheus that watched."""

    prometheus: Prometheus
    start: float  # unix seconds
    end: float
    has_node: bool


@contextmanager
def node_exporter(targets: Path) -> Iterator[bool]:
    """Run node exporter where it is installed, and tell Prometheus of it."""
    program = shutil.which("prometheus-node-exporter") or shutil.which("node_exporter")
    if program is None:
        yield False
        return
    (port,) = free_ports(1)
    process = subprocess.Popen(
        [program, f"--web.listen-address=127.0.0.1:{port}"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        (targets / "node.json").write_text(json.dumps([{"targets": [f"127.0.0.1:{port}"]}]))
        yield True
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="module")
def seen() -> Iterator[Seen]:
    """The stack after its half minute; it goes on while it is asked about."""
    with (
        tempfile.TemporaryDirectory(prefix="fu-", dir="/tmp") as data,
        tempfile.TemporaryDirectory(prefix="fu-", dir="/tmp") as own,
        weather_provider() as address,
        running_stack(
            Path(data),
            FURROW_WEATHER_PROVIDERS="open_meteo",
            FURROW_OPEN_METEO_URL=address,
            FURROW_OPEN_METEO_ARCHIVE_URL=address,
        ) as stack,
        fast_prometheus(stack, Path(own)) as prometheus,
        node_exporter(Path(own) / "targets") as has_node,
    ):
        start = time.time()
        drive(stack, for_s=TRAFFIC_S)
        wait_until(lambda: _is_complete(prometheus), within_s=20, what="scrapes and rules")
        yield Seen(prometheus=prometheus, start=start, end=time.time(), has_node=has_node)


def _is_complete(prometheus: Prometheus) -> bool:
    """Whether what comes last is there: signs of the worker, the damaged file, recorded series."""
    recorded = {name for _, name in asked_by_rules(RULES) if name}
    if not recorded | {"farm_worker_heartbeat_timestamp_seconds"} <= prometheus.names():
        return False
    # Its series begins with the damaged file; a rate needs two samples.
    return bool(prometheus.instant("rate(furrow_metrics_bad_files_total[1m])"))


def filled_in(asked: Asked, prometheus: Prometheus) -> Asked:
    """The query with Grafana's variables replaced; a choice stands for all its values."""
    expr = asked.expr
    for name, value in VARIABLES.items():
        expr = expr.replace(name, value)
    board = asked.place.partition(":")[0]
    for dashboard, variable in variables(DASHBOARDS):
        if dashboard == board:
            found = re.fullmatch(r"label_values\((\w+), (\w+)\)", variable["definition"])
            assert found, variable["definition"]
            metric, label = found.groups()
            values = prometheus.ask(f"label/{label}/values", **{"match[]": metric})
            chosen = "|".join(map(re.escape, values)).replace("\\", "\\\\")
            expr = expr.replace(f"${variable['name']}", chosen)
    assert "$" not in expr, f"{asked.place} has a variable that nobody fills in"
    return replace(asked, expr=expr)


def has_numbers(asked: Asked, seen: Seen) -> bool:
    """Whether the query returns at least one number, NaN and infinities left out."""
    if asked.is_instant:
        values = [series["value"] for series in seen.prometheus.instant(asked.expr)]
    else:
        found = seen.prometheus.over_time(asked.expr, start=seen.start, end=seen.end)
        values = [value for series in found for value in series["values"]]
    return any(math.isfinite(float(value)) for _, value in values)


def may_be_empty(asked: Asked, seen: Seen) -> bool:
    """Whether the list above allows it."""
    if asked.place.startswith("host:"):
        return not seen.has_node
    return asked.place.rpartition(" (")[0] in MAY_BE_EMPTY


def test_every_panel_s_queries_return_numbers(seen: Seen) -> None:
    asked = [filled_in(one, seen.prometheus) for one in asked_by_dashboards(DASHBOARDS)]

    empty = [one for one in asked if not may_be_empty(one, seen) and not has_numbers(one, seen)]

    assert len(asked) > 80
    assert [f"{one.place}: {one.expr}" for one in empty] == []


def test_what_may_be_empty_is_a_panel_and_is_still_empty(seen: Seen) -> None:
    for asked in asked_by_dashboards(DASHBOARDS):
        if asked.place.rpartition(" (")[0] in MAY_BE_EMPTY:
            assert not has_numbers(filled_in(asked, seen.prometheus), seen), asked.place
    panels = {asked.place.rpartition(" (")[0] for asked in asked_by_dashboards(DASHBOARDS)}
    assert MAY_BE_EMPTY.keys() <= panels


def test_a_renamed_metric_leaves_its_panel_empty(seen: Seen) -> None:
    first = next(one for one in asked_by_dashboards(DASHBOARDS) if len(metric_names(one.expr)) == 1)
    (name,) = metric_names(first.expr)
    renamed = replace(first, expr=first.expr.replace(name, f"{name}_renamed"))

    assert has_numbers(filled_in(first, seen.prometheus), seen)
    assert not has_numbers(filled_in(renamed, seen.prometheus), seen)


@cache
def everything_asked() -> tuple[Asked, ...]:
    """Every query of a panel and every expression of a rule."""
    return (*asked_by_dashboards(DASHBOARDS), *(rule for rule, _ in asked_by_rules(RULES)))


def known_names(seen: Seen) -> set[str]:
    """What is handed out, and what the machine would hand out if node exporter ran."""
    known = seen.prometheus.names() | MADE_BY_PROMETHEUS
    if not seen.has_node:
        known |= {n for one in everything_asked() for n in metric_names(one.expr) if _of_node(n)}
    return known


def _of_node(name: str) -> bool:
    return name.startswith("node_")


def test_every_name_in_a_dashboard_or_a_rule_exists(seen: Seen) -> None:
    assert unknown_names(everything_asked(), known_names(seen)) == {}


def test_renaming_any_metric_is_noticed_wherever_it_is_asked_for(seen: Seen) -> None:
    known = known_names(seen)
    names = {name for one in everything_asked() for name in metric_names(one.expr)}

    assert len(names) > 80
    for name in names:
        asking = [one for one in everything_asked() if name in metric_names(one.expr)]
        places = {one.place for one in asking}
        # The program has renamed it …
        assert unknown_names(asking, known - {name}).keys() == places
        # … or somebody who wrote the panel or the rule has.
        written = re.compile(rf"(?<![\w:]){name}(?![\w:])")
        mutated = [replace(one, expr=written.sub(f"{name}x", one.expr)) for one in asking]
        assert unknown_names(mutated, known).keys() == places


def test_every_rule_is_worked_out_without_an_error(seen: Seen) -> None:
    for rule, _ in asked_by_rules(RULES):
        seen.prometheus.instant(rule.expr)

    groups = seen.prometheus.ask("rules")["groups"]
    unhealthy = {
        rule["name"]: rule.get("lastError")
        for group in groups
        for rule in group["rules"]
        if rule["health"] == "err"
    }
    assert unhealthy == {}


def test_recorded_series_return_data(seen: Seen) -> None:
    recorded = {name for _, name in asked_by_rules(RULES) if name}

    assert recorded - {name for name in recorded if seen.prometheus.instant(name)} == set()


def test_the_labels_that_panels_and_alerts_choose_by_exist(seen: Seen) -> None:
    asked = [filled_in(one, seen.prometheus) for one in asked_by_dashboards(DASHBOARDS)]
    asked += [rule for rule, _ in asked_by_rules(RULES)]
    wanted = {selector for one in asked for selector in selectors(one.expr)}
    if not seen.has_node:
        wanted = {selector for selector in wanted if not _of_node(selector)}

    # Of a whole expression an empty half can hide behind `or`; of its selectors none.
    missing = {
        selector
        for selector in wanted - UNSEEN_SELECTORS.keys()
        if not seen.prometheus.instant(f"last_over_time({selector}[5m])")
    }

    assert missing == set()


def test_the_guide_s_catalogue_is_what_is_handed_out(seen: Seen) -> None:
    ours = seen.prometheus.ask(
        "label/__name__/values", **{"match[]": '{job=~"django|furrow-.*", __name__!~".*:.*"}'}
    )
    families = {re.sub(r"_(bucket|sum|count|created)$", "", name) for name in ours}
    handed_out = {name for name in families if not name.startswith(ELSEWHERE)}

    text = GUIDE.read_text().partition("\n## Metrics\n")[2].partition("\n## ")[0]
    cells = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    listed = {name for cell in cells for name in re.findall(r"`([a-z_]+)`", cell)}

    assert listed == handed_out


def test_no_alert_is_raised_by_a_stack_that_is_whole(seen: Seen) -> None:
    # Most alerts wait for longer than the stack runs here; these do not even begin to wait.
    alerts = seen.prometheus.instant(
        'ALERTS{alertname=~"Part.*|No.*"}'
        ' or ALERTS{alertname=~"Scrape.*|Rules.*", alertstate="firing"}'
    )

    assert [series["metric"] for series in alerts] == []


@pytest.mark.parametrize(
    ("expr", "names"),
    [
        ('sum by (job, role) (rate(a_total{x="b{c}", y!="d"}[5m]))', {"a_total"}),
        ("a / on (x) group_left (y) (b > 0) or 0 * c offset 1h", {"a", "b", "c"}),
        ("level:metric:rate5m > 1.5e3 and on () up == 1", {"level:metric:rate5m", "up"}),
        ('count(ALERTS{alertstate="firing"}) or vector(0)', {"ALERTS"}),
        ("histogram_quantile(0.95, sum by (le) (rate(h_bucket[$__rate_interval])))", {"h_bucket"}),
    ],
)
def test_names_are_found_in_expressions(expr: str, names: set[str]) -> None:
    assert metric_names(expr) == names

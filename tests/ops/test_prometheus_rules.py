"""Every alert fires, stays silent and is over again; recorded series hold what they promise.

promtool runs the rules as they are: tests/ops/alert_cases.py has the series, here they become its
files.
"""

from __future__ import annotations

import re
import subprocess
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.ops.alert_cases import CASES, Case

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "deploy" / "prometheus" / "rules"
RUNBOOK = ROOT / "docs" / "operations.md"
SEVERITIES = {"critical", "warning", "info"}


def groups() -> list[dict[str, Any]]:
    return [
        group
        for path in sorted(RULES.glob("*.yml"))
        for group in yaml.safe_load(path.read_text())["groups"]
    ]


def alerts() -> dict[str, dict[str, Any]]:
    return {rule["alert"]: rule for group in groups() for rule in group["rules"] if "alert" in rule}


def promtool_says(tmp_path: Path, tests: list[dict[str, Any]], *, step: str, rules: str) -> str:
    """Let promtool run tests of a file of rules; what it says of failures."""
    file = tmp_path / f"{rules}-{step}.yml"
    content = {
        "rule_files": [str(RULES / f"{rules}.yml")],
        "evaluation_interval": step,
        "tests": tests,
    }
    file.write_text(yaml.safe_dump(content, sort_keys=False, width=1000))
    ran = subprocess.run(["promtool", "test", "rules", file], capture_output=True, text=True)
    said = ran.stdout + ran.stderr
    assert (ran.returncode == 0) == ("FAILED" not in said), said
    return said if ran.returncode else ""


def as_promtool_test(case: Case) -> dict[str, Any]:
    """A case as promtool reads it: how many alerts fire at each of the three times."""
    firing = f'count(ALERTS{{alertname="{case.alert}", alertstate="firing"}})'
    none: list[dict[str, Any]] = []
    wanted = {
        case.silent: none,
        case.fires: [{"labels": "{}", "value": case.firing}],
        case.resolved: none,
    }
    assert len(wanted) == 3, f"{case.alert} is seen twice at one time"
    return {
        "interval": case.step,
        "input_series": [{"series": s, "values": v} for s, v in case.series.items()],
        "promql_expr_test": [
            {"expr": firing, "eval_time": time, "exp_samples": samples}
            for time, samples in wanted.items()
        ],
    }


@pytest.mark.parametrize("file", CASES)
def test_every_alert_is_silent_then_fires_then_is_over(file: str, tmp_path: Path) -> None:
    by_step = defaultdict(list)
    for case in CASES[file]:
        by_step[case.step].append(as_promtool_test(case))

    for step, tests in by_step.items():
        assert promtool_says(tmp_path, tests, step=step, rules=file) == ""


def test_an_alert_that_never_fires_is_found(tmp_path: Path) -> None:
    (case,) = [case for case in CASES["parts"] if case.alert == "PartDown"]
    deaf = as_promtool_test(case) | {"input_series": [{"series": "up", "values": "1x60"}]}

    assert "FAILED" in promtool_says(tmp_path, [deaf], step="1m", rules="parts")


def test_every_alert_has_cases_and_every_case_its_alert() -> None:
    by_file = {
        path.stem: {
            rule["alert"]
            for group in yaml.safe_load(path.read_text())["groups"]
            for rule in group["rules"]
            if "alert" in rule
        }
        for path in RULES.glob("*.yml")
    }

    found = {file: {case.alert for case in cases} for file, cases in CASES.items()}

    assert found == {file: names for file, names in by_file.items() if names}


def test_what_a_firing_alert_says_is_whole(tmp_path: Path) -> None:
    # promtool tells what fired only where something else was expected.
    for file, cases in CASES.items():
        for step in {case.step for case in cases}:
            tests = [
                {
                    "interval": step,
                    "input_series": as_promtool_test(case)["input_series"],
                    "alert_rule_test": [
                        {"eval_time": case.fires, "alertname": case.alert, "exp_alerts": []}
                    ],
                }
                for case in cases
                if case.step == step
            ]
            said = promtool_says(tmp_path, tests, step=step, rules=file)

            assert said.count("alertname:") >= len(tests)
            assert "<no value>" not in said, said
            assert "<error expanding template" not in said, said


@pytest.mark.parametrize("name", alerts())
def test_an_alert_has_severity_words_and_a_place_in_the_runbook(name: str) -> None:
    alert = alerts()[name]
    notes = alert["annotations"]

    assert alert["labels"]["severity"] in SEVERITIES
    assert len(notes["summary"]) <= 100
    assert notes["description"].endswith(".")
    assert notes["runbook_url"] == f"docs/operations.md#{name.lower()}"


def test_the_runbook_has_a_section_for_each_alert_and_no_other() -> None:
    text = RUNBOOK.read_text().partition("\n## Runbook\n")[2].partition("\n## ")[0]
    sections = re.split(r"^### ", text, flags=re.MULTILINE)[1:]

    assert {section.split("\n")[0] for section in sections} == alerts().keys()
    for section in sections:
        assert "Likely:" in section, section
        assert "Do:" in section, section
        assert "`" in section, f"no command in {section}"


def test_links_within_the_guide_lead_to_its_sections() -> None:
    text = RUNBOOK.read_text()
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}

    assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= anchors


def test_memory_is_compared_with_what_the_compose_file_gives() -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    expr = alerts()["MemoryNearLimit"]["expr"]
    units = {"g": "1024^3", "m": "1024^2"}

    for service, wanted in {
        "web": 'job="django"} > 0.9 * {n}{u}',
        "worker": 'job="django"} > 0.9 * {n}{u}',
        "ndvi": 'job="furrow-ndvi"} > 0.9 * {n}{u}',
        "weather": 'job="furrow-weather"} > 0.9 * {n}{u}',
        "metrics": 'job="furrow-metrics"} > 0.9 * {n}{u}',
    }.items():
        limit = services[service]["deploy"]["resources"]["limits"]["memory"]
        number = "" if limit == "1g" else f"{limit[:-1]} * "
        filled = wanted.replace("{n}", number).replace("{u}", units[limit[-1]])
        assert filled in expr, service


def test_recorded_names_say_level_metric_and_operation() -> None:
    names = [rule["record"] for group in groups() for rule in group["rules"] if "record" in rule]

    assert len(names) == len(set(names))
    for name in names:
        assert re.fullmatch(r"[a-z]+:[a-z_]+:[a-z0-9_]+", name), name


def recorded(series: str, value: float, *, labels: str = "{}") -> dict[str, Any]:
    """What promtool compares exactly, so to six places."""
    return {
        "expr": f"round({series}, 1e-6)",
        "eval_time": "30m",
        "exp_samples": [{"labels": labels, "value": round(value, 6)}],
    }


def test_recorded_series_hold_shares_means_and_percentiles(tmp_path: Path) -> None:
    same = 'runtime="python", service="furrow-web", route="/api/v1/farms/", method="GET"'
    counts = f"http_request_duration_seconds_count{{{same}, code_class="
    buckets = f'http_request_duration_seconds_bucket{{{same}, code_class="2xx", le='
    # 90 answers a minute, of them 9 after more than 2.5 s; and 10 failures.
    series = {
        f'{counts}"2xx"}}': "0+90x60",
        f'{counts}"5xx"}}': "0+10x60",
        f'http_requests_total{{{same}, code="200"}}': "0+90x60",
        f'http_requests_total{{{same}, code="503"}}': "0+10x60",
        f'{buckets}"1.0"}}': "0+81x60",
        f'{buckets}"2.5"}}': "0+91x60",
        f'{buckets}"+Inf"}}': "0+100x60",
        f'http_request_cpu_seconds_sum{{{same}, code_class="2xx"}}': "0+0.9x60",
        f'http_request_cpu_seconds_count{{{same}, code_class="2xx"}}': "0+90x60",
        'process_cpu_seconds_total{job="django", role="web", slot="0"}': "0+30x60",
        'process_cpu_seconds_total{job="django", role="web", slot="1"}': "0+15x60",
        'process_resident_memory_bytes{job="django", role="web", slot="0"}': "100x60",
        'process_resident_memory_bytes{job="django", role="web", slot="1"}': "50x60",
        'furrow_compute_slots{job="furrow-ndvi"}': "4x60",
        'furrow_compute_slots_taken{job="furrow-ndvi"}': "3x60",
        'farm_jobs_total{kind="ingest_scene", state="failed"}': "0+1x60",
        'farm_jobs_total{kind="ingest_scene", state="succeeded"}': "0+3x60",
        'farm_jobs_total{kind="recompute_field", state="succeeded"}': "0+3x60",
    }
    web = '{runtime="python", service="furrow-web"}'
    route = '{runtime="python", service="furrow-web", route="/api/v1/farms/"}'
    test = {
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "promql_expr_test": [
            recorded("service:http_requests:rate5m", 100 / 60, labels=web),
            recorded("service:http_request_errors:ratio_rate5m", 0.1, labels=web),
            recorded("route:http_requests:rate5m", 100 / 60, labels=route),
            recorded("route:http_request_cpu_seconds:rate5m", 0.015, labels=route),
            recorded("route:http_request_cpu_seconds:mean5m", 0.01, labels=route),
            recorded("part:process_cpu_seconds:rate5m", 0.75, labels='{job="django", role="web"}'),
            recorded(
                "part:process_resident_memory_bytes:sum", 150, labels='{job="django", role="web"}'
            ),
            recorded(
                "service:furrow_compute_slots_taken:ratio", 0.75, labels='{job="furrow-ndvi"}'
            ),
            recorded(
                'kind:farm_jobs_failed:ratio_rate1h{kind="ingest_scene"}',
                0.25,
                labels='{kind="ingest_scene"}',
            ),
            recorded(
                'kind:farm_jobs_failed:ratio_rate1h{kind="recompute_field"}',
                0,
                labels='{kind="recompute_field"}',
            ),
            *(
                entry
                for window in ("5m", "30m", "1h", "2h", "6h", "1d", "3d")
                for entry in (
                    recorded(f"api:http_request_errors:ratio_rate{window}", 0.1),
                    recorded(f"api:http_request_slow:ratio_rate{window}", 0.09),
                )
            ),
        ],
    }

    assert promtool_says(tmp_path, [test], step="1m", rules="recording") == ""


def test_without_a_failure_the_share_of_failures_is_nought(tmp_path: Path) -> None:
    same = 'runtime="python", service="furrow-web", route="/api/v1/farms/"'
    test = {
        "interval": "1m",
        "input_series": [
            {
                "series": f'http_request_duration_seconds_count{{{same}, code_class="2xx"}}',
                "values": "0+60x60",
            },
            {"series": f'http_requests_total{{{same}, code="200"}}', "values": "0+60x60"},
        ],
        "promql_expr_test": [
            recorded("api:http_request_errors:ratio_rate5m", 0),
            recorded(
                "service:http_request_errors:ratio_rate5m",
                0,
                labels='{runtime="python", service="furrow-web"}',
            ),
        ],
    }

    assert promtool_says(tmp_path, [test], step="1m", rules="recording") == ""

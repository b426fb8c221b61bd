"""Prometheus' configuration is accepted by promtool, and every target file has its job."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from stack.config import stack_config
from stack.preflight import make_folders
from stack.scrape_targets import write_scrape_targets

ROOT = Path(__file__).resolve().parents[2]
CONTAINER_TARGETS = ROOT / "deploy" / "prometheus" / "targets"
RULES = ROOT / "deploy" / "prometheus" / "rules"


def scrape_configs() -> list[dict[str, Any]]:
    configuration = yaml.safe_load((ROOT / "prometheus.yml").read_text())
    return list(configuration["scrape_configs"])


def jobs() -> set[str]:
    return {job["job_name"] for job in scrape_configs()}


def check(folder: Path) -> None:
    checked = subprocess.run(
        ["promtool", "check", "config", folder / "prometheus.yml"], capture_output=True, text=True
    )
    said = checked.stdout + checked.stderr
    assert checked.returncode == 0, said
    assert "WARNING" not in said
    assert "8 rule files found" in said


def test_promtool_accepts_what_the_containers_mount(tmp_path: Path) -> None:
    shutil.copyfile(ROOT / "prometheus.yml", tmp_path / "prometheus.yml")
    shutil.copytree(CONTAINER_TARGETS, tmp_path / "targets")
    shutil.copytree(RULES, tmp_path / "rules")

    check(tmp_path)


def test_promtool_accepts_what_make_up_writes(tmp_path: Path) -> None:
    config = stack_config({"FURROW_DATA_DIR": str(tmp_path), "FURROW_METRICS_ADMIN_PORT": "19201"})
    make_folders(config)
    write_scrape_targets(config)

    check(config.prometheus_dir)
    django = json.loads((config.prometheus_dir / "targets" / "django.json").read_text())
    assert django == [{"targets": ["127.0.0.1:19201"]}]


@pytest.mark.parametrize("place", ["containers", "loopback"])
def test_every_job_has_its_targets_and_no_target_is_left_over(place: str, tmp_path: Path) -> None:
    config = stack_config({"FURROW_DATA_DIR": str(tmp_path)})
    make_folders(config)
    write_scrape_targets(config)
    loopback = config.prometheus_dir / "targets"
    folder = CONTAINER_TARGETS if place == "containers" else loopback

    assert {path.stem for path in folder.glob("*.json")} == jobs()


def test_container_targets_are_services_of_the_compose_file() -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]

    hosts = {
        target.partition(":")[0]
        for path in CONTAINER_TARGETS.glob("*.json")
        for group in json.loads(path.read_text())
        for target in group["targets"]
    }

    assert hosts - {"localhost"} <= services.keys()


def test_the_python_counters_are_asked_of_furrow_metrics_and_never_of_django() -> None:
    (django,) = [job for job in scrape_configs() if job["job_name"] == "django"]
    targets = {
        name: json.loads((CONTAINER_TARGETS / f"{name}.json").read_text())
        for name in ("django", "furrow-metrics")
    }

    assert django["metrics_path"] == "/metrics/django"
    assert targets["django"] == targets["furrow-metrics"]


def test_no_scrape_is_without_a_limit() -> None:
    for job in scrape_configs():
        assert {"sample_limit", "body_size_limit", "label_limit"} <= job.keys(), job["job_name"]


def test_the_containers_find_targets_and_rules_beside_the_configuration() -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    mounts = dict(volume.split(":")[:2] for volume in services["prometheus"]["volumes"])
    folder = Path(mounts["./prometheus.yml"]).parent

    assert mounts["./deploy/prometheus/rules"] == str(folder / "rules")
    assert mounts["./deploy/prometheus/targets"] == str(folder / "targets")

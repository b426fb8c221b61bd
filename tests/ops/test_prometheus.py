"""Prometheus' configuration is accepted by promtool, and every target file has its job."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from stack.config import stack_config
from stack.preflight import make_folders
from stack.scrape_targets import write_scrape_targets

ROOT = Path(__file__).resolve().parents[2]
CONTAINER_TARGETS = ROOT / "deploy" / "prometheus" / "targets"


def jobs() -> set[str]:
    configuration = yaml.safe_load((ROOT / "prometheus.yml").read_text())
    return {job["job_name"] for job in configuration["scrape_configs"]}


def check(folder: Path) -> None:
    checked = subprocess.run(
        ["promtool", "check", "config", folder / "prometheus.yml"], capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "WARNING" not in checked.stdout + checked.stderr


def test_promtool_accepts_what_the_containers_mount(tmp_path: Path) -> None:
    shutil.copyfile(ROOT / "prometheus.yml", tmp_path / "prometheus.yml")
    shutil.copytree(CONTAINER_TARGETS, tmp_path / "targets")

    check(tmp_path)


def test_promtool_accepts_what_make_up_writes(tmp_path: Path) -> None:
    config = stack_config({"FURROW_DATA_DIR": str(tmp_path), "FURROW_WEB_PORT": "18001"})
    make_folders(config)
    write_scrape_targets(config)

    check(config.prometheus_dir)
    django = json.loads((config.prometheus_dir / "targets" / "django.json").read_text())
    assert django == [{"targets": ["127.0.0.1:18001"]}]


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

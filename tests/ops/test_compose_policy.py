"""What docker-compose.yml must keep: no rights, no way in but Caddy, no secret in plain sight."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
# An addition that the operator may want: process ids that three services share.
FIGURES = ROOT / "deploy" / "docker" / "process-figures.yml"
SHARING: dict[str, dict[str, Any]] = yaml.safe_load(FIGURES.read_text())["services"]
ONE_SHOT = {"setup"}
DOCKERFILES = sorted((ROOT / "deploy" / "docker").glob("*.Dockerfile"))

every_service = pytest.mark.parametrize("name", sorted(SERVICES))


def test_the_stack_is_complete() -> None:
    assert {
        "web",
        "worker",
        "ndvi",
        "metrics",
        "caddy",
        "prometheus",
        "grafana",
        "db",
    } <= SERVICES.keys()


@every_service
def test_nobody_runs_as_root(name: str) -> None:
    user = SERVICES[name]["user"]

    uid, _, gid = user.partition(":")
    assert int(uid) > 0
    assert int(gid) > 0


@every_service
def test_the_root_file_system_is_read_only(name: str) -> None:
    assert SERVICES[name]["read_only"] is True


@every_service
def test_no_capability_is_kept_and_none_is_gained(name: str) -> None:
    service = SERVICES[name]

    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert "no-new-privileges:true" in service["security_opt"]
    assert "privileged" not in service


@every_service
def test_nothing_of_the_host_is_shared(name: str) -> None:
    service = SERVICES[name]

    # Nor process ids among our own: one of two that share them stays down after a reboot.
    for key in ("pid", "ipc", "network_mode", "devices", "userns_mode"):
        assert key not in service
    for volume in service.get("volumes", []):
        source, _, rest = volume.partition(":")
        assert "docker.sock" not in source
        # What lies in the checkout may only be read.
        assert not source.startswith((".", "/")) or rest.endswith(":ro")


def test_only_caddy_publishes_ports() -> None:
    assert [name for name, service in SERVICES.items() if service.get("ports")] == ["caddy"]


def test_what_is_not_the_site_is_published_on_loopback_alone() -> None:
    assert SERVICES["caddy"]["ports"] == ["8443:8443", "127.0.0.1:3000:3000"]


def test_only_caddy_and_those_who_ask_providers_have_a_way_out() -> None:
    networks = COMPOSE["networks"]
    outward = {name for name, network in networks.items() if not network.get("internal")}

    assert outward == {"edge", "providers"}
    assert [name for name, s in SERVICES.items() if "edge" in s["networks"]] == ["caddy"]
    asking = {name for name, s in SERVICES.items() if "providers" in s["networks"]}
    assert asking == {"web", "worker"}


def test_django_believes_the_network_that_only_caddy_shares_with_it() -> None:
    (subnet,) = COMPOSE["networks"]["front"]["ipam"]["config"]

    assert SERVICES["web"]["environment"]["FURROW_TRUSTED_PROXIES"] == subnet["subnet"]
    assert {name for name, s in SERVICES.items() if "front" in s["networks"]} == {"caddy", "web"}


def test_the_database_is_reached_by_django_alone() -> None:
    assert {name for name, s in SERVICES.items() if "data" in s["networks"]} == {
        "db",
        "setup",
        "web",
        "worker",
    }
    # No Rust service opens Django's database.
    for name in ("ndvi", "weather", "metrics"):
        assert "database_password" not in SERVICES[name].get("secrets", [])


def test_counters_are_one_folder_in_memory_that_furrow_metrics_only_reads() -> None:
    mounts = {
        name: volume.removeprefix("counters:")
        for name, service in SERVICES.items()
        for volume in service.get("volumes", [])
        if volume.startswith("counters:")
    }
    folder = COMPOSE["x-django"]["PROMETHEUS_MULTIPROC_DIR"]
    options = COMPOSE["volumes"]["counters"]["driver_opts"]

    assert mounts == {"web": folder, "worker": folder, "metrics": f"{folder}:ro"}
    assert SERVICES["metrics"]["environment"]["PROMETHEUS_MULTIPROC_DIR"] == folder
    assert options["type"] == "tmpfs"
    assert "uid=10001,gid=10001,mode=0700" in options["o"]


def test_what_shares_process_ids_keeps_everything_else() -> None:
    holder = SHARING["processes"]
    sharing = {name: service for name, service in SHARING.items() if name != "processes"}

    assert sharing.keys() == {"web", "worker", "metrics"}
    for service in sharing.values():
        assert service["pid"] == "service:processes"
        assert service.keys() <= {"pid", "init", "depends_on"}
    # The same user, or /proc would not tell.
    assert {SERVICES[name]["user"] for name in sharing} == {holder["user"]}
    assert holder["network_mode"] == "none"
    hardened = COMPOSE["x-hardened"]
    assert {key: holder[key] for key in hardened} == hardened
    assert holder["image"] == SERVICES["web"]["image"]
    assert {"pids_limit", "deploy"} <= holder.keys()


def test_the_site_starts_and_goes_on_without_furrow_metrics() -> None:
    for service in SERVICES.values():
        assert "metrics" not in service.get("depends_on", {})


def test_prometheus_reads_the_rules_that_are_tested() -> None:
    mounts = SERVICES["prometheus"]["volumes"]

    assert "./deploy/prometheus/rules:/etc/prometheus/rules:ro" in mounts


def test_the_entrypoint_names_a_fresh_folder_of_counters_once(tmp_path: Path) -> None:
    entrypoint = ROOT / "deploy" / "docker" / "entrypoint.sh"
    variables = {"PATH": os.environ["PATH"], "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}

    for _ in range(2):
        started = [subprocess.Popen(["sh", entrypoint, "true"], env=variables) for _ in range(4)]
        assert [process.wait(20) for process in started] == [0] * 4
        (named,) = tmp_path.iterdir()
        generation = UUID(named.read_text().strip())
        assert named.name == "generation"

    subprocess.run(["sh", entrypoint, "true"], env=variables, check=True)
    assert UUID((tmp_path / "generation").read_text().strip()) == generation


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_folder_of_counters_without_room_stops_no_container(tmp_path: Path) -> None:
    entrypoint = ROOT / "deploy" / "docker" / "entrypoint.sh"
    tools = tmp_path / "tools"
    tools.mkdir()
    # What the shell reads through a pipe it gets; what is written to a file finds no room.
    full = '[ -p /dev/stdout ] && exec /bin/cat "$@"\nexec /bin/cat "$@" >/dev/full\n'
    (tools / "cat").write_text(f"#!/bin/sh\n{full}")
    (tools / "cat").chmod(0o755)
    counters = tmp_path / "counters"
    counters.mkdir()
    variables = {"PROMETHEUS_MULTIPROC_DIR": str(counters)}
    path = f"{tools}:{os.environ['PATH']}"

    subprocess.run(["sh", entrypoint, "true"], env={**variables, "PATH": path}, check=True)

    assert list(counters.iterdir()) == []


@every_service
def test_every_service_says_how_it_is_or_ends_by_itself(name: str) -> None:
    check = SERVICES[name]["healthcheck"]

    if name in ONE_SHOT:
        assert check == {"disable": True}
        assert SERVICES[name]["restart"] == "no"
    else:
        assert check["test"][0] == "CMD"
        assert {"interval", "timeout", "retries", "start_period"} <= check.keys()


@every_service
def test_every_service_has_limits(name: str) -> None:
    limits = SERVICES[name]["deploy"]["resources"]["limits"]

    assert {"cpus", "memory"} <= limits.keys()
    assert SERVICES[name]["pids_limit"] > 0
    assert SERVICES[name]["logging"]["options"]["max-size"]


@every_service
def test_images_have_a_version(name: str) -> None:
    tag = SERVICES[name]["image"].rpartition(":")[2]

    assert re.match(r"v?\d+\.\d+", tag)


@pytest.mark.parametrize("dockerfile", DOCKERFILES, ids=lambda path: path.name)
def test_dockerfiles_begin_with_versions_and_end_without_root(dockerfile: Path) -> None:
    text = dockerfile.read_text()

    for image in re.findall(r"^FROM (\S+)", text, re.M):
        assert re.search(r":\d+\.\d+\.\d+", image)
    assert re.findall(r"^USER (\S+)", text, re.M)[-1] == "10001:10001"


@every_service
def test_no_secret_stands_in_the_environment(name: str) -> None:
    variables = SERVICES[name].get("environment", {})

    for variable, value in variables.items():
        if re.search(r"PASSWORD|SECRET|KEY|TOKEN", variable):
            assert variable.endswith("_FILE")
            assert str(value).startswith("/run/secrets/")


def test_secrets_are_files_outside_of_version_control() -> None:
    for secret in COMPOSE["secrets"].values():
        ignored = subprocess.run(["git", "check-ignore", "-q", secret["file"]], cwd=ROOT)
        assert ignored.returncode == 0


def test_built_images_are_of_this_version() -> None:
    pyproject = (ROOT / "pyproject.toml").read_text()
    found = re.search(r'^version = "(.+)"$', pyproject, re.M)
    assert found

    built = {s["image"] for s in SERVICES.values() if s["image"].startswith("furrow")}

    assert built == {f"furrow:{found[1]}", f"furrow-edge:{found[1]}"}


def test_compose_itself_accepts_the_files() -> None:
    for command in (["docker", "compose"], ["docker-compose"]):
        if shutil.which(command[0]) is None:
            continue
        if subprocess.run([*command, "version"], capture_output=True).returncode != 0:
            continue
        files = ["--file", str(ROOT / "docker-compose.yml")]
        for given in (files, [*files, "--file", str(FIGURES)]):
            config = subprocess.run(
                [*command, *given, "config", "--quiet"], capture_output=True, text=True
            )
            assert config.returncode == 0, config.stderr
        return
    reason = "there is neither `docker compose` nor docker-compose on this machine"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)

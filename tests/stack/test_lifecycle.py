"""How the stack starts, refuses to start, breaks and ends."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import time
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from stacks import (
    PORT_VARIABLES,
    RunningStack,
    free_ports,
    processes_with,
    running_stack,
    unexpected_lines,
    wait_until,
)

from farm.demo.generate import DEFAULT_DATES


def nothing_is_left(stack: RunningStack) -> bool:
    return processes_with(f"FURROW_DATA_DIR={stack.config.data_dir}") == []


def test_one_ctrl_c_stops_all_and_a_second_start_keeps_the_data(short_folder: Path) -> None:
    with running_stack(short_folder, demo=False) as stack:
        key = (short_folder / "secret_key").read_text()
        root = stack.config.root_certificate.read_text()

        begun = time.monotonic()
        assert stack.stop() == 0

        assert time.monotonic() - begun < 20
        assert nothing_is_left(stack)
        assert unexpected_lines(stack.config.log_dir) == []
    with running_stack(short_folder, demo=False) as stack:
        assert (short_folder / "secret_key").read_text() == key
        assert stack.config.root_certificate.read_text() == root


@pytest.mark.parametrize("variable", PORT_VARIABLES)
def test_a_port_already_taken_is_named_with_its_owner_and_variable(
    short_folder: Path, variable: str
) -> None:
    with socket.socket() as owner:
        owner.bind(("127.0.0.1", 0))
        owner.listen()
        port = owner.getsockname()[1]
        taken: dict[str, Any] = {variable: str(port)}

        with running_stack(short_folder, wait=False, **taken) as stack:
            assert stack.process.wait(20) == 1
            wait_until(lambda: "is taken" in stack.output, within_s=5, what="the reason")

    (line,) = [line for line in stack.lines if line.startswith("furrow:")]
    assert f"Port {port}" in line
    assert f"(process {os.getpid()})" in line
    assert variable in line


def test_two_parts_on_one_port_are_refused(short_folder: Path) -> None:
    port = str(free_ports(1)[0])
    from stack.config import stack_config
    from stack.errors import StackError

    with pytest.raises(StackError, match=f"FURROW_WEB_PORT and FURROW_HTTP_PORT are both {port}"):
        stack_config({"FURROW_WEB_PORT": port, "FURROW_HTTP_PORT": port})


def test_a_missing_tool_is_named(short_folder: Path) -> None:
    with running_stack(short_folder, wait=False, PATH="/nowhere") as stack:
        assert stack.process.wait(20) == 1
        wait_until(lambda: bool(stack.lines), within_s=5, what="the reason")

    assert "furrow: caddy is not installed; run: sudo apt-get install caddy" in stack.output


def test_a_second_stack_on_the_same_data_is_refused(short_folder: Path) -> None:
    with running_stack(short_folder, demo=False) as first:
        with running_stack(short_folder, wait=False) as second:
            assert second.process.wait(20) == 1

        assert f"already runs on {short_folder} (process {first.process.pid})" in second.output
        assert first.process.poll() is None


@pytest.mark.parametrize(
    "name",
    ["furrow-ndvi", "furrow-weather", "furrow-metrics", "web", "worker", "caddy", "prometheus"],
)
def test_a_part_that_dies_is_named_and_everything_else_stops(short_folder: Path, name: str) -> None:
    words = {"web": "orchestrator.web_server", "worker": "db_worker"}
    with running_stack(short_folder, demo=False) as stack:
        # The oldest of a part's processes leads it.
        os.kill(min(stack.pids(words.get(name, name))), signal.SIGKILL)

        assert stack.process.wait(60) == 1

        wait_until(lambda: "furrow:" in stack.output, within_s=5, what="the reason")
        assert f"furrow: {name} ended by SIGKILL. Its log: " in stack.output
        assert nothing_is_left(stack)


def test_a_killed_supervisor_leaves_no_orphan(short_folder: Path) -> None:
    with running_stack(short_folder, demo=False) as stack:
        stack.process.kill()

        wait_until(lambda: nothing_is_left(stack), within_s=40, what="the end of every part")


def test_ctrl_c_while_it_starts_stops_what_was_started(short_folder: Path) -> None:
    with running_stack(short_folder, wait=False, demo=False) as stack:
        stack.wait_for("furrow-ndvi    ready")

        assert stack.stop() == 0

        assert "Furrow is ready" not in stack.output
        assert nothing_is_left(stack)


@pytest.mark.parametrize("name", ["worker", "furrow-ndvi"])
def test_killed_in_the_middle_of_an_ingest_each_number_comes_exactly_once(
    short_folder: Path, name: str
) -> None:
    words = {"worker": "db_worker"}
    with running_stack(short_folder, wait=False) as stack:
        stack.wait_for("demo farm    simulating scenes")
        wait_until(lambda: numbers(short_folder) > 0, within_s=90, what="the first numbers")
        # The service holds still, so that the job that needs it is certainly in its middle.
        os.kill(min(stack.pids("furrow-ndvi")), signal.SIGSTOP)
        wait_until(lambda: running_jobs(short_folder) > 0, within_s=30, what="a running job")
        os.kill(min(stack.pids(words.get(name, name))), signal.SIGKILL)
        assert stack.process.wait(90) == 1
        before = numbers(short_folder)

    with running_stack(short_folder):
        fields = count(short_folder, "SELECT count(*) FROM farm_field")
        indices = count(short_folder, 'SELECT count(DISTINCT "index") FROM farm_observation')
        assert count(short_folder, "SELECT count(*) FROM farm_scene") == DEFAULT_DATES
        assert count(short_folder, "SELECT count(*) FROM farm_scene WHERE state != 'ready'") == 0
        assert before < numbers(short_folder) == fields * indices * DEFAULT_DATES
        assert doubles(short_folder) == 0


def numbers(data_dir: Path) -> int:
    """Observations there are."""
    return count(data_dir, "SELECT count(*) FROM farm_observation")


def running_jobs(data_dir: Path) -> int:
    """Jobs that a worker holds at this moment."""
    return count(data_dir, "SELECT count(*) FROM farm_job WHERE state = 'running'")


def doubles(data_dir: Path) -> int:
    """Observations that stand there more than once."""
    return count(
        data_dir,
        "SELECT count(*) FROM (SELECT 1 FROM farm_observation"
        ' GROUP BY field_id, scene_id, "index" HAVING count(*) > 1)',
    )


def count(data_dir: Path, query: str) -> int:
    """One number from the stack's database."""
    connection = sqlite3.connect(data_dir / "db.sqlite3", timeout=30)
    try:
        return int(connection.execute(query).fetchone()[0])
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("FURROW_MASK_DILATION_M", "wide"),
        ("FURROW_NDVI_THREADS", "many"),
        ("FURROW_METRICS_THREADS", "many"),
    ],
)
def test_a_setting_that_a_part_refuses_is_named_before_anything_starts(
    short_folder: Path, variable: str, value: str
) -> None:
    refused: dict[str, Any] = {variable: value}

    with running_stack(short_folder, wait=False, **refused) as stack:
        assert stack.process.wait(20) == 1
        wait_until(lambda: variable in stack.output, within_s=5, what="the reason")

    assert len(stack.lines) == 2, "the version, then the reason"
    assert value in stack.lines[1]


@pytest.mark.parametrize(
    ("variable", "value"),
    [("FURROW_DEMO", "maybe"), ("FURROW_SITE", "https://furrow.example"), ("FURROW_SITE", "a:1")],
)
def test_a_setting_of_the_stack_that_makes_no_sense_is_named(variable: str, value: str) -> None:
    from stack.config import stack_config
    from stack.errors import StackError

    with pytest.raises(StackError, match=f"{variable} is '{value}'"):
        stack_config({variable: value})


def test_counters_in_memory_go_with_the_stack(short_folder: Path) -> None:
    from stack.config import stack_config
    from stack.preflight import metrics_folder

    config = stack_config({"FURROW_DATA_DIR": str(short_folder)})
    with metrics_folder(config):
        (config.metrics_dir / "counter_1.db").touch()

    assert not config.metrics_dir.exists()


def test_counters_begin_anew_with_each_start_and_say_so(short_folder: Path) -> None:
    from stack.preflight import empty_metrics_folder

    empty_metrics_folder(short_folder)
    first = (short_folder / "generation").read_text()
    left = [short_folder / name for name in ("counter_0.db", "gauge_all_0.db", "slot0.lock")]
    for file in left:
        file.touch()
    mapped = left[0].open("rb+")
    mapped.write(b"counted")
    mapped.flush()

    empty_metrics_folder(short_folder)

    assert [file for file in left if file.exists()] == []
    assert UUID((short_folder / "generation").read_text().strip()) != UUID(first.strip())
    # Unlinked, not cut short: a reader that still maps the file meets no end of it.
    mapped.seek(0)
    assert mapped.read() == b"counted"
    mapped.close()


def test_a_folder_of_counters_that_cannot_be_used_is_named(short_folder: Path) -> None:
    from stack.errors import StackError
    from stack.preflight import empty_metrics_folder

    (short_folder / "taken").touch()

    with pytest.raises(StackError, match=r"folder of counters cannot be used: .*taken"):
        empty_metrics_folder(short_folder / "taken")


def test_what_furrow_metrics_keeps_lies_apart_from_the_counters(short_folder: Path) -> None:
    from stack.config import stack_config

    config = stack_config({"FURROW_DATA_DIR": str(short_folder)})

    assert config.metrics_state_dir == short_folder / "metrics"
    assert config.metrics_state_dir != config.metrics_dir
    assert not config.metrics_dir.is_relative_to(config.metrics_state_dir)


def test_a_service_that_is_not_built_is_named(short_folder: Path) -> None:
    from stack.config import stack_config
    from stack.errors import StackError
    from stack.preflight import check_services

    for name in ("furrow-ndvi", "furrow-weather"):
        (short_folder / name).touch(mode=0o755)
    config = stack_config({"FURROW_BIN_DIR": str(short_folder)})

    with pytest.raises(StackError, match=r"furrow-metrics is not in .*make setup"):
        check_services(config)


def test_furrow_metrics_is_told_of_every_folder_and_service_it_reads(short_folder: Path) -> None:
    from stack import parts
    from stack.config import stack_config

    ports = {"FURROW_NDVI_ADMIN_PORT": "18101", "FURROW_WEATHER_ADMIN_PORT": "18301"}
    config = stack_config({"FURROW_DATA_DIR": str(short_folder), **ports})

    variables = parts.furrow_metrics(config).environment

    assert variables["FURROW_METRICS_SOURCES"].split(",") == [
        "furrow-ndvi=http://127.0.0.1:18101/metrics",
        "furrow-weather=http://127.0.0.1:18301/metrics",
    ]
    assert variables["PROMETHEUS_MULTIPROC_DIR"] == str(config.metrics_dir)
    assert variables["FURROW_METRICS_STATE_DIR"] == str(config.metrics_state_dir)
    assert (
        variables["FURROW_METRICS_LISTEN"] == parts.web(config).environment["FURROW_METRICS_TARGET"]
    )


def test_the_address_of_a_node_exporter_outlives_a_start(short_folder: Path) -> None:
    from stack.config import stack_config
    from stack.preflight import make_folders
    from stack.scrape_targets import write_scrape_targets

    config = stack_config({"FURROW_DATA_DIR": str(short_folder)})
    make_folders(config)
    write_scrape_targets(config)
    kept = config.prometheus_dir / "targets" / "node.json"
    assert kept.read_text() == "[]\n"

    kept.write_text('[{"targets": ["127.0.0.1:9100"]}]')
    write_scrape_targets(config)

    assert "9100" in kept.read_text()

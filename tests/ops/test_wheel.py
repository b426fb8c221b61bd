"""One wheel brings Python and Rust together: Django's packages, what they read, the programs."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[zipfile.ZipFile]:
    """The wheel, with programs built as the tests build them: what is inside does not differ."""
    folder = tmp_path_factory.mktemp("wheel")
    built = subprocess.run(
        [
            Path(sys.executable).with_name("maturin"),
            "build",
            "--locked",
            "--strip",
            "false",
            "--out",
            folder,
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**os.environ, "CARGO_TERM_COLOR": "never"},
    )
    assert built.returncode == 0, built.stderr
    (path,) = folder.glob("furrow-*.whl")
    with zipfile.ZipFile(path) as archive:
        yield archive


def test_both_packages_are_in_it_with_what_they_read(wheel: zipfile.ZipFile) -> None:
    names = set(wheel.namelist())

    assert {
        "farm/imagery/catalogue.json",
        "farm/migrations/0001_initial.py",
        "farm/rpc/ndvi/v1/ndvi_pb2.py",
        "farm/rpc/ndvi/v1/ndvi_pb2.pyi",
        "farm/rpc/ndvi_service_config.json",
        "farm/rpc/metrics_service_config.json",
        "farm/templates/farm/operations.html",
        "farm/management/commands/db_worker.py",
        "orchestrator/settings.py",
        "orchestrator/templates/orchestrator/home.html",
    } <= names


def test_everything_tracked_of_the_packages_is_in_it(wheel: zipfile.ZipFile) -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "farm", "orchestrator"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()

    assert set(tracked) - set(wheel.namelist()) == set()


def test_the_programs_are_in_it(wheel: zipfile.ZipFile) -> None:
    scripts = {name.rpartition("/")[2] for name in wheel.namelist() if ".data/scripts/" in name}

    assert scripts == {
        "furrow-manage",
        "furrow-metrics",
        "furrow-ndvi",
        "furrow-weather",
        "furrow-web",
    }
    for name in wheel.namelist():
        if name.endswith(("scripts/furrow-manage", "scripts/furrow-web")):
            # pip puts the environment's own Python there.
            assert wheel.read(name).startswith(b"#!python\n")


def test_nothing_else_is_in_it(wheel: zipfile.ZipFile) -> None:
    tops = {name.partition("/")[0] for name in wheel.namelist()}

    assert {top for top in tops if not top.startswith("furrow-")} == {"farm", "orchestrator"}
    assert not [name for name in wheel.namelist() if "__pycache__" in name]


def test_the_licence_travels_along(wheel: zipfile.ZipFile) -> None:
    metadata = next(name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))

    assert b"License-Expression: Apache-2.0" in wheel.read(metadata)
    assert [name for name in wheel.namelist() if name.endswith("licenses/LICENSE")]


def test_the_commands_work_where_only_the_wheel_is(wheel: zipfile.ZipFile, tmp_path: Path) -> None:
    # The packages of this environment stand in for what pip would fetch again.
    assert wheel.filename
    target = tmp_path / "installed"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*pip, "--target", target, wheel.filename], check=True)
    alone = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(target),
        "FURROW_DATA_DIR": str(tmp_path / "data"),
    }

    commands: list[list[str | Path]] = [
        [target / "bin" / "furrow-ndvi", "--version"],
        [target / "bin" / "furrow-metrics", "--version"],
        [target / "bin" / "furrow-weather", "--version"],
        [target / "bin" / "furrow-manage", "check"],
        [target / "bin" / "furrow-manage", "migrate", "--verbosity", "0"],
        [target / "bin" / "furrow-web", "--help"],
    ]
    for command in commands:
        ran = subprocess.run(command, cwd=tmp_path, env=alone, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stdout + ran.stderr

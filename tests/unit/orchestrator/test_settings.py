"""The settings as a whole, in processes of their own: as production starts them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

ROOT = Path(__file__).resolve().parents[3]


def manage(*command, data_dir, **variables):
    clean = {name: value for name, value in os.environ.items() if not name.startswith("FURROW_")}
    clean.pop("DATABASE_URL", None)
    return subprocess.run(
        [sys.executable, "-W", "error", "manage.py", *command],
        cwd=ROOT,
        env=clean | {"FURROW_DATA_DIR": str(data_dir)} | variables,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def production(tmp_path):
    return {"data_dir": tmp_path, "FURROW_PUBLIC_URL": "https://furrow.example"}


def test_the_deployment_check_is_clean_in_production(production):
    run = manage("check", "--deploy", "--fail-level", "WARNING", **production)

    assert run.returncode == 0, run.stderr
    assert "no issues" in run.stdout


def test_the_schema_is_valid_and_without_warnings(production):
    run = manage("spectacular", "--validate", "--fail-on-warn", "--file", os.devnull, **production)

    assert run.returncode == 0, run.stderr
    assert run.stderr == ""


def test_no_migration_is_missing(production):
    run = manage("makemigrations", "--check", "--dry-run", **production)

    assert run.returncode == 0, run.stdout


def test_a_configuration_that_makes_no_sense_stops_the_start_with_its_sentence(tmp_path):
    run = manage("check", data_dir=tmp_path, FURROW_ALLOWED_HOSTS="*")

    assert run.returncode != 0
    assert "FURROW_ALLOWED_HOSTS has a wildcard" in run.stderr


def test_collected_files_get_names_that_may_be_kept_for_ever(production):
    assert manage("collectstatic", "--no-input", **production).returncode == 0

    show = (
        "from django.templatetags.static import static;"
        "print(static('drf_spectacular_sidecar/swagger-ui-dist/swagger-ui.css'))"
    )
    run = manage("shell", "--no-imports", "-v", "0", "-c", show, **production)

    assert run.stdout.startswith("/static/drf_spectacular_sidecar/swagger-ui-dist/swagger-ui.")
    assert not run.stdout.strip().endswith("swagger-ui.css")


ASK = (
    "import orchestrator.wsgi; from django.test import Client;"
    "c = Client(headers={'host': 'localhost'}); c.get('/healthz');"
    "page = c.get('/metrics'); print(page.status_code); print(page.content.decode())"
)


def ask(**variables):
    """A web process of its own that is asked for healthz, then for its metrics."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("FURROW_")}
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", ASK],
        cwd=ROOT,
        env=clean | variables,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def healths(run):
    wanted = 'django_http_requests_total_by_view_transport_method_total{method="GET",transport='
    lines = [line for line in run.stdout.splitlines() if line.startswith(wanted)]
    return [float(line.split()[-1]) for line in lines if 'view="healthz"' in line]


def test_metrics_of_several_processes_are_summed_from_the_folder(tmp_path):
    folder = tmp_path / "metrics"
    variables = {"FURROW_DATA_DIR": str(tmp_path), "PROMETHEUS_MULTIPROC_DIR": str(folder)}

    ask(**variables)
    run = ask(**variables)

    # Two processes asked once each for healthz; the second sees both.
    assert healths(run) == [2.0], run.stderr
    assert (folder / "generation").exists()


@pytest.mark.parametrize("folder", ["", "taken"])
def test_without_a_folder_a_web_process_serves_and_counts_for_itself(tmp_path, folder):
    (tmp_path / "taken").touch()
    named = str(tmp_path / folder) if folder else ""

    run = ask(FURROW_DATA_DIR=str(tmp_path), PROMETHEUS_MULTIPROC_DIR=named)

    assert healths(run) == [1.0], run.stderr
    assert run.stderr.count("is not counted") == bool(folder)


@pytest.mark.parametrize("name", ["counter_0123.db", "gauge_livesum_9.db"])
def test_a_file_that_python_cannot_read_is_a_503_in_words(tmp_path, name):
    folder = tmp_path / "metrics"
    folder.mkdir()
    (folder / name).touch()

    run = ask(FURROW_DATA_DIR=str(tmp_path), PROMETHEUS_MULTIPROC_DIR=str(folder))

    assert run.stdout.splitlines()[0] == "503", run.stderr
    assert "cannot be read by Python" in run.stdout


def test_management_commands_leave_the_folder_of_counters_alone(production, tmp_path):
    folder = tmp_path / "metrics"
    folder.mkdir()

    run = manage("check", PROMETHEUS_MULTIPROC_DIR=str(folder), **production)

    assert run.returncode == 0, run.stderr
    assert list(folder.iterdir()) == []


@pytest.mark.skipif(connection.vendor != "sqlite", reason="the tests run on PostgreSQL")
def test_sqlite_takes_the_write_lock_first_waits_and_checks_foreign_keys(db):
    with connection.cursor() as cursor:
        foreign_keys = cursor.execute("PRAGMA foreign_keys").fetchone()[0]
        wait_ms = cursor.execute("PRAGMA busy_timeout").fetchone()[0]

    assert connection.transaction_mode == "IMMEDIATE"
    assert foreign_keys == 1
    assert wait_ms == 20_000
    assert "journal_mode=WAL" in settings.DATABASES["default"]["OPTIONS"]["init_command"]


def test_passwords_are_hashed_by_argon2_first(production):
    show = "from django.conf import settings; print(settings.PASSWORD_HASHERS[0])"

    run = manage("shell", "--no-imports", "-v", "0", "-c", show, **production)

    assert run.stdout.strip() == "django.contrib.auth.hashers.Argon2PasswordHasher"


def test_a_new_data_folder_is_closed_to_other_accounts(tmp_path):
    manage("check", data_dir=tmp_path / "var")

    assert (tmp_path / "var").stat().st_mode & 0o777 == 0o700


def test_nothing_outside_the_data_folder_is_written_by_the_tests(data_dir):
    assert data_dir == settings.DATA_DIR
    assert settings.STORE_ROOT.is_relative_to(data_dir)

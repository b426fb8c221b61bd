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


def test_metrics_of_several_processes_are_summed_from_the_folder(production, tmp_path):
    folder = tmp_path / "metrics"
    ask = (
        "from django.test import Client; c = Client(headers={'host': 'localhost'});"
        "c.get('/healthz');"
        "print(c.get('/metrics').content.decode())"
    )
    variables = production | {"PROMETHEUS_MULTIPROC_DIR": str(folder)}

    manage("shell", "--no-imports", "-v", "0", "-c", ask, **variables)
    run = manage("shell", "--no-imports", "-v", "0", "-c", ask, **variables)

    # Two processes asked once each for healthz; the second sees both.
    wanted = 'django_http_requests_total_by_view_transport_method_total{method="GET",transport='
    counted = [line for line in run.stdout.splitlines() if 'view="healthz"' in line]
    assert any(line.startswith(wanted) and line.endswith(" 2.0") for line in counted), run.stderr


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

"""The front page and what machines ask."""

import pytest
from django.db import OperationalError

from farm.clients.states import ServiceState
from farm.farms.models import Farm
from orchestrator import health

SERVING = ServiceState(name="furrow-ndvi", is_serving=True, detail="")
DOWN = ServiceState(name="furrow-ndvi", is_serving=False, detail="furrow-ndvi does not answer.")


@pytest.fixture
def services(monkeypatch):
    def say(*states):
        monkeypatch.setattr("farm.clients.states.service_states", lambda: states)

    return say


def test_the_front_page_leads_to_docs_and_admin(client, db):
    page = client.get("/").content.decode()

    for target in ("/api/docs/", "/api/schema/", "/admin/"):
        assert f'href="{target}"' in page
    assert "simulated" not in page


def test_the_front_page_says_that_a_demo_is_simulated(client, db):
    Farm.objects.create(name="Demo", is_demo=True)

    assert "simulated" in client.get("/").content.decode()


def test_alive_is_alive_without_a_database(client):
    answer = client.get("/healthz")

    assert (answer.status_code, answer.content) == (200, b"ok\n")


def test_ready_when_every_part_is(client, db, services):
    services(SERVING)

    answer = client.get("/readyz")

    assert answer.status_code == 200
    assert answer.json() == {
        "ready": True,
        "parts": [
            {"name": "database", "ready": True, "detail": "Reachable, migrated."},
            {"name": "furrow-ndvi", "ready": True, "detail": "Serving."},
        ],
    }


def test_a_service_that_is_down_is_named(client, db, services):
    services(DOWN)

    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["parts"][1] == {
        "name": "furrow-ndvi",
        "ready": False,
        "detail": "furrow-ndvi does not answer.",
    }


def test_missing_migrations_are_not_ready(client, db, services, monkeypatch):
    services(SERVING)
    monkeypatch.setattr(health._Migrations, "are_applied", False)
    monkeypatch.setattr(health.MigrationExecutor, "migration_plan", lambda *_: [1, 2])

    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["parts"][0]["detail"] == "2 migrations are not applied."


def test_a_dead_database_is_not_ready_and_tells_no_address(client, monkeypatch):
    class DeadConnection:
        def cursor(self):
            raise OperationalError("could not connect to db.internal:5432")

    monkeypatch.setattr(health, "connections", {"default": DeadConnection()})

    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert "internal" not in answer.content.decode()


def test_metrics_name_views_and_keep_methods_few(client, db):
    client.get("/api/v1/auth/me/")
    client.generic("BREW", "/api/v1/auth/me/")

    text = client.get("/metrics").content.decode()

    assert 'view="auth-me"' in text
    assert "BREW" not in text


def test_metrics_are_not_for_the_outside(client, db):
    answer = client.get("/metrics", headers={"x-forwarded-for": "203.0.113.7"})

    assert answer.status_code == 404


@pytest.mark.parametrize("url", ["/", "/healthz", "/readyz", "/metrics"])
def test_these_pages_are_for_reading(client, url):
    assert client.post(url).status_code == 405


def test_swagger_comes_from_our_own_host(client, db):
    page = client.get("/api/docs/").content.decode()

    assert "/static/drf_spectacular_sidecar/" in page
    assert "cdn" not in page
    style = client.get("/static/drf_spectacular_sidecar/swagger-ui-dist/swagger-ui.css")
    assert style.status_code == 200
    style.close()

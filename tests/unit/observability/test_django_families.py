"""django-prometheus' families go on, under its own names, with labels that clients cannot make."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.core.cache import caches
from django.db import DatabaseError, connection, transaction
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django_prometheus.middleware import (
    PrometheusAfterMiddleware,
    PrometheusBeforeMiddleware,
)
from prometheus_client import REGISTRY

from farm.observability.databases.counting import counting
from farm.observability.middleware import MetricsMiddleware, OuterMetricsMiddleware

if TYPE_CHECKING:
    from collections.abc import Callable

Samples = dict[tuple[str, str], float]


def samples(prefix: str) -> Samples:
    """Name and labels → value, of the families that begin so; not how long something took."""
    return {
        (sample.name, str(sorted(sample.labels.items()))): sample.value
        for family in REGISTRY.collect()
        if family.name.startswith(prefix)
        for sample in family.samples
        if (not sample.name.endswith(("_created", "_sum")) and "latency" not in sample.name)
        or sample.name.endswith("_count")
    }


def growth(prefix: str, of: Callable[[], object]) -> Samples:
    before = samples(prefix)
    of()
    after = samples(prefix)
    return {
        key: value - before.get(key, 0)
        for key, value in after.items()
        if value != before.get(key, 0)
    }


def labelled(grown: Samples, name: str) -> dict[str, float]:
    return {labels: value for (found, labels), value in grown.items() if found == name}


def request(**options: Any) -> Any:
    made = RequestFactory().generic(options.pop("method", "GET"), "/there", **options)
    made.resolver_match = None
    return made


@pytest.mark.parametrize("size", [0, 70_000])
@pytest.mark.parametrize("method", ["GET", "POST", "HEAD"])
@pytest.mark.parametrize("is_ajax", [False, True])
def test_a_request_counts_in_the_families_of_django_prometheus_as_it_does(
    method: str, size: int, is_ajax: bool
) -> None:
    def answer(_: object) -> HttpResponse:
        return HttpResponse(b"x" * size, status=201)

    headers = {"x-requested-with": "XMLHttpRequest"} if is_ajax else {}
    ours = OuterMetricsMiddleware(MetricsMiddleware(answer))
    theirs = PrometheusBeforeMiddleware(PrometheusAfterMiddleware(answer))

    def ask(application: Any) -> Callable[[], object]:
        return lambda: application(request(method=method, data=b"y" * size, headers=headers))

    expected = growth("django_http", ask(theirs))
    assert len(expected) > 10
    assert growth("django_http", ask(ours)) == expected


@pytest.mark.django_db
def test_views_are_named_and_methods_are_few(client: Client) -> None:
    def ask() -> None:
        for number in range(20):
            client.generic(f"BREW{number}", "/healthz")

    grown = growth("django_http", ask)

    by_view = labelled(grown, "django_http_responses_total_by_status_view_method_total")
    assert by_view == {
        "[('method', '<invalid method>'), ('status', '405'), ('view', 'healthz')]": 20.0
    }
    assert not [labels for _, labels in grown if "BREW" in labels]


def test_a_length_that_is_no_number_is_no_error() -> None:
    made = request()
    made.META["CONTENT_LENGTH"] = "many"

    answer = MetricsMiddleware(lambda _: HttpResponse())(made)

    assert answer.status_code == 200


def test_an_exception_counts_by_type_and_view(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        msg = "broken"
        raise ZeroDivisionError(msg)

    monkeypatch.setattr("orchestrator.views.part_states", broken)
    client.raise_request_exception = False

    grown = growth("django_http_exceptions", lambda: client.get("/readyz"))

    assert set(grown) == {
        ("django_http_exceptions_total_by_type_total", "[('type', 'ZeroDivisionError')]"),
        ("django_http_exceptions_total_by_view_total", "[('view', 'readyz')]"),
    }


def test_templates_are_counted(client: Client, db: None) -> None:
    grown = growth(
        "django_http_responses_total_by_templatename", lambda: client.get("/admin/login/")
    )

    assert sum(grown.values()) == 1


@pytest.mark.django_db
def test_statements_and_their_errors_are_counted() -> None:
    def work() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT nothing FROM nowhere")

    grown = growth("django_db", work)

    labels = f"[('alias', 'default'), ('vendor', '{connection.vendor}')]"
    assert grown["django_db_execute_total", labels] >= 2
    assert grown["django_db_query_duration_seconds_count", labels] >= 2
    assert [value for (name, _), value in grown.items() if name == "django_db_errors_total"] == [
        1.0
    ]


def test_many_rows_count_each_and_once_as_many() -> None:
    class Cursor:
        def executemany(self, query: str, rows: list[object]) -> list[object]:
            return rows

    cursor = counting(Cursor, "of_a_test", "none")()

    grown = growth("django_db", lambda: cursor.executemany("INSERT", iter([(1,), (2,), (3,)])))

    labels = "[('alias', 'of_a_test'), ('vendor', 'none')]"
    assert grown["django_db_execute_total", labels] == 3
    assert grown["django_db_execute_many_total", labels] == 3
    assert grown["django_db_query_duration_seconds_count", labels] == 1


def test_the_class_of_cursors_is_made_once() -> None:
    class Cursor:
        pass

    assert counting(Cursor, "default", "none") is counting(Cursor, "default", "none")


@pytest.mark.parametrize(("name", "backend"), [("default", "locmem"), ("answers", "filebased")])
@pytest.mark.parametrize("kept", [0, "", [], None, "something"])
def test_gets_of_caches_are_hits_or_misses_and_falsy_values_are_kept(
    name: str, backend: str, kept: object
) -> None:
    cache = caches[name]
    cache.set("kept", kept)

    grown = growth("django_cache", lambda: (cache.get("kept"), cache.get("gone")))

    labels = f"[('backend', '{backend}')]"
    assert cache.get("kept", "default") == kept
    assert cache.get("gone", "default") == "default"
    assert grown == {
        ("django_cache_get_total", labels): 2.0,
        ("django_cache_get_hits_total", labels): 1.0,
        ("django_cache_get_misses_total", labels): 1.0,
    }

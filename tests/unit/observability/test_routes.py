"""Labels of requests stay few and readable."""

from __future__ import annotations

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from farm.observability.routes import METHODS, known_method, plain_route


@pytest.mark.parametrize(
    ("route", "expected"),
    [
        ("", "/"),
        ("healthz", "/healthz"),
        ("api/v1/fields/<int:field_id>/", "/api/v1/fields/{field_id}/"),
        ("a/<slug>/<path:rest>", "/a/{slug}/{rest}"),
        (r"^admin/(?P<url>.*)$", "/admin/{url}"),
        (r"^x/(?P<word>[a-z]+)\.txt\Z", "/x/{word}.txt"),
    ],
)
def test_a_route_is_written_as_people_write_it(route: str, expected: str) -> None:
    assert plain_route(route) == expected


def test_every_route_of_the_site_becomes_plain() -> None:
    def routes(patterns: list[URLPattern | URLResolver], above: str) -> list[str]:
        found = []
        for entry in patterns:
            here = above + str(entry.pattern)
            if isinstance(entry, URLResolver):
                found += routes(entry.url_patterns, here)
            else:
                found.append(here)
        return found

    plain = {plain_route(route) for route in routes(get_resolver().url_patterns, "")}

    assert "/api/v1/fields/{field_id}/indices/{index}/latest" in plain
    assert "/admin/{url}" in plain
    assert len(plain) > 50
    assert not [route for route in plain if set(route) & set("<>()^$*?\\ ")]


def test_methods_are_a_fixed_few() -> None:
    assert {known_method(method) for method in METHODS} == METHODS
    assert known_method("BREW") == "other"
    assert known_method("get") == "other"

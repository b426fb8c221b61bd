"""Who gets which answer on which route of fields."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from rest_framework.test import APIClient

from farm.accounts.models import ApiKey, Scope, User
from farm.farms.models import Farm, Membership, Role
from farm.fields.models import Field
from tests.unit.fields.drawings import collection, feature, square

WHO = ("anonymous", "foreign", "viewer", "agronomist", "manager", "owner")
ROUTES = {
    ("get", "farms/{farm}/fields/", None): (401, 404, 200, 200, 200, 200),
    ("get", "farms/{farm}/fields/?format=csv", None): (401, 404, 200, 200, 200, 200),
    ("post", "farms/{farm}/fields/", "feature"): (401, 404, 403, 403, 201, 201),
    ("post", "farms/{farm}/fields/", "collection"): (401, 404, 403, 403, 200, 200),
    ("get", "fields/{field}/", None): (401, 404, 200, 200, 200, 200),
    ("put", "fields/{field}/", "feature"): (401, 404, 403, 200, 200, 200),
    ("patch", "fields/{field}/", "feature"): (401, 404, 403, 200, 200, 200),
    ("delete", "fields/{field}/", None): (401, 404, 403, 403, 204, 204),
}
BODIES = {
    None: None,
    "feature": feature(square(4.01), name="New"),
    "collection": collection(feature(square(4.01), name="New")),
}
CASES = [
    pytest.param(*route, who, status, id=f"{route[0]} {route[1]} {route[2]} {who}")
    for route, statuses in ROUTES.items()
    for who, status in zip(WHO, statuses, strict=True)
]


@pytest.mark.parametrize(("method", "address", "body", "who", "status"), CASES)
def test_each_role_gets_what_it_includes(
    method: str, address: str, body: str | None, who: str, status: int,
    farm: Farm, field: Field, client_of: Callable[[str], APIClient],
) -> None:  # fmt: skip
    client = client_of(who)

    answer = getattr(client, method)(
        "/api/v1/" + address.format(farm=farm.pk, field=field.pk), BODIES[body]
    )

    assert answer.status_code == status
    if status >= 400:
        assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_a_foreign_field_answers_like_none_at_all(
    method: str, field: Field, client_of: Callable[[str], APIClient]
) -> None:
    client = client_of("foreign")

    foreign = getattr(client, method)(f"/api/v1/fields/{field.pk}/", feature(name="Mine"))
    absent = getattr(client, method)(f"/api/v1/fields/{10**25}/", feature(name="Mine"))

    assert (foreign.status_code, absent.status_code) == (404, 404)
    assert foreign.json()["detail"] == f"There is no field {field.pk}."


def test_a_key_bound_to_another_farm_does_not_see_the_field(field: Field, user: User) -> None:
    other = Farm.objects.create(name="Other")
    for farm in (field.farm, other):
        Membership.objects.create(farm=farm, user=user, role=Role.OWNER)
    client = APIClient()
    client.force_authenticate(user, token=ApiKey(owner=user, scopes=[Scope.READ], farm=other))

    assert client.get(f"/api/v1/fields/{field.pk}/").status_code == 404
    assert client.get(f"/api/v1/farms/{field.farm_id}/fields/").status_code == 404
    assert client.get(f"/api/v1/farms/{other.pk}/fields/").status_code == 200


def test_a_key_that_reads_does_not_write(field: Field, user: User) -> None:
    Membership.objects.create(farm=field.farm, user=user, role=Role.OWNER)
    client = APIClient()
    client.force_authenticate(user, token=ApiKey(owner=user, scopes=[Scope.READ]))

    answer = client.patch(f"/api/v1/fields/{field.pk}/", {"properties": {"name": "New"}})

    assert (answer.status_code, answer.json()["reason"]) == (403, "SCOPE_MISSING")

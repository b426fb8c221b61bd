"""Who gets which answer on which route of farms."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from rest_framework.test import APIClient

from farm.accounts.models import ApiKey, Scope
from farm.farms.models import Farm, Membership, Role

WHO = ("anonymous", "foreign", "viewer", "agronomist", "manager", "owner")
ROUTES = {
    # method, address, body: statuses in the order of WHO
    ("get", "", None): (401, 404, 200, 200, 200, 200),
    ("put", "", "name"): (401, 404, 403, 403, 200, 200),
    ("patch", "", "name"): (401, 404, 403, 403, 200, 200),
    ("delete", "", None): (401, 404, 403, 403, 403, 204),
    ("get", "members/", None): (401, 404, 200, 200, 200, 200),
    ("post", "members/", "member"): (401, 404, 403, 403, 403, 201),
    ("get", "members/{viewer}/", None): (401, 404, 200, 200, 200, 200),
    ("patch", "members/{viewer}/", "role"): (401, 404, 403, 403, 403, 200),
    # Everybody may leave a farm, hence the viewer's own 204.
    ("delete", "members/{viewer}/", None): (401, 404, 204, 403, 403, 204),
}
BODIES = {
    None: None,
    "name": {"name": "Valley Farm"},
    "member": {"username": "berta", "role": "viewer"},
    "role": {"role": "manager"},
}
CASES = [
    pytest.param(*route, who, status, id=f"{route[0]} {route[1] or 'farm'} {who}")
    for route, statuses in ROUTES.items()
    for who, status in zip(WHO, statuses, strict=True)
]


@pytest.mark.parametrize(("method", "address", "body", "who", "status"), CASES)
def test_each_role_gets_what_it_includes(
    method: str, address: str, body: str | None, who: str, status: int,
    farm: Farm, client_of: Callable[[str], APIClient], member: Callable, other_user: object,
) -> None:  # fmt: skip
    viewer = member(Role.VIEWER)
    member(Role.OWNER)
    client = client_of(who)

    answer = getattr(client, method)(
        f"/api/v1/farms/{farm.pk}/" + address.format(viewer=viewer.pk), BODIES[body]
    )

    assert answer.status_code == status
    if status >= 400:
        assert answer["Content-Type"] == "application/problem+json"


def test_a_foreign_farm_and_none_at_all_answer_the_same(
    farm: Farm, client_of: Callable[[str], APIClient]
) -> None:
    client = client_of("foreign")

    foreign = client.get(f"/api/v1/farms/{farm.pk}/").json()
    absent = client.get("/api/v1/farms/987654/").json()

    assert foreign["detail"].replace(str(farm.pk), "#") == absent["detail"].replace("987654", "#")
    assert client.get("/api/v1/farms/99999999999999999999999/").status_code == 404
    no_member = f"/api/v1/farms/{farm.pk}/members/{10**25}/"
    for method in ("get", "delete"):
        assert getattr(client_of("owner"), method)(no_member).status_code == 404


def key_client(user: object, **wanted: object) -> APIClient:
    client = APIClient()
    client.force_authenticate(user, token=ApiKey(owner=user, name="mast", **wanted))
    return client


@pytest.mark.parametrize(
    ("scopes", "method", "address", "status"),
    [
        ([Scope.READ], "get", "", 200),
        ([Scope.WRITE], "get", "", 403),
        ([Scope.READ], "patch", "", 403),
        ([Scope.WRITE], "patch", "", 200),
        ([Scope.READ, Scope.WRITE], "delete", "", 403),
        ([Scope.READ, Scope.WRITE], "post", "members/", 403),
        ([Scope.WRITE, Scope.ADMIN], "post", "members/", 201),
        ([Scope.WRITE, Scope.ADMIN], "delete", "", 204),
    ],
)
def test_a_key_does_what_its_scopes_say(
    scopes: list[str], method: str, address: str, status: int,
    farm: Farm, member: Callable, other_user: object,
) -> None:  # fmt: skip
    client = key_client(member(Role.OWNER), scopes=scopes)
    body = {"name": "New", "username": "berta", "role": "viewer"}

    answer = getattr(client, method)(f"/api/v1/farms/{farm.pk}/{address}", body)

    assert answer.status_code == status


def test_a_key_bound_to_a_farm_sees_no_other_and_creates_none(farm: Farm, member: Callable) -> None:
    owner = member(Role.OWNER)
    other = Farm.objects.create(name="Other")
    Membership.objects.create(farm=other, user=owner, role=Role.OWNER)
    client = key_client(owner, scopes=[Scope.READ, Scope.WRITE], farm=farm)

    listed = client.get("/api/v1/farms/").json()

    assert [one["id"] for one in listed["results"]] == [farm.pk]
    assert client.get(f"/api/v1/farms/{other.pk}/").status_code == 404
    assert client.post("/api/v1/farms/", {"name": "Third"}).status_code == 403

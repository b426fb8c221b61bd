"""Farms and members over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from rest_framework.test import APIClient

from farm.accounts.models import User
from farm.farms.models import Farm, Membership, Role


def test_who_creates_a_farm_owns_it(api_client: APIClient, user: User) -> None:
    answer = api_client.post(
        "/api/v1/farms/", {"name": "Hill Farm", "time_zone": "Europe/Brussels"}
    )

    assert answer.status_code == 201
    assert answer.json()["role"] == "owner"
    assert answer.json()["field_count"] == 0
    assert Membership.objects.get(farm_id=answer.json()["id"], user=user).role == Role.OWNER


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"name": "nul\x00"}, "name"),
        ({"name": "A", "time_zone": "Mars/Olympus"}, "time_zone"),
        ({"name": "A", "time_zone": "../../etc/passwd"}, "time_zone"),
        ([], "non_field_errors"),
    ],
)
def test_a_bad_farm_is_refused_at_its_field(
    api_client: APIClient, body: object, where: str
) -> None:
    answer = api_client.post("/api/v1/farms/", body)

    assert answer.status_code == 422
    assert where in answer.json()["errors"]


def test_nobody_makes_a_farm_a_demo_over_http(api_client: APIClient) -> None:
    answer = api_client.post("/api/v1/farms/", {"name": "A", "is_demo": True})

    assert answer.json()["is_demo"] is False


def test_the_list_has_ones_own_farms_with_ones_role(
    farm: Farm, member: Callable[[Role], User], client_of: Callable[[str], APIClient]
) -> None:
    Farm.objects.create(name="Somebody else's")

    listed = client_of("agronomist").get("/api/v1/farms/").json()

    assert listed["count"] == 1
    assert listed["results"][0]["role"] == "agronomist"


def test_a_superuser_sees_every_farm_as_owner(farm: Farm) -> None:
    client = APIClient()
    client.force_authenticate(User.objects.create_superuser(username="root"))

    listed = client.get("/api/v1/farms/").json()

    assert [one["role"] for one in listed["results"]] == ["owner"]


def test_the_list_takes_two_queries_however_long(
    client_of: Callable[[str], APIClient], member: Callable, django_assert_num_queries: Callable
) -> None:
    owner, client = member(Role.OWNER), client_of("owner")
    for number in range(20):
        other = Farm.objects.create(name=f"Farm {number}")
        Membership.objects.create(farm=other, user=owner, role=Role.OWNER)

    with django_assert_num_queries(2):
        assert client.get("/api/v1/farms/").json()["count"] == 21


def test_the_member_list_takes_three_queries_however_long(
    farm: Farm, client_of: Callable[[str], APIClient], django_assert_num_queries: Callable
) -> None:
    client = client_of("viewer")
    for number in range(20):
        person = User.objects.create(username=f"person {number}")
        Membership.objects.create(farm=farm, user=person, role=Role.VIEWER)

    with django_assert_num_queries(3):
        answer = client.get(f"/api/v1/farms/{farm.pk}/members/")

    assert answer.json()["count"] == 21


def test_a_member_is_added_once_and_by_a_name_that_exists(
    farm: Farm, client_of: Callable[[str], APIClient], other_user: User
) -> None:
    client, address = client_of("owner"), f"/api/v1/farms/{farm.pk}/members/"

    first = client.post(address, {"username": "berta", "role": "viewer"})
    again = client.post(address, {"username": "berta", "role": "owner"})
    nobody = client.post(address, {"username": "nobody", "role": "viewer"})
    odd = client.post(address, {"username": "berta", "role": "emperor"})

    assert (first.status_code, first.json()["user_id"]) == (201, other_user.pk)
    assert (again.status_code, again.json()["reason"]) == (409, "MEMBER_ALREADY")
    assert (nobody.status_code, nobody.json()["reason"]) == (422, "USER_UNKNOWN")
    assert odd.status_code == 422


def test_a_farm_is_never_left_without_an_owner(
    farm: Farm, client_of: Callable[[str], APIClient], member: Callable
) -> None:
    owner, client = member(Role.OWNER), client_of("owner")
    address = f"/api/v1/farms/{farm.pk}/members/{owner.pk}/"

    demoted = client.patch(address, {"role": "viewer"})
    removed = client.delete(address)

    assert (demoted.status_code, demoted.json()["reason"]) == (409, "LAST_OWNER")
    assert (removed.status_code, removed.json()["reason"]) == (409, "LAST_OWNER")
    heir = member(Role.MANAGER)
    client.patch(f"/api/v1/farms/{farm.pk}/members/{heir.pk}/", {"role": "owner"})
    assert client.delete(address).status_code == 204


def test_deleting_a_farm_deletes_its_files(
    farm: Farm, client_of: Callable[[str], APIClient]
) -> None:
    file = Path(settings.STORE_ROOT) / "scenes" / str(farm.pk) / "abc" / "B04.tif"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"pixels")

    answer = client_of("owner").delete(f"/api/v1/farms/{farm.pk}/")

    assert answer.status_code == 204
    assert not file.exists()
    assert not Farm.objects.exists()


@pytest.mark.parametrize("query", ["page_size=501", "page_size=0", "page_size=all", "name=Hill"])
def test_a_list_refuses_what_it_would_ignore(api_client: APIClient, query: str) -> None:
    answer = api_client.get(f"/api/v1/farms/?{query}")

    assert answer.status_code == 422
    assert list(answer.json()["errors"]) == [query.partition("=")[0]]


def test_a_format_that_is_not_there_is_no_missing_address(api_client: APIClient) -> None:
    answer = api_client.get("/api/v1/farms/?format=xml")

    assert (answer.status_code, answer.json()["code"]) == (406, "not_acceptable")
    assert "“xml”" in answer.content.decode()

"""Prepared queries: the rows of the query that they were made of, whatever the values."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from farm.accounts.models import User
from farm.accounts.principal import Principal
from farm.errors import NotFoundError
from farm.farms.models import Farm, Membership
from farm.farms.selectors import stand_in, visible_farm
from farm.prepared import Prepared

if TYPE_CHECKING:
    from pytest_django import DjangoAssertNumQueries

pytestmark = pytest.mark.django_db


@pytest.fixture
def farms() -> list[Farm]:
    return [Farm.objects.create(name=name) for name in ("Hill", "Mill", "Hall")]


def by_name() -> Prepared[Farm]:
    return Prepared(lambda *, name: Farm.objects.filter(name=name))


def test_each_call_gives_the_rows_of_its_own_values(farms: list[Farm]) -> None:
    query = by_name()

    assert query.rows(name="Hill") == [farms[0]]
    assert query.rows(name="Mill") == [farms[1]]
    assert query.rows(name="nobody") == []
    assert query.rows(name="%' OR 1=1 --") == []


def test_the_sql_is_that_of_the_query(farms: list[Farm]) -> None:
    query = by_name()
    query.rows(name="Mill")

    with CaptureQueriesContext(
        connection,
    ) as asked:
        query.rows(name="Hill")
        list(Farm.objects.filter(name="Hill"))

    prepared, plain = (each["sql"] for each in asked.captured_queries)
    assert prepared == plain


def test_rows_come_as_the_query_says(farms: list[Farm]) -> None:
    Membership.objects.create(farm=farms[0], user=User.objects.create_user("ada"), role="viewer")
    named = Prepared(lambda *, name: Farm.objects.filter(name=name).values_list("pk", named=True))
    joined = Prepared(lambda *, farm: Membership.objects.select_related("user").filter(farm=farm))

    assert named.rows(name="Hill")[0].pk == farms[0].pk
    (membership,) = joined.rows(farm=farms[0].pk)
    assert membership.user.username == "ada"
    assert membership.created_at.tzinfo is not None


def test_a_value_that_the_query_loses_is_refused() -> None:
    query = Prepared(lambda *, name: Farm.objects.all())

    with pytest.raises(ValueError, match="does not depend on name"):
        query.rows(name="Hill")


def test_a_number_that_no_column_holds_finds_nothing(farms: list[Farm]) -> None:
    query: Prepared[Farm] = Prepared(lambda *, pk: Farm.objects.filter(pk=pk))

    assert query.rows(pk=10**30) == []
    assert query.rows(pk=farms[0].pk) == [farms[0]]


def test_each_form_is_a_query_of_its_own(farms: list[Farm]) -> None:
    query = Prepared(
        lambda is_down, *, pk: Farm.objects.filter(pk__gte=pk).order_by("-pk" if is_down else "pk")
    )

    assert query.rows(False, pk=farms[1].pk) == farms[1:]
    assert query.rows(True, pk=farms[1].pk) == farms[:0:-1]


def test_a_thread_compiles_its_own(farms: list[Farm]) -> None:
    query = by_name()
    query.rows(name="Hill")
    seen: list[object] = []

    thread = threading.Thread(target=lambda: seen.append(vars(query._of_thread).get("compiled")))
    thread.start()
    thread.join()

    assert seen == [None]


# --- What may be seen ---------------------------------------------------------------------------


def test_what_a_principal_may_see_is_asked_anew_each_time(farms: list[Farm]) -> None:
    ada, berta = (User.objects.create_user(name) for name in ("ada", "berta"))
    membership = Membership.objects.create(farm=farms[0], user=ada, role="viewer")
    Membership.objects.create(farm=farms[1], user=berta, role="viewer")

    assert visible_farm(principal=Principal(user=ada), farm_id=farms[0].pk) == farms[0]
    for user, farm in ((ada, farms[1]), (berta, farms[0])):
        with pytest.raises(NotFoundError):
            visible_farm(principal=Principal(user=user), farm_id=farm.pk)
    membership.delete()
    with pytest.raises(NotFoundError):
        visible_farm(principal=Principal(user=ada), farm_id=farms[0].pk)


def test_a_bound_key_sees_its_farm_alone_also_of_a_superuser(farms: list[Farm]) -> None:
    root = User.objects.create_superuser("root")

    free, bound = Principal(user=root), Principal(user=root, farm_id=farms[0].pk)

    assert visible_farm(principal=free, farm_id=farms[1].pk) == farms[1]
    assert visible_farm(principal=bound, farm_id=farms[0].pk) == farms[0]
    with pytest.raises(NotFoundError):
        visible_farm(principal=bound, farm_id=farms[1].pk)


def test_a_bound_that_gets_lost_is_an_error() -> None:
    with pytest.raises(ValueError, match="was lost"):
        stand_in(False, True, user_id=1)


def test_a_farm_costs_one_query(
    farms: list[Farm], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    root = User.objects.create_superuser("root")

    for _ in range(2):
        with django_assert_num_queries(1):
            visible_farm(principal=Principal(user=root), farm_id=farms[0].pk)

"""A key never gives more than it has: not by making keys, not by rotating them."""

from datetime import timedelta

import pytest
from django.utils import timezone

from farm.accounts.models import ApiKey, Scope
from farm.accounts.principal import Principal
from farm.accounts.selectors import visible_keys
from farm.accounts.services import create_key, rotate_key
from farm.errors import ConflictError, ForbiddenError, InvalidInputError
from farm.farms.models import Membership
from farm.farms.selectors import visible_farms

KEYS = "/api/v1/keys/"


def test_a_key_gives_no_scope_that_it_lacks(make_key, client_with):
    client = client_with(make_key(scopes=(Scope.ADMIN, Scope.READ)))

    answer = client.post(KEYS, {"name": "n", "scopes": ["read", "write"]})

    assert answer.status_code == 403
    assert "write" in answer.json()["detail"]


def test_a_key_gives_the_scopes_that_it_has(make_key, client_with):
    client = client_with(make_key(scopes=(Scope.ADMIN, Scope.READ)))

    assert client.post(KEYS, {"name": "n", "scopes": ["read"]}).status_code == 201


@pytest.mark.parametrize("wish", ["none", "other"])
def test_a_farm_bound_key_makes_keys_for_the_same_farm_only(
    make_key, client_with, farm, second_farm, wish
):
    client = client_with(make_key(scopes=tuple(Scope.values), farm=farm))
    body = {"name": "n", "scopes": ["read"]}

    answer = client.post(KEYS, body | ({"farm": second_farm.pk} if wish == "other" else {}))

    # The other farm does not even exist for this key.
    assert answer.status_code == (404 if wish == "other" else 403)
    assert client.post(KEYS, body | {"farm": farm.pk}).status_code == 201


def test_a_farm_bound_key_sees_its_farm_and_the_keys_of_it(user, make_key, farm, second_farm):
    bound = make_key(farm=farm)
    make_key(farm=second_farm)
    make_key()
    principal = Principal(user=user, scopes=frozenset(bound.key.scopes), farm_id=farm.pk)

    assert list(visible_farms(principal=principal)) == [farm]
    assert list(visible_keys(principal=principal)) == [bound.key]


def test_a_key_loses_its_farm_with_its_owners_membership(user, make_key, farm):
    key = make_key(farm=farm).key
    Membership.objects.filter(user=user).delete()

    seen = visible_farms(principal=Principal(user=user, farm_id=key.farm_id))

    assert not seen.exists()


def test_a_key_outlives_its_maker_by_nothing(user, make_key):
    end = timezone.now() + timedelta(days=1)
    maker = make_key(scopes=tuple(Scope.values), expires_at=end).key
    principal = Principal(user=user)
    wanted = {"principal": principal, "name": "n", "scopes": ["read"], "granting_key": maker}

    endless = create_key(**wanted).key
    longer = create_key(**wanted, expires_at=end + timedelta(days=9)).key
    shorter = create_key(**wanted, expires_at=end - timedelta(hours=9)).key

    assert endless.expires_at == end
    assert longer.expires_at == end
    assert shorter.expires_at == end - timedelta(hours=9)


def test_rotating_a_wider_key_is_no_way_to_its_powers(user, make_key):
    wide = make_key(scopes=tuple(Scope.values)).key
    narrow = Principal(user=user, scopes=frozenset({"admin"}))

    with pytest.raises(ForbiddenError):
        rotate_key(principal=narrow, key=wide, overlap=timedelta(0))

    assert ApiKey.objects.count() == 1


@pytest.mark.parametrize("scopes", [[], ["read", "root"]])
def test_scopes_must_be_known(user, scopes):
    with pytest.raises(InvalidInputError):
        create_key(principal=Principal(user=user), name="n", scopes=scopes)


# --- Rotation ---------------------------------------------------------------------------------


def test_both_keys_work_during_the_overlap_and_the_old_one_ends_after(
    api_client, client_with, make_key, fresh
):
    old = make_key(scopes=(Scope.READ, Scope.WRITE))

    answer = api_client.post(f"{KEYS}{old.key.pk}/rotate/", {"overlap_hours": 2})

    assert answer.status_code == 201
    new = answer.json()
    assert (new["scopes"], new["replaces"]) == (["read", "write"], old.key.pk)
    left = fresh(old.key).expires_at - timezone.now()
    assert timedelta(hours=1, minutes=59) < left <= timedelta(hours=2)
    for text in (old.text, new["key"]):
        assert client_with(text).get("/api/v1/auth/me/").status_code == 200

    ApiKey.objects.filter(pk=old.key.pk).update(expires_at=timezone.now())

    assert client_with(old.text).get("/api/v1/auth/me/").status_code == 401
    assert client_with(new["key"]).get("/api/v1/auth/me/").status_code == 200


def test_without_an_overlap_the_old_key_ends_at_once(api_client, client_with, make_key):
    old = make_key()

    api_client.post(f"{KEYS}{old.key.pk}/rotate/", {"overlap_hours": 0})

    assert client_with(old).get("/api/v1/auth/me/").status_code == 401


def test_an_overlap_never_prolongs_the_old_key(user, make_key, fresh):
    end = timezone.now() + timedelta(hours=1)
    old = make_key(expires_at=end).key

    rotate_key(principal=Principal(user=user), key=old, overlap=timedelta(hours=24))

    assert fresh(old).expires_at == end


def test_a_key_with_a_term_gets_the_same_term_anew(user, make_key):
    old = make_key(expires_at=timezone.now() + timedelta(days=90)).key

    new = rotate_key(principal=Principal(user=user), key=old, overlap=timedelta(0)).key

    term = new.expires_at - new.created_at
    assert abs(term - timedelta(days=90)) < timedelta(seconds=5)


@pytest.mark.parametrize("reason", ["KEY_ENDED", "KEY_REPLACED"])
def test_a_key_that_ended_or_was_replaced_is_not_rotated(user, make_key, reason):
    key = make_key().key
    principal = Principal(user=user)
    if reason == "KEY_ENDED":
        ApiKey.objects.filter(pk=key.pk).update(revoked_at=timezone.now())
    else:
        rotate_key(principal=principal, key=key, overlap=timedelta(hours=1))

    with pytest.raises(ConflictError) as refused:
        rotate_key(principal=principal, key=key, overlap=timedelta(hours=1))

    assert refused.value.reason == reason


def test_an_overlap_has_bounds(api_client, make_key):
    answer = api_client.post(f"{KEYS}{make_key().key.pk}/rotate/", {"overlap_hours": 169})

    assert answer.status_code == 422
    assert "overlap_hours" in answer.json()["errors"]

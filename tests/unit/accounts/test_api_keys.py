"""Keys as a machine meets them: over HTTP."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from farm.accounts.models import ApiKey, Scope
from farm.accounts.services import deactivate_user, revoke_key

ME = "/api/v1/auth/me/"
KEYS = "/api/v1/keys/"


def test_a_key_acts_as_its_owner(make_key, client_with, user):
    answer = client_with(make_key()).get(ME)

    assert answer.status_code == 200
    assert answer.json()["username"] == user.username
    assert answer.json()["credential"] == {"kind": "api_key", "scopes": ["read"], "farm": None}


def test_the_scheme_is_read_in_any_case(make_key):
    answer = APIClient().get(ME, headers={"authorization": f"API-KEY {make_key().text}"})

    assert answer.status_code == 200


def test_the_database_holds_no_secret(make_key):
    made = make_key()

    row = ApiKey.objects.values().get(pk=made.key.pk)

    assert made.text.rpartition("_")[2] not in str(row)
    assert made.text not in str(row)


def _expired(key):
    ApiKey.objects.filter(pk=key.pk).update(expires_at=timezone.now() - timedelta(seconds=1))


def _deactivated(key):
    deactivate_user(user=key.owner)


@pytest.mark.parametrize(
    "end", [_expired, lambda key: revoke_key(key=key), _deactivated, lambda key: key.delete()]
)
def test_a_key_that_has_ended_is_refused_at_once_and_without_saying_why(make_key, client_with, end):
    made = make_key()
    client = client_with(made)
    assert client.get(ME).status_code == 200

    end(made.key)
    answer = client.get(ME)

    assert answer.status_code == 401
    assert answer.json()["code"] == "authentication_failed"
    assert answer.json()["detail"].startswith("The API key is not valid: unknown, expired, revoked")
    assert "Api-Key" in answer["WWW-Authenticate"]


@pytest.mark.parametrize("text", ["", "nonsense", "fur_000000000000_" + "a" * 43, "fur_\xe9"])
def test_a_key_nobody_made_is_refused(client_with, db, text):
    assert client_with(text).get(ME).status_code == 401


def test_a_wrong_secret_behind_a_right_prefix_is_refused(make_key, client_with):
    made = make_key()

    answer = client_with(f"fur_{made.key.prefix}_{'a' * 43}").get(ME)

    assert answer.status_code == 401


def test_use_is_dated_at_most_once_a_minute(make_key, client_with, fresh):
    made = make_key()
    client = client_with(made)
    client.get(ME)
    first = fresh(made.key).last_used_at
    client.get(ME)
    assert fresh(made.key).last_used_at == first

    long_ago = timezone.now() - timedelta(seconds=61)
    ApiKey.objects.filter(pk=made.key.pk).update(last_used_at=long_ago)
    client.get(ME)

    assert fresh(made.key).last_used_at > long_ago


# --- Scopes -----------------------------------------------------------------------------------


@pytest.mark.parametrize("scope", [Scope.READ, Scope.WRITE])
def test_a_key_without_the_scope_admin_manages_no_keys(make_key, client_with, scope):
    client = client_with(make_key(scopes=(scope,)))

    for answer in (client.get(KEYS), client.post(KEYS, {"name": "n", "scopes": ["read"]})):
        assert answer.status_code == 403
        assert answer.json()["reason"] == "SCOPE_MISSING"
    assert ApiKey.objects.count() == 1


def test_a_key_without_the_scope_read_reads_nothing(make_key, client_with):
    answer = client_with(make_key(scopes=(Scope.WRITE,))).get(ME)

    assert answer.status_code == 403
    assert "read" in answer.json()["detail"]


def test_a_read_key_does_not_write(make_key, client_with):
    body = {"current_password": "a", "new_password": "b"}

    answer = client_with(make_key(scopes=(Scope.READ,))).post("/api/v1/auth/password/", body)

    assert answer.status_code == 403
    assert answer.json()["reason"] == "SCOPE_MISSING"


def test_a_key_never_changes_its_owners_password(admin_key, client_with, password, user):
    body = {"current_password": password, "new_password": "another long pass phrase"}

    answer = client_with(admin_key).post("/api/v1/auth/password/", body)

    assert answer.status_code == 403
    user.refresh_from_db()
    assert user.check_password(password)


# --- Making -----------------------------------------------------------------------------------


def test_the_text_is_shown_once_and_works(api_client, client_with, farm):
    answer = api_client.post(KEYS, {"name": "mast", "scopes": ["read"], "farm": farm.pk})

    assert answer.status_code == 201
    assert answer["Cache-Control"] == "no-store"
    made = answer.json()
    assert made["key"].startswith(made["prefix"] + "_")
    assert client_with(made["key"]).get(ME).json()["credential"]["farm"] == farm.pk
    for later in (api_client.get(KEYS).json()["results"][0], _detail(api_client, made["id"])):
        assert "key" not in later
        assert "secret" not in str(later)


def _detail(client, key_id):
    return client.get(reverse("key-detail", args=[key_id])).json()


def test_a_list_shows_own_keys_only(api_client, other_client, make_key):
    mine = make_key()

    assert [key["id"] for key in api_client.get(KEYS).json()["results"]] == [mine.key.pk]
    assert other_client.get(KEYS).json()["results"] == []


@pytest.mark.parametrize("verb", ["", "rotate/", "revoke/"])
def test_a_foreign_key_is_a_404(other_client, make_key, verb):
    url = f"{KEYS}{make_key().key.pk}/{verb}"

    answer = other_client.post(url) if verb else other_client.get(url)

    assert answer.status_code == 404
    assert answer.json()["code"] == "not_found"


def test_a_foreign_farm_cannot_be_bound(other_client, farm):
    answer = other_client.post(KEYS, {"name": "spy", "scopes": ["read"], "farm": farm.pk})

    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"scopes": ["read"]}, "name"),
        ({"name": "n", "scopes": []}, "scopes"),
        ({"name": "n", "scopes": ["root"]}, "scopes.0"),
        ({"name": "n", "scopes": ["read"], "farm": "x"}, "farm"),
        ({"name": "n", "scopes": ["read"], "expires_at": "soon"}, "expires_at"),
    ],
)
def test_a_malformed_wish_is_refused_by_field(api_client, body, field):
    answer = api_client.post(KEYS, body)

    assert answer.status_code == 422
    assert list(answer.json()["errors"]) == [field]


def test_a_key_that_would_be_expired_from_birth_is_refused(api_client):
    past = (timezone.now() - timedelta(hours=1)).isoformat()

    answer = api_client.post(KEYS, {"name": "n", "scopes": ["read"], "expires_at": past})

    assert answer.status_code == 422
    assert "expired" in answer.json()["detail"]


def test_revoking_ends_a_key_at_once_and_keeps_the_first_date(api_client, client_with, make_key):
    made = make_key()

    first = api_client.post(f"{KEYS}{made.key.pk}/revoke/").json()["revoked_at"]
    second = api_client.post(f"{KEYS}{made.key.pk}/revoke/").json()["revoked_at"]

    assert client_with(made).get(ME).status_code == 401
    assert first is not None
    assert first == second

"""Token pairs as a program meets them: over HTTP."""

import base64
import json
from datetime import timedelta

import pytest
from django.core.checks import run_checks
from rest_framework.test import APIClient
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken

from farm.accounts.services import change_password, deactivate_user
from farm.accounts.tokens import issue_tokens, rotate_tokens

ME = "/api/v1/auth/me/"
TOKEN = "/api/v1/auth/token/"
REFRESH = "/api/v1/auth/token/refresh/"
REVOKE = "/api/v1/auth/token/revoke/"


def bearer(access):
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {access}")
    return client


@pytest.fixture
def pair(user):
    return issue_tokens(user=user)


def test_name_and_password_give_a_pair_that_works(user, password, anonymous_client):
    answer = anonymous_client.post(TOKEN, {"username": user.username, "password": password})

    assert answer.status_code == 200
    assert set(answer.json()) == {"access", "refresh"}
    assert "no-cache" in answer["Cache-Control"]
    me = bearer(answer.json()["access"]).get(ME).json()
    assert me["username"] == user.username
    assert me["credential"] == {
        "kind": "token",
        "scopes": ["admin", "read", "write"],
        "farm": None,
    }


@pytest.mark.parametrize("username", ["ada", "nobody"])
def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(user, anonymous_client, username):
    answer = anonymous_client.post(TOKEN, {"username": username, "password": "guess"})

    problem = answer.json()
    assert answer.status_code == 401
    assert problem["detail"] == "The user name or the password is wrong."


def test_an_inactive_person_gets_the_same_answer_even_with_the_right_password(
    user, password, anonymous_client
):
    deactivate_user(user=user)

    answer = anonymous_client.post(TOKEN, {"username": "ada", "password": password})

    assert answer.status_code == 401
    assert answer.json()["detail"] == "The user name or the password is wrong."


def test_a_log_in_by_token_is_dated(user, password, anonymous_client):
    anonymous_client.post(TOKEN, {"username": "ada", "password": password})

    user.refresh_from_db()
    assert user.last_login is not None


def test_a_refresh_gives_a_new_pair(pair, anonymous_client):
    answer = anonymous_client.post(REFRESH, {"refresh": pair.refresh})

    assert answer.status_code == 200
    assert answer.json()["refresh"] != pair.refresh
    assert bearer(answer.json()["access"]).get(ME).status_code == 200


def test_a_refresh_token_is_good_for_one_use(pair, anonymous_client):
    anonymous_client.post(REFRESH, {"refresh": pair.refresh})

    again = anonymous_client.post(REFRESH, {"refresh": pair.refresh})

    assert again.status_code == 401
    assert again.json()["code"] == "authentication_failed"
    assert "WWW-Authenticate" in again


def test_of_two_uses_at_the_same_moment_one_wins(pair, monkeypatch):
    # The race, played out in order: the second use has passed the blacklist when the first lands.
    first = RefreshToken(pair.refresh)
    monkeypatch.setattr(RefreshToken, "check_blacklist", lambda self: None)
    first.blacklist()

    with pytest.raises(TokenError):
        rotate_tokens(refresh=pair.refresh)

    assert OutstandingToken.objects.count() == 1


def test_a_token_that_is_used_again_ends_what_came_of_it(user, pair, anonymous_client):
    thiefs = anonymous_client.post(REFRESH, {"refresh": pair.refresh}).json()
    latest = anonymous_client.post(REFRESH, {"refresh": thiefs["refresh"]}).json()
    elsewhere = issue_tokens(user=user)

    # Its owner, who does not know that it was copied.
    assert anonymous_client.post(REFRESH, {"refresh": pair.refresh}).status_code == 401

    assert anonymous_client.post(REFRESH, {"refresh": latest["refresh"]}).status_code == 401
    assert anonymous_client.post(REFRESH, {"refresh": elsewhere.refresh}).status_code == 200


def test_a_token_of_somebody_else_ends_no_family(user, other_user, pair, anonymous_client):
    theirs = issue_tokens(user=other_user)
    for _ in range(2):
        anonymous_client.post(REFRESH, {"refresh": theirs.refresh})

    assert anonymous_client.post(REFRESH, {"refresh": pair.refresh}).status_code == 200


def test_a_revoked_refresh_token_is_refused(pair, anonymous_client):
    assert anonymous_client.post(REVOKE, {"refresh": pair.refresh}).status_code == 204

    assert anonymous_client.post(REFRESH, {"refresh": pair.refresh}).status_code == 401
    assert BlacklistedToken.objects.count() == 1


@pytest.mark.parametrize("url", [REFRESH, REVOKE])
@pytest.mark.parametrize("text", ["x", "a.b.c", "e30.e30.e30"])
def test_what_is_no_token_is_refused(db, anonymous_client, url, text):
    assert anonymous_client.post(url, {"refresh": text}).status_code == 401


def test_tokens_are_not_taken_for_one_another(pair, anonymous_client):
    assert bearer(pair.refresh).get(ME).status_code == 401
    assert anonymous_client.post(REFRESH, {"refresh": pair.access}).status_code == 401


def test_an_expired_access_token_is_refused(user, pair):
    token = AccessToken(pair.access)
    token.set_exp(lifetime=-timedelta(seconds=1))

    assert bearer(token).get(ME).status_code == 401


def test_a_token_signed_by_another_key_is_refused(pair):
    head, body, signature = pair.access.split(".")
    forged = ".".join([head, body, signature[::-1]])

    assert bearer(forged).get(ME).status_code == 401


def test_an_unsigned_token_is_refused(pair):
    body = pair.access.split(".")[1]
    head = base64.urlsafe_b64encode(json.dumps({"alg": "none", "typ": "JWT"}).encode()).decode()

    assert bearer(f"{head.rstrip('=')}.{body}.").get(ME).status_code == 401


def test_deactivation_ends_both_tokens_at_once(user, pair, anonymous_client):
    deactivate_user(user=user)

    assert bearer(pair.access).get(ME).status_code == 401
    assert anonymous_client.post(REFRESH, {"refresh": pair.refresh}).status_code == 401


def test_a_new_password_ends_both_tokens_at_once(user, pair, anonymous_client):
    change_password(user=user, new_password="a wholly different phrase")

    assert bearer(pair.access).get(ME).status_code == 401
    assert anonymous_client.post(REFRESH, {"refresh": pair.refresh}).status_code == 401


def test_a_deleted_person_has_no_tokens(user, pair, anonymous_client):
    user.delete()

    assert bearer(pair.access).get(ME).status_code == 401
    assert anonymous_client.post(REFRESH, {"refresh": pair.refresh}).status_code == 401


def test_the_database_holds_no_token(pair):
    kept = OutstandingToken.objects.get()

    # The id of its family, with which nobody signs in.
    assert kept.token == kept.jti == RefreshToken(pair.refresh)["jti"]


def test_the_token_does_not_carry_the_password_hash(user, pair):
    body = pair.access.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))

    assert user.password not in str(claims)
    assert set(claims) == {"token_type", "exp", "iat", "jti", "iss", "user_id", "pwd"}


@pytest.mark.parametrize(
    ("name", "number"), [("ROTATE_REFRESH_TOKENS", "001"), ("BLACKLIST_AFTER_ROTATION", "002")]
)
def test_a_system_check_insists_on_rotation_and_blacklist(settings, name, number):
    settings.SIMPLE_JWT = settings.SIMPLE_JWT | {name: False}

    assert f"farm.E{number}" in [found.id for found in run_checks()]


def test_a_system_check_insists_on_the_blacklist_app(settings):
    from farm.accounts.checks import BLACKLIST_APP, refresh_tokens_can_be_revoked

    settings.INSTALLED_APPS = [app for app in settings.INSTALLED_APPS if app != BLACKLIST_APP]

    assert [found.id for found in refresh_tokens_can_be_revoked(None)] == ["farm.E003"]

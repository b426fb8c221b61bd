"""Sessions as a browser meets them."""

import pytest
from rest_framework.test import APIClient

from farm.accounts.services import deactivate_user

LOGIN = "/api/v1/auth/login/"
LOGOUT = "/api/v1/auth/logout/"
ME = "/api/v1/auth/me/"
PASSWORD_URL = "/api/v1/auth/password/"
NEW_PASSWORD = "a wholly different phrase"


@pytest.fixture
def browser():
    """A client that enforces CSRF as a browser's requests do."""
    return APIClient(enforce_csrf_checks=True)


def csrf(client):
    return {"x-csrftoken": client.get(LOGIN).json()["csrf_token"]}


def sign_in(client, password, username="ada"):
    return client.post(LOGIN, {"username": username, "password": password}, headers=csrf(client))


def test_a_log_in_starts_a_session(browser, user, password):
    answer = sign_in(browser, password)

    assert answer.status_code == 200
    assert answer.json()["credential"]["kind"] == "session"
    assert browser.get(ME).json()["username"] == "ada"


def test_a_log_in_without_the_csrf_token_is_refused(browser, user, password):
    answer = browser.post(LOGIN, {"username": "ada", "password": password})

    assert answer.status_code == 403
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "csrf_failed"


def test_a_log_out_ends_the_session(browser, user, password):
    sign_in(browser, password)

    assert browser.post(LOGOUT, headers=csrf(browser)).status_code == 204

    assert browser.get(ME).status_code == 401


def test_a_log_out_without_the_csrf_token_is_refused(browser, user, password):
    sign_in(browser, password)

    answer = browser.post(LOGOUT)

    assert answer.status_code == 403
    assert "CSRF" in answer.json()["detail"]
    assert browser.get(ME).status_code == 200


def test_without_a_credential_the_answer_names_the_schemes(browser, db):
    answer = browser.get(ME)

    assert answer.status_code == 401
    assert answer.json()["code"] == "not_authenticated"
    assert answer["WWW-Authenticate"] == 'Bearer realm="furrow", Api-Key realm="furrow"'


def test_deactivation_ends_the_session_at_once(browser, user, password):
    sign_in(browser, password)

    deactivate_user(user=user)

    assert browser.get(ME).status_code == 401


def test_a_session_id_from_before_the_log_in_is_not_kept(browser, user, password):
    browser.get(LOGIN)
    before = browser.cookies.get("sessionid")
    sign_in(browser, password)

    assert before is None or browser.cookies["sessionid"].value != before.value


def test_me_lists_farms_with_roles(api_client, farm):
    assert api_client.get(ME).json()["farms"] == [
        {"farm": farm.pk, "name": "Hazel Farm", "role": "owner"}
    ]


# --- Password ---------------------------------------------------------------------------------


def change(client, current, new=NEW_PASSWORD):
    body = {"current_password": current, "new_password": new}
    return client.post(PASSWORD_URL, body, headers=csrf(client))


def test_a_new_password_keeps_this_session_and_ends_the_others(browser, user, password):
    elsewhere = APIClient()
    elsewhere.force_login(user)
    sign_in(browser, password)

    assert change(browser, password).status_code == 204

    assert browser.get(ME).status_code == 200
    assert elsewhere.get(ME).status_code == 401
    assert sign_in(APIClient(), NEW_PASSWORD).status_code == 200


def test_a_wrong_current_password_changes_nothing(browser, user, password):
    sign_in(browser, password)

    assert change(browser, "guess").status_code == 401

    user.refresh_from_db()
    assert user.check_password(password)


@pytest.mark.parametrize("weak", ["short", "1234567890123", "password123", "ada@example.org"])
def test_a_weak_password_is_refused_with_the_reason(browser, user, password, weak):
    sign_in(browser, password)

    answer = change(browser, password, weak)

    assert answer.status_code == 422
    assert answer.json()["errors"]["new_password"]
    user.refresh_from_db()
    assert user.check_password(password)


def test_blanks_around_a_password_count(browser, user):
    user.set_password("  padded pass phrase ")
    user.save()

    assert sign_in(browser, "padded pass phrase").status_code == 401
    assert sign_in(browser, "  padded pass phrase ").status_code == 200


def test_an_absurdly_long_password_is_not_hashed(browser, user):
    answer = sign_in(browser, "x" * 1025)

    assert answer.status_code == 422
    assert "password" in answer.json()["errors"]

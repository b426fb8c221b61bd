"""Who guesses passwords waits; who owns the account mostly does not; nobody is told who exists."""

from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.utils import timezone
from rest_framework.test import APIClient

TOKEN = "/api/v1/auth/token/"
LOGIN = "/api/v1/auth/login/"
GUESSER = "203.0.113.7"
OWNER = "198.51.100.1"
WRONG = "guess"
PROXY = "127.0.0.1"


def attempt(password=WRONG, *, username="ada", peer=GUESSER, url=TOKEN, **headers):
    client = APIClient(REMOTE_ADDR=peer)
    return client.post(url, {"username": username, "password": password}, headers=headers)


def fail(times, **wanted):
    return [attempt(**wanted).status_code for _ in range(times)]


def test_the_fifth_failure_locks_out_and_then_the_right_password_is_refused_too(user, password):
    assert fail(5) == [401, 401, 401, 401, 429]

    answer = attempt(password)

    assert answer.status_code == 429
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "locked_out"
    assert answer.json()["request_id"] == answer["X-Request-Id"]
    assert 14 * 60 < int(answer["Retry-After"]) <= 15 * 60


def test_the_browsers_log_in_counts_with_the_tokens(user, password):
    fail(4, url=LOGIN)

    assert fail(1, url=TOKEN) == [429]
    assert attempt(password, url=LOGIN).status_code == 429


def test_the_admins_log_in_counts_too(user, client):
    form = {"username": "ada", "password": "guess"}
    answers = [client.post("/admin/login/", form, REMOTE_ADDR=GUESSER) for _ in range(5)]

    assert answers[-1].status_code == 429
    assert "Retry-After" in answers[-1]
    assert attempt().status_code == 429


def test_guessing_the_current_password_in_a_stolen_session_locks_out(user):
    client = APIClient(REMOTE_ADDR=GUESSER)
    client.force_login(user)
    body = {"current_password": "guess", "new_password": "a wholly different phrase"}

    codes = [client.post("/api/v1/auth/password/", body).status_code for _ in range(5)]

    assert codes == [401, 401, 401, 401, 429]


def test_an_unknown_name_locks_out_alike(user):
    known = [attempt().json() for _ in range(6)]
    unknown = [attempt(username="nobody").json() for _ in range(6)]

    for one, other in zip(known, unknown, strict=True):
        assert one.keys() == other.keys()
        assert {**one, "request_id": ""} == {**other, "request_id": ""}


def test_the_owner_at_another_address_still_gets_in(user, password):
    fail(6)

    assert attempt(password, peer=OWNER).status_code == 200


def test_another_name_from_the_same_address_still_gets_in(user, other_user, password):
    fail(6)

    assert attempt(password, username="berta").status_code == 200


def test_spelling_variants_are_one_name(user):
    names = ["ada", "ADA", "Ada", "aDa", "adA"]

    codes = [attempt(username=name).status_code for name in names]

    assert codes[-1] == 429


def test_a_browsers_name_does_not_make_a_new_guesser(user):
    codes = [attempt(user_agent=f"agent {number}").status_code for number in range(5)]

    assert codes[-1] == 429


def test_guessing_from_many_addresses_locks_the_name_at_a_higher_limit(user, password, settings):
    settings.LOCKOUT_USERNAME_LIMIT = 8

    codes = [attempt(peer=f"203.0.113.{number}").status_code for number in range(8)]

    assert codes == [401] * 7 + [429]
    assert attempt(password, peer=OWNER).status_code == 429


def test_a_log_in_forgets_the_failures_from_its_own_address_only(user, password):
    fail(4, peer=OWNER)
    fail(4, peer=GUESSER)

    assert attempt(password, peer=OWNER).status_code == 200

    assert fail(4, peer=OWNER) == [401] * 4
    assert fail(1, peer=GUESSER) == [429]


def test_the_lock_out_ends_and_trying_on_does_not_prolong_it(user, password):
    fail(7)
    counted = AccessAttempt.objects.get()
    assert counted.failures_since_start == 5

    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=15, seconds=1))

    assert attempt(password).status_code == 200


def test_no_password_is_kept_of_the_attempts(user):
    fail(1, password="hunter2 was my password")

    kept = AccessAttempt.objects.values().get()
    assert "hunter2" not in str(kept)


# --- The address ------------------------------------------------------------------------------


def test_behind_our_proxy_the_last_forwarded_address_counts(user, password):
    fail(5, peer=PROXY, x_forwarded_for=GUESSER)

    assert attempt(password, peer=PROXY, x_forwarded_for=GUESSER).status_code == 429
    assert attempt(password, peer=PROXY, x_forwarded_for=OWNER).status_code == 200


def test_a_forged_entry_before_the_last_neither_dodges_nor_unlocks(user, password):
    codes = [
        attempt(peer=PROXY, x_forwarded_for=f"192.0.2.{number}, {GUESSER}").status_code
        for number in range(5)
    ]

    assert codes == [401, 401, 401, 401, 429]
    answer = attempt(password, peer=PROXY, x_forwarded_for=f"{OWNER}, {GUESSER}")
    assert answer.status_code == 429


def test_a_forged_entry_cannot_lock_somebody_else_out(user, password):
    fail(5, peer=PROXY, x_forwarded_for=f"{OWNER}, {GUESSER}")

    assert attempt(password, peer=PROXY, x_forwarded_for=OWNER).status_code == 200


def test_a_peer_that_is_not_our_proxy_is_taken_at_its_own_address(user, password):
    codes = [
        attempt(peer=GUESSER, x_forwarded_for=f"192.0.2.{number}").status_code
        for number in range(5)
    ]

    assert codes[-1] == 429
    assert attempt(password, peer=GUESSER, x_forwarded_for=OWNER).status_code == 429


@pytest.mark.parametrize("junk", ["", "unknown", "1.2.3.4.5", "x" * 3000, "1.2.3.4, "])
def test_junk_in_the_header_falls_back_to_the_peer(user, password, junk):
    fail(5, peer=PROXY, x_forwarded_for=junk)

    assert attempt(password, peer=PROXY).status_code == 429


# --- Floods -----------------------------------------------------------------------------------


def test_a_flood_of_log_ins_is_braked_by_address(db, monkeypatch):
    from farm.accounts.throttles import AuthThrottle

    monkeypatch.setattr(AuthThrottle, "rate", "2/min", raising=False)
    answers = [attempt(username=f"name{number}") for number in range(3)]

    assert [answer.status_code for answer in answers] == [401, 401, 429]
    assert answers[-1].json()["code"] == "too_many_requests"
    assert int(answers[-1]["Retry-After"]) > 0
    assert attempt(peer=OWNER).status_code == 401

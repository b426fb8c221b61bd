from django.test import Client
from django.urls import reverse

from farm.accounts.models import ApiKey


def test_the_list_of_keys_shows_the_prefix_and_no_digest(admin_client, make_key):
    key = make_key().key

    for url in (
        reverse("admin:farm_apikey_changelist"),
        reverse("admin:farm_apikey_change", args=[key.pk]),
    ):
        page = admin_client.get(url)
        assert page.status_code == 200
        assert key.prefix in page.content.decode()
        assert key.secret_sha256 not in page.content.decode()


def test_keys_are_revoked_from_the_list(admin_client, make_key, fresh):
    made = make_key()

    admin_client.post(
        reverse("admin:farm_apikey_changelist"),
        {"action": "revoke", "_selected_action": [made.key.pk]},
    )

    assert fresh(made.key).revoked_at is not None


def test_keys_are_neither_made_nor_changed_in_the_admin(admin_client, make_key):
    key = make_key().key

    assert admin_client.get(reverse("admin:farm_apikey_add")).status_code == 403
    url = reverse("admin:farm_apikey_change", args=[key.pk])
    assert admin_client.post(url, {"name": "other"}).status_code == 403
    assert ApiKey.objects.get().name == key.name


def test_the_list_of_people_opens(admin_client, user):
    page = admin_client.get(reverse("admin:farm_user_changelist"))

    assert user.username in page.content.decode()


def test_people_are_shut_out_from_the_list_but_never_oneself(
    admin_client, admin_user, user, make_key
):
    key = make_key()

    admin_client.post(
        reverse("admin:farm_user_changelist"),
        {"action": "deactivate", "_selected_action": [user.pk, admin_user.pk]},
    )

    user.refresh_from_db()
    admin_user.refresh_from_db()
    assert (user.is_active, admin_user.is_active) == (False, True)
    bearer = {"HTTP_AUTHORIZATION": f"Api-Key {key.text}"}
    assert Client().get(reverse("farm-list"), **bearer).status_code == 401

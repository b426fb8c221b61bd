from farm.accounts.models import User
from farm.accounts.services import ensure_user


def test_a_missing_user_is_made_with_the_password(db):
    made = ensure_user(username="demo", password="a pass phrase", is_staff=True)

    assert made.check_password("a pass phrase")
    assert made.is_staff
    assert not made.is_superuser


def test_a_user_who_exists_keeps_a_changed_password(db):
    made = ensure_user(username="demo", password="a pass phrase")
    made.set_password("changed since")
    made.save()

    again = ensure_user(username="demo", password="a pass phrase")

    assert again == made
    assert User.objects.get().check_password("changed since")

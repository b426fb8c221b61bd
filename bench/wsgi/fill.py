"""Make the bench database: twenty users."""

from __future__ import annotations

from application import ROWS
from django.contrib.auth.models import User
from django.core.management import call_command

call_command("migrate", verbosity=0)
User.objects.bulk_create(
    User(username=f"user-{n}", first_name="Ada", last_name=f"Number {n}", email=f"{n}@farm.example")
    for n in range(ROWS)
)

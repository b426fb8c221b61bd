"""Farms and who may do what on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.db import models

if TYPE_CHECKING:
    from farm.accounts.models import User


class Role(models.TextChoices):
    """What a member may do; ``farm.farms.access`` says which role includes which."""

    OWNER = "owner", "owner"
    MANAGER = "manager", "manager"
    AGRONOMIST = "agronomist", "agronomist"
    VIEWER = "viewer", "viewer"


class Farm(models.Model):
    """A farm: the border of what a member may see."""

    name = models.CharField(max_length=120)
    # IANA name; empty until it is known. Days are cut by it.
    time_zone = models.CharField(max_length=64, blank=True, default="")
    is_demo = models.BooleanField(default=False)  # simulated data; shown wherever the farm is
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    members: models.ManyToManyField[User, Membership] = models.ManyToManyField(
        "farm.User", through="farm.Membership", related_name="farms"
    )

    class Meta:
        """Order of lists."""

        app_label = "farm"
        ordering: ClassVar = ["name", "id"]

    def __str__(self) -> str:
        """The name."""
        return self.name


class Membership(models.Model):
    """One person's role on one farm."""

    farm = models.ForeignKey(Farm, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey("farm.User", on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role.choices)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """One role per person and farm."""

        app_label = "farm"
        ordering: ClassVar = ["farm_id", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["farm", "user"], name="one_role_per_farm_and_user"),
        ]

    def __str__(self) -> str:
        """Who is what."""
        return f"{self.user} – {self.role}"

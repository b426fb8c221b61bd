"""People and the keys of machines."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.db import models


class User(AbstractUser):
    """A person who signs in. Farms come to a person by memberships, never by flags here."""

    email = models.EmailField("email address", blank=True)

    class Meta(AbstractUser.Meta):
        """Names of the table."""

        app_label = "farm"
        db_table = "farm_user"


class Scope(models.TextChoices):
    """What a key may do; each includes nothing of the others."""

    READ = "read", "read"
    WRITE = "write", "write"
    ADMIN = "admin", "administer"


class ApiKey(models.Model):
    """A machine's key. The secret is shown once; here lies only its SHA-256.

    A key acts as its owner, reduced to its scopes and, where bound, to one farm.
    """

    owner = models.ForeignKey("farm.User", on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=16, unique=True)  # shown in lists; no secret
    secret_sha256 = models.CharField(max_length=64)  # hexadecimal
    scopes = models.JSONField(default=list)  # of Scope
    farm = models.ForeignKey(
        "farm.Farm", on_delete=models.CASCADE, null=True, blank=True, related_name="api_keys"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)  # kept to about a minute
    replaces = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="replaced_by"
    )

    class Meta:
        """Names and order."""

        app_label = "farm"
        verbose_name = "API key"
        ordering: ClassVar = ["-created_at", "-id"]

    def __str__(self) -> str:
        """Name and prefix."""
        return f"{self.name} ({self.prefix}…)"

"""People and keys in the admin. A key's secret is nowhere to show; its digest is not shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin

from farm.accounts.models import ApiKey, User
from farm.accounts.services import deactivate_user, revoke_key

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest


@admin.register(User)
class UserAdmin(DjangoUserAdmin[User]):
    """People. Taking “active” off shuts a person out at once: sessions, tokens and keys."""

    list_display = ("username", "email", "is_active", "is_staff", "is_superuser", "last_login")
    list_filter = ("is_active", "is_staff", "is_superuser")
    search_fields = ("username", "email", "first_name", "last_name")
    date_hierarchy = "date_joined"
    actions = ("deactivate",)

    @admin.action(description="Shut the selected people out at once", permissions=["change"])
    def deactivate(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """End sessions, tokens and keys, but never one's own, and leave a note in the history."""
        people = [person for person in queryset.filter(is_active=True) if person != request.user]
        for person in people:
            deactivate_user(user=person)
            self.log_change(request, person, "Deactivated.")
        self.message_user(request, f"{len(people)} people shut out.", messages.SUCCESS)


@admin.register(ApiKey)
class ApiKeyAdmin(admin.ModelAdmin[ApiKey]):
    """Keys are looked at and revoked here; their owners make them, who alone see the secret."""

    list_display = (
        "name",
        "prefix",
        "owner",
        "farm",
        "scopes",
        "created_at",
        "expires_at",
        "revoked_at",
        "last_used_at",
    )
    list_filter = (("revoked_at", admin.EmptyFieldListFilter), "created_at", "expires_at")
    list_select_related = ("owner", "farm")
    search_fields = ("name", "prefix", "owner__username", "farm__name")
    date_hierarchy = "created_at"
    actions = ("revoke",)
    exclude = ("secret_sha256",)

    @admin.action(description="Revoke the selected keys at once", permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        """End the keys and leave a note in each one's history."""
        keys = list(queryset.filter(revoked_at=None))
        for key in keys:
            revoke_key(key=key)
            self.log_change(request, key, "Revoked.")
        self.message_user(request, f"{len(keys)} keys revoked.", messages.SUCCESS)

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Who may change keys may revoke them."""
        return super().has_change_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: nobody could hand the secret to the owner."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        """Refuse: a key's reach never changes during its life."""
        return False

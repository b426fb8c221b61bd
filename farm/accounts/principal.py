"""Who is asking, and with which powers: the one value that every selector starts from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from farm.accounts.models import ApiKey, Scope, User
from farm.errors import ForbiddenError

if TYPE_CHECKING:
    from rest_framework.request import Request


ALL_SCOPES = frozenset(Scope.values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """A signed-in user, reduced to what the credential allows."""

    user: User
    scopes: frozenset[str] = ALL_SCOPES
    farm_id: int | None = None  # a key bound to one farm sees no other

    def require_scope(self, scope: Scope) -> None:
        """Refuse what the credential's scopes do not include.

        Raises:
            ForbiddenError: The key was made without this scope.
        """
        if scope.value not in self.scopes:
            msg = f"This key may not {scope.label}; it was made without the scope “{scope.value}”."
            raise ForbiddenError(msg, reason="SCOPE_MISSING")


def principal_of(request: Request) -> Principal:
    """Take the principal from an authenticated request; sessions and JWTs carry every scope."""
    key = request.auth
    user = cast("User", request.user)  # every view asks for a signed-in user first
    if isinstance(key, ApiKey):
        return Principal(user=user, scopes=frozenset(key.scopes), farm_id=key.farm_id)
    return Principal(user=user)

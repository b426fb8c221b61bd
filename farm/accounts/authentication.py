"""Credentials in the header ``Authorization``: API keys and JSON web tokens."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, cast

from django.db.models import Q
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework_simplejwt.authentication import JWTAuthentication

from farm.accounts.keys import SCHEME, parse_key_text
from farm.accounts.models import ApiKey, User
from farm.accounts.tokens import carries_password_of
from farm.http import CHALLENGE
from farm.prepared import Prepared

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework_simplejwt.tokens import Token

LAST_USED_RESOLUTION = timedelta(minutes=1)

# One sentence for every cause: which part was wrong is nobody's business.
REFUSED = "The API key is not valid: unknown, expired, revoked, or its owner may not sign in."


_KEYS: Prepared[ApiKey] = Prepared(
    lambda *, prefix: ApiKey.objects.select_related("owner").filter(prefix=prefix)
)


class ApiKeyAuthentication(BaseAuthentication):
    """``Authorization: Api-Key fur_<prefix>_<secret>``."""

    def authenticate(self, request: Request) -> tuple[User, ApiKey] | None:
        """Return owner and key; None where the header is of another scheme.

        Raises:
            AuthenticationFailed: The key is malformed, unknown, expired or revoked, or its owner
                is not active.
        """
        scheme, _, text = get_authorization_header(request).decode("latin-1").partition(" ")
        if scheme.lower() != SCHEME.lower():
            return None
        now = timezone.now()
        given = parse_key_text(text.strip())
        key = next(iter(_KEYS.rows(prefix=given.prefix)), None) if given else None
        if (
            given is None
            or key is None
            or not given.has_digest(key.secret_sha256)
            or key.revoked_at is not None
            or (key.expires_at is not None and key.expires_at <= now)
            or not key.owner.is_active
        ):
            raise AuthenticationFailed(REFUSED)
        if key.last_used_at is None or key.last_used_at <= now - LAST_USED_RESOLUTION:
            # The condition again in SQL: of many requests at once one writes.
            stale = Q(last_used_at=None) | Q(last_used_at__lte=now - LAST_USED_RESOLUTION)
            ApiKey.objects.filter(stale, pk=key.pk).update(last_used_at=now)
        return key.owner, key

    def authenticate_header(self, request: Request) -> str:
        """Name the schemes that are understood."""
        return CHALLENGE


class JwtAuthentication(JWTAuthentication):
    """``Authorization: Bearer <access token>``, ended by a change of the password."""

    def get_user(self, validated_token: Token) -> User:  # type: ignore[override]
        """Return the active user of the token.

        Raises:
            AuthenticationFailed: The user is gone or not active, or has a new password.
        """
        user = cast("User", super().get_user(validated_token))
        if not carries_password_of(validated_token, user=user):
            msg = "The password was changed since; sign in again."
            raise AuthenticationFailed(msg)
        return user

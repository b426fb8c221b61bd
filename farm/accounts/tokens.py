"""Pairs of JSON web tokens: a short access token, and a refresh token that is good for one use.

Each carries a fingerprint of the password, so that a change of it – here, in the admin or on the
command line – ends all of them. The database keeps ids only: who reads it cannot sign in.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.token_blacklist.models import (
    BlacklistedToken,
    OutstandingToken,
)
from rest_framework_simplejwt.tokens import RefreshToken, Token
from rest_framework_simplejwt.utils import datetime_from_epoch

from farm.accounts.models import User

PASSWORD_CLAIM = "pwd"  # noqa: S105 (the name of a claim)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenPair:
    """What a client keeps."""

    access: str
    refresh: str


def password_fingerprint(user: User) -> str:
    """Return 128 bits that change with the password and tell nothing about it."""
    return salted_hmac("farm.accounts.tokens", user.password, algorithm="sha256").hexdigest()[:32]


def issue_tokens(*, user: User) -> TokenPair:
    """Make a new pair for a user who has proved who they are."""
    refresh = RefreshToken()
    refresh[api_settings.USER_ID_CLAIM] = str(user.pk)
    refresh[PASSWORD_CLAIM] = password_fingerprint(user)
    # Expired ones can do nothing any more; this keeps the table as small as its use.
    OutstandingToken.objects.filter(user=user, expires_at__lt=timezone.now()).delete()
    OutstandingToken.objects.create(
        user=user,
        jti=refresh[api_settings.JTI_CLAIM],
        token="",  # the token itself would be a credential lying about
        created_at=refresh.current_time,
        expires_at=datetime_from_epoch(refresh["exp"]),
    )
    return TokenPair(access=str(refresh.access_token), refresh=str(refresh))


def rotate_tokens(*, refresh: str) -> TokenPair:
    """Trade a refresh token for a new pair; of two trades at the same moment one wins.

    Raises:
        TokenError: It is malformed, expired, used before, revoked, or its user may not sign in.
    """
    old = RefreshToken(refresh)  # type: ignore[arg-type]  # the stubs want a Token, a str is read
    user = User.objects.filter(pk=old[api_settings.USER_ID_CLAIM], is_active=True).first()
    if user is None or not carries_password_of(old, user=user):
        msg = "Token is no longer valid"
        raise TokenError(msg)
    with transaction.atomic():
        if not _use_up(old):
            msg = "Token was used before"
            raise TokenError(msg)
        return issue_tokens(user=user)


def revoke_refresh(*, refresh: str) -> None:
    """End a refresh token.

    Raises:
        TokenError: It is no token of ours, or ended before.
    """
    _use_up(RefreshToken(refresh))  # type: ignore[arg-type]


def _use_up(token: Token) -> bool:
    """Put a token on the blacklist; False where it was there, or nobody issued it."""
    issued = OutstandingToken.objects.filter(jti=token[api_settings.JTI_CLAIM]).first()
    if issued is None:
        return False
    _, is_first_use = BlacklistedToken.objects.get_or_create(token=issued)
    return is_first_use


def carries_password_of(token: Token, *, user: User) -> bool:
    """Whether the token was made with the password that the user has now."""
    return constant_time_compare(token.get(PASSWORD_CLAIM, ""), password_fingerprint(user))

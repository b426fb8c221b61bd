"""Pairs of JSON web tokens: a short access token, and a refresh token that is good for one use.

Each carries a fingerprint of the password, so that a change of it – here, in the admin or on the
command line – ends all of them. The database keeps ids only: who reads it cannot sign in.

Pairs that came of one log-in are a family. A refresh token that is sent again after its use was
copied by somebody, and nobody knows whether the copy or its owner came first: the whole family ends
(RFC 9700, section 4.14.2).
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
FAMILY_CLAIM = "fam"  # id of the first token of the family


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenPair:
    """What a client keeps."""

    access: str
    refresh: str


class FamilyToken(RefreshToken):
    """A refresh token of a family; read although it may be used up, the caller looks for itself."""

    # Access tokens do without; the stubs know only the length of the inherited tuple.
    no_copy_claims = (*RefreshToken.no_copy_claims, FAMILY_CLAIM)  # type: ignore[assignment]

    def check_blacklist(self) -> None:
        """Let it pass."""


def password_fingerprint(user: User) -> str:
    """Return 128 bits that change with the password and tell nothing about it."""
    return salted_hmac("farm.accounts.tokens", user.password, algorithm="sha256").hexdigest()[:32]


def issue_tokens(*, user: User, family: str | None = None) -> TokenPair:
    """Make a new pair for a user who has proved who they are.

    Args:
        user: Whose it is.
        family: Of the pair that it follows; None begins a family.
    """
    refresh = FamilyToken()
    refresh[api_settings.USER_ID_CLAIM] = str(user.pk)
    refresh[PASSWORD_CLAIM] = password_fingerprint(user)
    refresh[FAMILY_CLAIM] = family or refresh[api_settings.JTI_CLAIM]
    # Expired ones can do nothing any more; this keeps the table as small as its use.
    OutstandingToken.objects.filter(user=user, expires_at__lt=timezone.now()).delete()
    OutstandingToken.objects.create(
        user=user,
        jti=refresh[api_settings.JTI_CLAIM],
        token=refresh[FAMILY_CLAIM],  # the token itself would be a credential lying about
        created_at=refresh.current_time,
        expires_at=datetime_from_epoch(refresh["exp"]),
    )
    return TokenPair(access=str(refresh.access_token), refresh=str(refresh))


def rotate_tokens(*, refresh: str) -> TokenPair:
    """Trade a refresh token for a new pair; one that was used before ends its family.

    Raises:
        TokenError: It is malformed, expired, used before, revoked, or its user may not sign in.
    """
    old = FamilyToken(refresh)  # type: ignore[arg-type]  # the stubs want a Token, a str is read
    user = User.objects.filter(pk=old[api_settings.USER_ID_CLAIM], is_active=True).first()
    if user is None or not carries_password_of(old, user=user):
        msg = "Token is no longer valid"
        raise TokenError(msg)
    with transaction.atomic():
        # One after the other, or a family could get a member while it ends.
        User.objects.select_for_update().get(pk=user.pk)
        if _use_up(old):
            return issue_tokens(user=user, family=old.get(FAMILY_CLAIM))
        _end_family(old)
    msg = "Token was used before"
    raise TokenError(msg)


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


def _end_family(token: Token) -> None:
    """Put whatever came of the same log-in on the blacklist."""
    family = OutstandingToken.objects.filter(
        user_id=token[api_settings.USER_ID_CLAIM],
        token=token.get(FAMILY_CLAIM, token[api_settings.JTI_CLAIM]),
        blacklistedtoken=None,
    )
    BlacklistedToken.objects.bulk_create(
        [BlacklistedToken(token=member) for member in family], ignore_conflicts=True
    )


def carries_password_of(token: Token, *, user: User) -> bool:
    """Whether the token was made with the password that the user has now."""
    return constant_time_compare(token.get(PASSWORD_CLAIM, ""), password_fingerprint(user))

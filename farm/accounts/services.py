"""Writes: people, passwords and the keys of machines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.contrib.auth.password_validation import validate_password
from django.db import transaction
from django.utils import timezone

from farm.accounts.keys import new_key_text
from farm.accounts.models import ApiKey, Scope, User
from farm.errors import ConflictError, ForbiddenError, InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime, timedelta

    from farm.accounts.principal import Principal
    from farm.farms.models import Farm


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """A key that was just made: the only moment when its text is known."""

    key: ApiKey
    text: str  # fur_<prefix>_<secret>


# --- People -----------------------------------------------------------------------------------


def ensure_user(
    *,
    username: str,
    password: str,
    email: str = "",
    is_staff: bool = False,
    is_superuser: bool = False,
) -> User:
    """Return the user of this name; make one with this password where there is none.

    Somebody who exists is left as they are: a password that was changed stays changed.
    """
    with transaction.atomic():
        user = User.objects.filter(username=username).first()
        if user is None:
            user = User.objects.create_user(
                username=username,
                email=email,
                password=password,
                is_staff=is_staff,
                is_superuser=is_superuser,
            )
    return user


def change_password(*, user: User, new_password: str) -> None:
    """Set a new password; sessions elsewhere and all tokens end with the old one.

    Raises:
        django.core.exceptions.ValidationError: The password is too weak; the sentences say why.
    """
    validate_password(new_password, user=user)
    user.set_password(new_password)
    user.save(update_fields=["password"])


def deactivate_user(*, user: User) -> None:
    """Shut a person out at once: sessions, tokens and keys all look at this flag."""
    user.is_active = False
    user.save(update_fields=["is_active"])


# --- Keys -------------------------------------------------------------------------------------


def create_key(
    *,
    principal: Principal,
    name: str,
    scopes: Collection[str],
    farm: Farm | None = None,
    expires_at: datetime | None = None,
    granting_key: ApiKey | None = None,
) -> NewKey:
    """Make a key that acts as the principal's user.

    Args:
        principal: Who makes it; the key gets nothing that the principal does not have.
        name: For people.
        scopes: Of :class:`Scope`, at least one.
        farm: The only farm that the key may see; None: all that its owner may see.
        expires_at: End of its life; None: none of its own.
        granting_key: The key that makes this one, if one does; the new one ends no later.

    Raises:
        InvalidInputError: No scope, an unknown one, or an end in the past.
        ForbiddenError: The key would reach further than the principal.
    """
    wanted = frozenset(scopes)
    if not wanted or wanted - frozenset(Scope.values):
        msg = f"A key needs at least one scope out of {', '.join(Scope.values)}."
        raise InvalidInputError(msg)
    if expires_at is not None and expires_at <= timezone.now():
        msg = "The key would have expired before it was made."
        raise InvalidInputError(msg)
    farm_id = farm.pk if farm else None
    _require_reach(principal=principal, scopes=wanted, farm_id=farm_id)
    return _new_key(
        ApiKey(
            owner=principal.user,
            name=name,
            scopes=sorted(wanted),
            farm=farm,
            expires_at=_earlier(expires_at, granting_key.expires_at if granting_key else None),
        )
    )


def rotate_key(
    *,
    principal: Principal,
    key: ApiKey,
    overlap: timedelta,
    granting_key: ApiKey | None = None,
) -> NewKey:
    """Replace a key by a new one of the same reach; the old one works on for the overlap.

    A key that had a term gets the same term anew, counted from now.

    Raises:
        ConflictError: The key is revoked, expired, or has been replaced already.
        ForbiddenError: The key reaches further than the principal.
    """
    now = timezone.now()
    with transaction.atomic():
        # Read again under the lock: of two rotations at the same moment one wins.
        old = ApiKey.objects.select_for_update().get(pk=key.pk)
        if old.revoked_at is not None or (old.expires_at is not None and old.expires_at <= now):
            msg = "This key works no more; make a new one instead."
            raise ConflictError(msg, reason="KEY_ENDED")
        if old.replaced_by.exists():
            msg = "This key was replaced already; rotate the one that replaced it."
            raise ConflictError(msg, reason="KEY_REPLACED")
        _require_reach(principal=principal, scopes=frozenset(old.scopes), farm_id=old.farm_id)
        renewed = _renewed(old, now=now)
        new = _new_key(
            ApiKey(
                owner=old.owner,
                name=old.name,
                scopes=old.scopes,
                farm_id=old.farm_id,
                expires_at=_earlier(renewed, granting_key.expires_at if granting_key else None),
                replaces=old,
            )
        )
        old.expires_at = _earlier(old.expires_at, now + overlap)
        old.save(update_fields=["expires_at"])
    return new


def revoke_key(*, key: ApiKey) -> ApiKey:
    """End a key at once; one that is revoked stays so, with its first date."""
    ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=timezone.now())
    key.refresh_from_db()
    return key


def _new_key(key: ApiKey) -> NewKey:
    text = new_key_text()
    key.prefix = text.prefix
    key.secret_sha256 = text.secret_sha256
    key.save(force_insert=True)
    return NewKey(key=key, text=str(text))


def _require_reach(*, principal: Principal, scopes: frozenset[str], farm_id: int | None) -> None:
    """Refuse to hand out what the principal does not have.

    Raises:
        ForbiddenError: A scope is missing, or the principal is bound to a farm and the key is not.
    """
    if missing := scopes - principal.scopes:
        msg = f"You cannot give what you do not have: {', '.join(sorted(missing))}."
        raise ForbiddenError(msg, reason="SCOPE_MISSING")
    if principal.farm_id is not None and farm_id != principal.farm_id:
        msg = "Your own key is bound to one farm, so this one must be bound to the same."
        raise ForbiddenError(msg, reason="FARM_BOUND")


def _renewed(key: ApiKey, *, now: datetime) -> datetime | None:
    """Return the end of a key's term begun anew; None where it has no end."""
    if key.expires_at is None:
        return None
    try:
        return now + (key.expires_at - key.created_at)
    except OverflowError:  # “until the year 9999” cannot be prolonged
        return key.expires_at


def _earlier(first: datetime | None, second: datetime | None) -> datetime | None:
    """Return the earlier of two ends, where None means never."""
    if first is None or second is None:
        return first or second
    return min(first, second)

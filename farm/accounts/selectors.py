"""Reads of people and keys: everything starts from what the principal may see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from farm.accounts.models import ApiKey
from farm.errors import NotFoundError
from farm.farms.models import Membership
from farm.farms.selectors import visible_farms

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from farm.accounts.principal import Principal


def visible_keys(*, principal: Principal) -> QuerySet[ApiKey]:
    """Keys of the principal's own; through a key bound to a farm, those bound to the same farm."""
    keys = ApiKey.objects.filter(owner=principal.user)
    if principal.farm_id is not None:
        keys = keys.filter(farm_id=principal.farm_id)
    return keys


def visible_key(*, principal: Principal, key_id: int) -> ApiKey:
    """One key.

    Raises:
        NotFoundError: There is none, or it is another person's; the answer is the same.
    """
    key = visible_keys(principal=principal).filter(pk=key_id).first()
    if key is None:
        msg = f"There is no key {key_id}."
        raise NotFoundError(msg)
    return key


def own_memberships(*, principal: Principal) -> QuerySet[Membership]:
    """The principal's memberships on the farms it may see, by the farm's name."""
    return (
        Membership.objects.filter(user=principal.user, farm__in=visible_farms(principal=principal))
        .select_related("farm")
        .order_by("farm__name", "farm_id")
    )

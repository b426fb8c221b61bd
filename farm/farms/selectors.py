"""Reads of farms: everything starts from what the principal may see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from farm.errors import NotFoundError
from farm.farms.models import Farm

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from farm.accounts.principal import Principal


def visible_farms(*, principal: Principal) -> QuerySet[Farm]:
    """Farms the principal may see: memberships, cut down to the key's farm where it is bound."""
    farms = Farm.objects.all()
    if not principal.user.is_superuser:
        farms = farms.filter(memberships__user=principal.user)
    if principal.farm_id is not None:
        farms = farms.filter(pk=principal.farm_id)
    return farms


def visible_farm(*, principal: Principal, farm_id: int) -> Farm:
    """One farm.

    Raises:
        NotFoundError: There is none, or the principal may not see it; the answer is the same.
    """
    farm = visible_farms(principal=principal).filter(pk=farm_id).first()
    if farm is None:
        msg = f"There is no farm {farm_id}."
        raise NotFoundError(msg)
    return farm

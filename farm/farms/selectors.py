"""Reads of farms: everything starts from what the principal may see."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from django.db.models import Count, OuterRef, Subquery, Value
from django.db.models.functions import Coalesce

from farm.accounts.models import User
from farm.accounts.principal import Principal
from farm.errors import NotFoundError
from farm.farms.models import Farm, Membership, Role
from farm.fields.models import Field
from farm.prepared import Prepared

if TYPE_CHECKING:
    from django.db.models import QuerySet

_RowT = TypeVar("_RowT")


def visible_farms(*, principal: Principal) -> QuerySet[Farm]:
    """Farms the principal may see: memberships, cut down to the key's farm where it is bound."""
    farms = Farm.objects.all()
    if not principal.user.is_superuser:
        farms = farms.filter(memberships__user=principal.user)
    if principal.farm_id is not None:
        farms = farms.filter(pk=principal.farm_id)
    return farms


def asked(query: Prepared[_RowT], *, principal: Principal, **values: float | str) -> list[_RowT]:
    """Ask a prepared query that begins with what a principal may see.

    Args:
        query: Built with a principal of ``stand_in``.
        principal: Who asks.
        values: What else the query depends on.
    """
    is_bound = principal.farm_id is not None
    if not principal.user.is_superuser:
        values["user_id"] = principal.user.pk
    if principal.farm_id is not None:
        values["farm_id"] = principal.farm_id
    return query.rows(principal.user.is_superuser, is_bound, **values)


def stand_in(
    is_superuser: bool, is_bound: bool, *, user_id: int = 0, farm_id: int | None = None
) -> Principal:
    """Return a principal to build a prepared query with; see ``asked``."""
    if is_bound != (farm_id is not None):
        msg = "The farm that a key is bound to was lost."
        raise ValueError(msg)
    return Principal(user=User(pk=user_id, is_superuser=is_superuser), farm_id=farm_id)


_FARMS: Prepared[Farm] = Prepared(
    lambda *shape, wanted_id, **ids: visible_farms(principal=stand_in(*shape, **ids)).filter(
        pk=wanted_id
    )
)


def visible_farm(*, principal: Principal, farm_id: int) -> Farm:
    """One farm.

    Raises:
        NotFoundError: There is none, or the principal may not see it; the answer is the same.
    """
    farm = next(iter(asked(_FARMS, principal=principal, wanted_id=farm_id)), None)
    if farm is None:
        msg = f"There is no farm {farm_id}."
        raise NotFoundError(msg)
    return farm


def farms_with_role(*, principal: Principal) -> QuerySet[Farm]:
    """Visible farms as the API shows them: with the principal's ``role`` and ``field_count``."""
    own = Membership.objects.filter(farm=OuterRef("pk"), user=principal.user).values("role")[:1]
    role = Value(Role.OWNER.value) if principal.user.is_superuser else Subquery(own)
    # A count in a sub-query of its own: joined, memberships would multiply it.
    fields = (
        Field.objects.filter(farm=OuterRef("pk"))
        .order_by()
        .values("farm")
        .annotate(count=Count("pk"))
        .values("count")
    )
    return visible_farms(principal=principal).annotate(
        role=role, field_count=Coalesce(Subquery(fields), 0)
    )


def farm_with_role(*, principal: Principal, farm_id: int) -> Farm:
    """One farm of :func:`farms_with_role`.

    Raises:
        NotFoundError: There is none, or the principal may not see it.
    """
    farm = farms_with_role(principal=principal).filter(pk=farm_id).first()
    if farm is None:
        msg = f"There is no farm {farm_id}."
        raise NotFoundError(msg)
    return farm


def members_of(*, farm: Farm) -> QuerySet[Membership]:
    """Members of a farm with their users, in the order they came."""
    return Membership.objects.filter(farm=farm).select_related("user").order_by("pk")

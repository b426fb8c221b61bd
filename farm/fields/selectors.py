"""Reads of fields: everything starts from what the principal may see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Avg, Count

from farm.errors import NotFoundError
from farm.farms.selectors import asked, stand_in, visible_farms
from farm.fields.models import Field
from farm.geo import Neighbourhood
from farm.prepared import Prepared

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from farm.accounts.principal import Principal
    from farm.farms.models import Farm


def visible_fields(*, principal: Principal) -> QuerySet[Field]:
    """Fields of the farms that the principal may see."""
    return Field.objects.filter(farm__in=visible_farms(principal=principal).order_by())


_FIELDS: Prepared[Field] = Prepared(
    lambda *shape, field_id, **ids: (
        visible_fields(principal=stand_in(*shape, **ids)).select_related("farm").filter(pk=field_id)
    )
)


def visible_field(*, principal: Principal, field_id: int, for_update: bool = False) -> Field:
    """One field with its farm.

    Args:
        principal: Who asks.
        field_id: Which one.
        for_update: Lock the row until the transaction at work ends.

    Raises:
        NotFoundError: There is none, or the principal may not see it; the answer is the same.
    """
    if for_update:
        fields = visible_fields(principal=principal).select_related("farm").filter(pk=field_id)
        field = fields.select_for_update(of=("self",)).first()
    else:
        field = next(iter(asked(_FIELDS, principal=principal, field_id=field_id)), None)
    if field is None:
        msg = f"There is no field {field_id}."
        raise NotFoundError(msg)
    return field


def fields_of(*, farm: Farm) -> QuerySet[Field]:
    """All fields of a farm that was found visible."""
    return Field.objects.filter(farm=farm)


def neighbourhood_of(*, farm: Farm, except_field: Field | None = None) -> Neighbourhood | None:
    """Where the farm's fields lie on average; None where it has none (else)."""
    fields = Field.objects.filter(farm=farm)
    if except_field is not None:
        fields = fields.exclude(pk=except_field.pk)
    mean = fields.aggregate(count=Count("pk"), lon=Avg("centroid_lon"), lat=Avg("centroid_lat"))
    if not mean["count"]:
        return None
    return Neighbourhood(lon=mean["lon"], lat=mean["lat"])

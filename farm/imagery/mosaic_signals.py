"""No mosaic stays whose scene is gone, whoever deleted the scene."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from django.db.models.signals import post_delete
from django.dispatch import receiver

from farm.farms.models import Farm
from farm.fields.models import Field
from farm.imagery.models import MosaicPart, Observation

if TYPE_CHECKING:
    from django.db.models import Model

# Their deletion takes every observation along whose parts it takes.
_TAKE_OBSERVATIONS_ALONG = (Observation, Field, Farm)


@receiver(post_delete, sender=MosaicPart, dispatch_uid="delete_broken_mosaic")
def delete_broken_mosaic(
    *, instance: MosaicPart, origin: Model | QuerySet[Any] | None = None, **_: object
) -> None:
    """Delete what a deleted part was part of, unless it is being deleted itself."""
    model = origin.model if isinstance(origin, QuerySet) else type(origin)
    if model not in _TAKE_OBSERVATIONS_ALONG:
        Observation.objects.filter(pk=instance.observation_id).delete()

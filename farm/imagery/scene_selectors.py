"""Reads of scenes: those of the farms that the principal may see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from farm.errors import NotFoundError
from farm.farms.selectors import visible_farms
from farm.imagery.models import Scene

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from farm.accounts.principal import Principal
    from farm.farms.models import Farm


def scenes_of(*, farm: Farm) -> QuerySet[Scene]:
    """Scenes of a farm, latest first, with their assets."""
    return Scene.objects.filter(farm=farm).prefetch_related("assets")


def visible_scene(*, principal: Principal, scene_id: int) -> Scene:
    """One scene.

    Raises:
        NotFoundError: There is none, or the principal may not see it; the answer is the same.
    """
    farms = visible_farms(principal=principal).values("pk")
    scene = (
        Scene.objects.filter(farm__in=farms, pk=scene_id)
        .select_related("farm")
        .prefetch_related("assets")
        .first()
    )
    if scene is None:
        msg = f"There is no scene {scene_id}."
        raise NotFoundError(msg)
    return scene

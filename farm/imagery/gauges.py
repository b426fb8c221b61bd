"""How the imagery stands, as gauges that a worker sets."""

from __future__ import annotations

from django.db.models import Count, Exists, OuterRef

from farm.imagery.models import Observation, Scene, SceneState
from farm.observability.metrics import NEWEST_OBSERVATION, SCENES


def set_imagery_gauges() -> None:
    """Count the scenes, and note when the newest was acquired that has an observation."""
    counted = dict(Scene.objects.order_by().values_list("state").annotate(Count("pk")))
    for state in SceneState.values:
        SCENES.labels(state).set(counted.get(state, 0))
    # Scenes are few and observations many: from the newest scene on until one has any.
    observed = Exists(Observation.objects.filter(scene=OuterRef("pk")))
    newest = Scene.objects.filter(observed).order_by("-acquired_at").first()
    if newest is not None:
        NEWEST_OBSERVATION.set(newest.acquired_at.timestamp())

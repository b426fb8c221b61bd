"""Addresses of scenes, below ``/api/v1/``."""

from __future__ import annotations

from django.urls import path

from farm.imagery import scene_api

urlpatterns = [
    path("farms/<int:farm_id>/scenes/", scene_api.SceneList.as_view(), name="scene-list"),
    path("scenes/<int:scene_id>/", scene_api.SceneDetail.as_view(), name="scene-detail"),
    path("scenes/<int:scene_id>/ingest/", scene_api.SceneIngest.as_view(), name="scene-ingest"),
]

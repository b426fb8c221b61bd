"""Routes of fields, below ``/api/v1/``."""

from __future__ import annotations

from django.urls import path

from farm.fields import api

urlpatterns = [
    path("farms/<int:farm_id>/fields/", api.FieldList.as_view(), name="field-list"),
    path("fields/<int:field_id>/", api.FieldDetail.as_view(), name="field-detail"),
]

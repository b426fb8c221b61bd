"""Routes of farms and members, below ``/api/v1/``."""

from __future__ import annotations

from django.urls import path

from farm.farms import api

urlpatterns = [
    path("farms/", api.FarmList.as_view(), name="farm-list"),
    path("farms/<int:farm_id>/", api.FarmDetail.as_view(), name="farm-detail"),
    path("farms/<int:farm_id>/members/", api.FarmMemberList.as_view(), name="farm-member-list"),
    path(
        "farms/<int:farm_id>/members/<int:user_id>/",
        api.FarmMemberDetail.as_view(),
        name="farm-member-detail",
    ),
]

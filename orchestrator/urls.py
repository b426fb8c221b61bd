"""Routes. Each package brings its own; names are readable because metrics and logs show them."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from farm.observability.operations import operations_page
from orchestrator import views

api_v1 = [
    path("", include("farm.accounts.urls")),
    path("", include("farm.farms.urls")),
    path("", include("farm.fields.urls")),
    path("", include("farm.imagery.index_urls")),
    path("", include("farm.imagery.scene_urls")),
    path("", include("farm.jobs.urls")),
    path("", include("farm.weather.urls")),
]

urlpatterns = [
    path("", views.home, name="home"),
    path("favicon.ico", views.favicon, name="favicon"),
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("metrics", views.metrics, name="metrics"),
    path("admin/operations/", admin.site.admin_view(operations_page), name="operations"),
    path("admin/", admin.site.urls),
    path("api/schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("api/docs/", SpectacularSwaggerView.as_view(url_name="api-schema"), name="api-docs"),
    path("api/v1/", include(api_v1)),
]

handler400 = "farm.http_pages.bad_request"
handler403 = "farm.http_pages.permission_denied"
handler404 = "farm.http_pages.page_not_found"
handler500 = "farm.http_pages.server_error"

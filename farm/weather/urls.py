"""Routes of weather, below ``/api/v1/``."""

from __future__ import annotations

from django.urls import path

from farm.weather import (
    api_balance,
    api_farm,
    api_observations,
    api_place,
    api_position,
    api_seasons,
    api_water,
    api_windows,
)

FARM = "farms/<int:farm_id>/weather"
FIELD = "fields/<int:field_id>"

urlpatterns = [
    path("weather/current/", api_position.PositionCurrentView.as_view(), name="weather-current"),
    path("weather/hourly/", api_position.PositionHourlyView.as_view(), name="weather-hourly"),
    path("weather/daily/", api_position.PositionDailyView.as_view(), name="weather-daily"),
    path("weather/weekly/", api_position.PositionWeeklyView.as_view(), name="weather-weekly"),
    path(f"{FARM}/current/", api_farm.FarmCurrentView.as_view(), name="farm-weather-current"),
    path(f"{FARM}/hourly/", api_farm.FarmHourlyView.as_view(), name="farm-weather-hourly"),
    path(f"{FARM}/daily/", api_farm.FarmDailyView.as_view(), name="farm-weather-daily"),
    path(f"{FARM}/weekly/", api_farm.FarmWeeklyView.as_view(), name="farm-weather-weekly"),
    path(f"{FARM}/agro/", api_seasons.FarmAgroView.as_view(), name="farm-weather-agro"),
    path(f"{FARM}/gdd/", api_seasons.FarmHeatView.as_view(), name="farm-weather-gdd"),
    path(f"{FARM}/chill/", api_seasons.FarmChillView.as_view(), name="farm-weather-chill"),
    path(f"{FARM}/et0/", api_seasons.FarmEvapotranspirationView.as_view(), name="farm-weather-et0"),
    path(f"{FARM}/frost/", api_windows.FarmFrostView.as_view(), name="farm-weather-frost"),
    path(f"{FARM}/rain/", api_windows.FarmRainView.as_view(), name="farm-weather-rain"),
    path(
        f"{FARM}/windows/<str:kind>/",
        api_windows.FarmWindowsView.as_view(),
        name="farm-weather-windows",
    ),
    path(f"{FARM}/location/", api_place.FarmLocationView.as_view(), name="farm-weather-location"),
    path(f"{FARM}/feeds/", api_place.FarmFeedsView.as_view(), name="farm-weather-feeds"),
    path(f"{FARM}/refresh/", api_place.FarmRefreshView.as_view(), name="farm-weather-refresh"),
    path(f"{FARM}/profiles/", api_place.FarmProfilesView.as_view(), name="farm-weather-profiles"),
    path(
        f"{FARM}/observations/",
        api_observations.FarmObservationsView.as_view(),
        name="farm-weather-observations",
    ),
    path(
        f"{FIELD}/water-balance/",
        api_balance.FieldBalanceView.as_view(),
        name="field-water-balance",
    ),
    path(
        f"{FIELD}/water-balance/setup/",
        api_water.FieldWaterSetupView.as_view(),
        name="field-water-setup",
    ),
    path(
        f"{FIELD}/irrigations/",
        api_water.FieldIrrigationList.as_view(),
        name="field-irrigation-list",
    ),
    path(
        f"{FIELD}/irrigations/<int:irrigation_id>/",
        api_water.FieldIrrigationDetail.as_view(),
        name="field-irrigation-detail",
    ),
]

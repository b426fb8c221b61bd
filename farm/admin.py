"""The admin of every package; Django finds this module, the packages keep their own."""

from django.contrib import admin

from farm.accounts import admin as accounts_admin
from farm.farms import admin as farms_admin
from farm.fields import admin as fields_admin
from farm.imagery import observation_admin, scene_admin
from farm.jobs import admin as jobs_admin
from farm.weather import admin as weather_admin

admin.site.site_title = "Furrow"
admin.site.site_header = "Furrow administration"

__all__ = [
    "accounts_admin",
    "farms_admin",
    "fields_admin",
    "jobs_admin",
    "observation_admin",
    "scene_admin",
    "weather_admin",
]

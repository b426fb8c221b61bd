"""The admin of every package; Django finds this module, the packages keep their own."""

from farm.accounts import admin as accounts_admin
from farm.farms import admin as farms_admin
from farm.fields import admin as fields_admin
from farm.imagery import observation_admin, scene_admin
from farm.jobs import admin as jobs_admin

__all__ = [
    "accounts_admin",
    "farms_admin",
    "fields_admin",
    "jobs_admin",
    "observation_admin",
    "scene_admin",
]

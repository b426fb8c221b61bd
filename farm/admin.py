"""The admin of every package; Django finds this module, the packages keep their own."""

from farm.accounts import admin as accounts_admin
from farm.farms import admin as farms_admin
from farm.fields import admin as fields_admin

__all__ = ["accounts_admin", "farms_admin", "fields_admin"]

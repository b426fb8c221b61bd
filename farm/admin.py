"""The admin of every package; Django finds this module, the packages keep their own."""

from farm.accounts import admin as accounts_admin

__all__ = ["accounts_admin"]

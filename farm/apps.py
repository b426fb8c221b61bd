"""The one Django app."""

from django.apps import AppConfig


class FarmConfig(AppConfig):
    """One app label, one migration history; a package per noun."""

    name = "farm"
    verbose_name = "Farm"

    def ready(self) -> None:
        """Register system checks and schema extensions."""
        from farm.accounts import checks, schema  # noqa: F401

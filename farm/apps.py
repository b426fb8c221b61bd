"""The one Django app."""

from django.apps import AppConfig


class FarmConfig(AppConfig):
    """One app label, one migration history; a package per noun."""

    name = "farm"
    verbose_name = "Farm"

    def ready(self) -> None:
        """Register system checks, schema extensions, what keeps rows whole, what counts."""
        from farm.accounts import checks, schema  # noqa: F401
        from farm.imagery import mosaic_signals  # noqa: F401
        from farm.observability.model_operations import count_model_operations
        from farm.weather import profiles  # noqa: F401

        count_model_operations()

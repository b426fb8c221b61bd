"""The project as an app, for its templates."""

from django.apps import AppConfig


class OrchestratorConfig(AppConfig):
    """No models."""

    name = "orchestrator"

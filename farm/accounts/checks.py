"""System checks: settings without which log-outs and rotations would be show only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.conf import settings
from django.core.checks import Error, Tags, register

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.core.checks import CheckMessage

BLACKLIST_APP = "rest_framework_simplejwt.token_blacklist"


@register(Tags.security)
def refresh_tokens_can_be_revoked(
    app_configs: Sequence[Any] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Insist on rotation and a blacklist, or a stolen refresh token lives its full life."""
    found: list[CheckMessage] = []
    jwt = getattr(settings, "SIMPLE_JWT", {})
    for number, name in ((1, "ROTATE_REFRESH_TOKENS"), (2, "BLACKLIST_AFTER_ROTATION")):
        if not jwt.get(name):
            found.append(
                Error(
                    f"SIMPLE_JWT[“{name}”] must be True, or a refresh token can be used twice.",
                    id=f"farm.E00{number}",
                )
            )
    if not apps.is_installed(BLACKLIST_APP):
        found.append(
            Error(
                f"“{BLACKLIST_APP}” must be in INSTALLED_APPS, or tokens cannot be revoked.",
                id="farm.E003",
            )
        )
    return found

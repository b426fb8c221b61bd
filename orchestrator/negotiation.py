"""Which form of an answer the asker wants."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.exceptions import NotAcceptable
from rest_framework.negotiation import DefaultContentNegotiation

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rest_framework.renderers import BaseRenderer


class NamedFormatNegotiation(DefaultContentNegotiation):
    """By ``?format=`` or the header ``Accept``; a format that is not there is a 406, no 404."""

    def filter_renderers(
        self, renderers: Iterable[BaseRenderer], format: str
    ) -> list[BaseRenderer]:
        """Keep the renderers of a format.

        Raises:
            NotAcceptable: There is none; the sentence names those that are.
        """
        known = list(renderers)
        found = [renderer for renderer in known if renderer.format == format]
        if not found:
            names = ", ".join(str(renderer.format) for renderer in known)
            msg = f"There is no format “{format}” here; known are: {names}."
            raise NotAcceptable(msg)
        return found

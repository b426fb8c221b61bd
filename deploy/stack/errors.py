"""What stops the stack."""

from __future__ import annotations


class StackError(Exception):
    """The stack cannot start or go on; the message's first line says why and what to do."""


class Interrupted(Exception):  # noqa: N818 - a wish, not an error
    """Somebody asked the stack to stop."""

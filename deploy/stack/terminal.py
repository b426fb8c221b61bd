"""What the person at the terminal reads."""

from __future__ import annotations

import sys
from contextlib import suppress


def say(line: str = "") -> None:
    """Print a line at once; a terminal that has gone away is no reason to stop."""
    with suppress(BrokenPipeError):
        print(line, flush=True)


def complain(message: str) -> None:
    """Print why the stack cannot go on."""
    with suppress(BrokenPipeError):
        print(f"furrow: {message}", file=sys.stderr, flush=True)

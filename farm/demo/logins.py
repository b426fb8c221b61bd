"""The people of the demo farm and their passwords, made at random and kept in one file."""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

OWNER, VIEWER, ADMIN = USERNAMES = ("demo-owner", "demo-viewer", "demo-admin")

# 72 random bits: nobody guesses them, and they can be typed.
_PASSWORD_BYTES = 9


def kept_logins(path: Path) -> dict[str, str]:
    """Return user names and passwords kept in the file; make what is missing.

    The file is readable by its owner alone: a demo on a server that others reach is no open door.
    """
    kept = _read(path) if path.exists() else {}
    logins = {name: kept.get(name) or secrets.token_urlsafe(_PASSWORD_BYTES) for name in USERNAMES}
    if logins != kept:
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_name(f".{path.name}.{os.getpid()}")
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.writelines(f"{name:<12} {password}\n" for name, password in logins.items())
        new.replace(path)
    return logins


def _read(path: Path) -> dict[str, str]:
    pairs = [line.split() for line in path.read_text().splitlines()]
    return {pair[0]: pair[1] for pair in pairs if len(pair) == 2}

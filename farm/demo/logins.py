"""The people of the demo farm and their passwords, made at random and kept in one file."""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

OWNER, VIEWER, ADMIN = USERNAMES = ("demo-owner", "demo-viewer", "demo-admin")

WHAT_THEY_MAY = {
    OWNER: "owner of the demo farm",
    VIEWER: "reads only",
    ADMIN: "everything, /admin/",
}

# 72 random bits: nobody guesses them, and they can be typed.
_PASSWORD_BYTES = 9


def kept_logins(path: Path) -> dict[str, str]:
    """Return user names and passwords kept in the file; make what is missing.

    A line is a user name, a password and what that user may do.
    The file is readable by its owner alone: a demo on a server that others reach is no open door.
    """
    kept = _read(path) if path.exists() else {}
    logins = {name: kept.get(name) or secrets.token_urlsafe(_PASSWORD_BYTES) for name in USERNAMES}
    text = "".join(
        f"{name:<12} {password}  – {WHAT_THEY_MAY[name]}\n" for name, password in logins.items()
    )
    if not path.exists() or path.read_text() != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_name(f".{path.name}.{os.getpid()}")
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
        new.replace(path)
    return logins


def _read(path: Path) -> dict[str, str]:
    lines = [line.split() for line in path.read_text().splitlines()]
    return {words[0]: words[1] for words in lines if len(words) > 1}

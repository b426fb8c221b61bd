"""The key that addresses of tiles are signed with: made once, kept in the data folder."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from stack.errors import StackError


def kept_tile_key(data_dir: Path) -> str:
    """Return the key kept in ``<data_dir>/tile_key``; make it on first use, for this user's eyes.

    Raises:
        StackError: The file cannot be written or read.
    """
    path = data_dir / "tile_key"
    try:
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return path.read_text().strip()
        with os.fdopen(descriptor, "w") as file:
            key = secrets.token_hex(32)
            file.write(key)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise StackError(f"The key of tiles cannot be kept in {path}: {error}.") from error
    return key

"""What an API key looks like: ``fur_<prefix>_<secret>``.

The prefix finds the row and may be shown; the secret is 256 random bits. A plain SHA-256 of it is
enough: slow hashes protect what people can think of, and nobody can try 2²⁵⁶ secrets.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass

SCHEME = "Api-Key"
MARK = "fur"  # lets scanners of leaked secrets recognise a key of ours
SHAPE = re.compile(r"fur_(?P<prefix>[0-9a-f]{12})_(?P<secret>[A-Za-z0-9_-]{43})")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyText:
    """A key as its holder keeps it."""

    prefix: str  # 12 hexadecimal digits
    secret: str  # 43 characters, base64url of 32 bytes

    @property
    def secret_sha256(self) -> str:
        """Hexadecimal digest: what the database keeps of the secret."""
        return hashlib.sha256(self.secret.encode()).hexdigest()

    def has_digest(self, secret_sha256: str) -> bool:
        """Compare in constant time."""
        return hmac.compare_digest(self.secret_sha256, secret_sha256)

    def __str__(self) -> str:
        """The text for the header."""
        return f"{MARK}_{self.prefix}_{self.secret}"

    def __repr__(self) -> str:
        """Prefix only: a repr ends up in logs."""
        return f"KeyText({self.prefix}…)"


def new_key_text() -> KeyText:
    """Make a key from 256 random bits."""
    return KeyText(prefix=secrets.token_hex(6), secret=secrets.token_urlsafe(32))


def parse_key_text(text: str) -> KeyText | None:
    """Read a key; None where the text is none."""
    match = SHAPE.fullmatch(text)
    return KeyText(**match.groupdict()) if match else None

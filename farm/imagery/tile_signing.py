"""Addresses of tiles, which furrow-ndvi checks by itself: no Python per tile.

Who holds an address may read the tiles of one layer until it expires, and nothing else. The same
form stands in ``services/ndvi/src/tile_address.rs``.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from django.conf import settings

from farm.errors import NotFoundError

if TYPE_CHECKING:
    from typing import Literal

# Addresses made within so many seconds are the same, so that a browser's cache serves again.
STEP_S = 900
# How many steps an address is good for at least: an hour.
STEPS = 4


def tile_key() -> bytes:
    """Return the key that addresses are signed with.

    Raises:
        NotFoundError: No key is set; there are no tiles.
    """
    key: bytes | None = settings.TILE_KEY
    if key is None:
        msg = "This server draws no tiles: FURROW_TILE_KEY is not set."
        raise NotFoundError(msg, reason="TILES_OFF")
    return key


def expiry_of(now: datetime) -> datetime:
    """Return when an address that is made now expires: in 60 to 75 minutes."""
    step = int(now.timestamp()) // STEP_S
    return datetime.fromtimestamp((step + 1 + STEPS) * STEP_S, tz=UTC)


def signature(*, farm_id: int, layer: str, expires_s: int, key: bytes) -> str:
    """Sign a layer of a farm until a time.

    Args:
        farm_id: The farm.
        layer: SHA-256 of the layer's object, hexadecimal.
        expires_s: Seconds since 1970.
        key: 32 bytes or more.

    Returns:
        HMAC-SHA256 in base64url (RFC 4648, section 5) without padding.
    """
    signed = hmac.digest(key, f"{farm_id}/{layer}/{expires_s}".encode(), "sha256")
    return urlsafe_b64encode(signed).rstrip(b"=").decode()


def tile_address(
    *, farm_id: int, layer: str, expires_at: datetime, size: Literal[256, 512], key: bytes
) -> str:
    """Return the path of a layer's tiles, with `{z}`, `{x}` and `{y}` for the reader to fill in."""
    expires_s = int(expires_at.timestamp())
    signed = signature(farm_id=farm_id, layer=layer, expires_s=expires_s, key=key)
    fine = "@2x" if size == 512 else ""
    return f"/tiles/{farm_id}/{layer}/{expires_s}/{signed}/{{z}}/{{x}}/{{y}}{fine}.png"

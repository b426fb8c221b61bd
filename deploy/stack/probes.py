"""Ways to ask a part whether it is ready.

A probe answers None when the part is ready, else what is still missing.
"""

from __future__ import annotations

import asyncio
import http.client
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit

Probe = Callable[[], Awaitable[str | None]]

_TIMEOUT_S = 2.0


async def always_ready() -> str | None:
    """Ready as soon as it runs."""
    return None


def http_probe(url: str) -> Probe:
    """Ready once the address answers 200."""

    async def probe() -> str | None:
        return await asyncio.to_thread(_missing_over_http, url)

    return probe


def log_probe(log: Path, sentence: str) -> Probe:
    """Ready once the log holds the sentence, counted from where it ends now."""
    before = log.stat().st_size if log.exists() else 0

    async def probe() -> str | None:
        size = log.stat().st_size if log.exists() else 0
        with log.open("rb") as file:
            # A log that has become shorter was rotated.
            file.seek(before if size >= before else 0)
            said = sentence.encode() in file.read()
        return None if said else f"its log does not say \u201c{sentence}\u201d"

    return probe


def _missing_over_http(url: str) -> str | None:
    """One GET on a fresh connection, never through a proxy that the environment may name."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=_TIMEOUT_S)
    try:
        connection.request("GET", parts.path or "/", headers={"Connection": "close"})
        answer = connection.getresponse()
        text = answer.read(1 << 20).decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return f"{url} does not answer: {error or type(error).__name__}"
    finally:
        connection.close()
    return None if answer.status == 200 else f"{url} answers {answer.status}: {text.strip()[:200]}"

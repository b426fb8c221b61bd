"""Files as prometheus_client writes them, made byte by byte."""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

FIRST_BYTES = 1 << 16


def entry(name: str, value: float, *, family: str = "", **labels: str) -> bytes:
    """One series of a counter or gauge."""
    parts = [family or name.removesuffix("_total"), name, labels, "Help"]
    key = json.dumps(parts, sort_keys=True).encode()
    head = struct.pack("=i", len(key)) + key
    return head + b" " * (8 - len(head) % 8) + struct.pack("=dd", value, 0.0)


def content(*entries: bytes, used: int | None = None, size: int = FIRST_BYTES) -> bytes:
    """A whole file.

    Args:
        entries: What it holds.
        used: What its header says instead of the truth.
        size: To which it is filled up with zeros; less cuts it.
    """
    body = b"".join(entries)
    head = struct.pack("=ii", 8 + len(body) if used is None else used, 0)
    return (head + body).ljust(size, b"\0")[:size]


def counter(path: Path, value: float, *, name: str = "hits_total") -> None:
    """Write a file with one counter in it, in one step as seen from outside."""
    whole = path.with_name(f".{path.name}")
    whole.write_bytes(content(entry(name, value)))
    whole.replace(path)

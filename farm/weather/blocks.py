"""Blocks of hours as the database keeps them: (variables, hours), one row per ``HOURLY`` entry."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from farm.errors import ServiceFaultError
from farm.weather.variables import HOURLY_NAMES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from farm.weather.series import Column, Flags

    Blob = bytes | memoryview

VARIABLES = len(HOURLY_NAMES)
HOURS_A_DAY = 24
ROW_OF = {name: row for row, name in enumerate(HOURLY_NAMES)}
_VALUE = np.dtype("<f8")


def values_of(*, columns: Mapping[str, Column], hours: int) -> NDArray[np.float64]:
    """Lay columns out as a block.

    Args:
        columns: Name → (hours,) float64, NaN where absent.
        hours: Number of hours.

    Returns:
        (variables, hours) float64, NaN where there is no column.
    """
    values = np.full((VARIABLES, hours), np.nan)
    for name, column in columns.items():
        values[ROW_OF[name]] = column
    return values


def flags_of(*, columns: Mapping[str, Flags], hours: int) -> NDArray[np.uint8]:
    """Lay flags out likewise: (variables, hours) uint8, 0 where nothing was found."""
    flags = np.zeros((VARIABLES, hours), dtype=np.uint8)
    for name, column in columns.items():
        flags[ROW_OF[name]] = column
    return flags


def columns_of(values: NDArray[np.float64]) -> dict[str, Column]:
    """Return the columns of a block that have any value, as views."""
    known = ~np.isnan(values).all(axis=1)
    return {HOURLY_NAMES[row]: values[row] for row in np.flatnonzero(known)}


def pack_values(values: NDArray[np.float64]) -> bytes:
    """Return a block's bytes: float64, little-endian, row by row."""
    return np.ascontiguousarray(values, dtype=_VALUE).tobytes()


def pack_flags(flags: NDArray[np.uint8]) -> bytes:
    """Return the bytes of a block's flags."""
    return np.ascontiguousarray(flags, dtype=np.uint8).tobytes()


def unpack_values(blobs: Sequence[Blob], *, hours: int = HOURS_A_DAY) -> NDArray[np.float64]:
    """Read blocks of one length.

    Args:
        blobs: What ``pack_values`` wrote, perhaps when there were fewer variables.
        hours: Hours of each.

    Returns:
        (blocks, variables, hours) float64; variables appended since are NaN. Not writable.

    Raises:
        ServiceFaultError: A block has no whole number of variables, or too many.
    """
    width = hours * _VALUE.itemsize
    nothing = np.full(hours, np.nan, dtype=_VALUE).tobytes()
    joined = _joined(blobs, width=width, nothing=nothing)
    return np.frombuffer(joined, dtype=_VALUE).reshape(len(blobs), VARIABLES, hours)


def unpack_flags(blobs: Sequence[Blob], *, hours: int = HOURS_A_DAY) -> NDArray[np.uint8]:
    """Read flags likewise: (blocks, variables, hours) uint8."""
    joined = _joined(blobs, width=hours, nothing=bytes(hours))
    return np.frombuffer(joined, dtype=np.uint8).reshape(len(blobs), VARIABLES, hours)


def _joined(blobs: Sequence[Blob], *, width: int, nothing: bytes) -> bytes:
    whole = VARIABLES * width
    if all(len(blob) == whole for blob in blobs):
        return b"".join(blobs)
    return b"".join(_filled_up(blob, width=width, nothing=nothing) for blob in blobs)


def _filled_up(blob: Blob, *, width: int, nothing: bytes) -> bytes:
    rows, rest = divmod(len(blob), width)
    if rest or rows > VARIABLES:
        msg = (
            f"A stored block of weather has {len(blob)} bytes; {VARIABLES * width} are right. "
            "It was damaged, or written by a newer version."
        )
        raise ServiceFaultError(msg, reason="WEATHER_BLOCK_DAMAGED")
    return bytes(blob) + nothing * (VARIABLES - rows)

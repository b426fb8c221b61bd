"""Columns as JSON, written by whole arrays: no number of a column becomes a Python object.

A year of hours in twelve columns is a hundred thousand numbers; one by one they cost more than
everything else in a request. Here each becomes a row of digits in one matrix of bytes, and the
places that stay empty are left out at the end.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from numpy.typing import NDArray

    from farm.weather.series import Column

ZERO, MINUS, PLUS, POINT, COMMA, COLON, QUOTE, DASH, LETTER_T = b'0-+.,:"-T'
NULL = np.frombuffer(b"null,", np.uint8)[:, None]
# Beyond it a number is no weather; written by Python itself.
MOST_SCALED = 2**31 - 1
DAY_S = 86_400
# Clocks change at most once in so long a time, so the offset is asked for at its ends.
SAMPLED_S = 6 * 3600


def numbers_json(values: Column, *, decimals: int) -> bytes:
    """Write numbers as a JSON array, NaN as ``null``.

    Args:
        values: (rows,) float64.
        decimals: To which they are rounded, half to even; 0: whole numbers without a point.
    """
    if not len(values):
        return b"[]"
    is_absent = np.isnan(values)
    scaled = np.rint(np.where(is_absent, 0.0, values) * 10.0**decimals)
    magnitude = np.abs(scaled)
    greatest = float(magnitude.max())
    if greatest > MOST_SCALED:
        return _one_by_one(values, decimals)
    whole_digits = max(1, len(str(int(greatest))) - decimals)
    rest = magnitude.astype(np.uint32)
    width = max(len(NULL), 1 + whole_digits + (decimals > 0) + decimals + 1)
    places = np.zeros((width, len(values)), np.uint8)
    place = width - 1
    places[place] = COMMA
    for _ in range(decimals):
        place -= 1
        rest, digit = np.divmod(rest, np.uint32(10))
        places[place] = digit + ZERO
    if decimals:
        place -= 1
        places[place] = POINT
    for order in range(whole_digits):
        place -= 1
        left, digit = np.divmod(rest, np.uint32(10))
        # Zeros before the first digit are not written, but for the one before the point.
        places[place] = digit + ZERO if order == 0 else (digit + ZERO) * (rest > 0)
        rest = left
    is_negative = scaled < 0
    if is_negative.any():
        places[0] = MINUS * is_negative
    if is_absent.any():
        places[:, is_absent] = 0
        places[: len(NULL), is_absent] = NULL
    return _joined(places)


def words_json(codes: NDArray[np.uint8], words: Sequence[str | None]) -> bytes:
    """Write (rows,) codes as a JSON array of the words they point at, None as ``null``."""
    if not len(codes):
        return b"[]"
    written = [b"null," if word is None else f'"{word}",'.encode() for word in words]
    width = max(len(word) for word in written)
    table = np.zeros((len(words), width), np.uint8)
    for row, word in enumerate(written):
        table[row, : len(word)] = np.frombuffer(word, np.uint8)
    return _joined(table[codes].T)


def times_json(stamps_s: NDArray[np.int64], *, time_zone: str) -> bytes:
    """Write instants as a JSON array of local times with their offset.

    Args:
        stamps_s: (rows,) int64, Unix seconds, ascending, without gaps of years.
        time_zone: IANA name.

    An offset has whole minutes since about 1970; earlier ones are rounded to them.
    """
    if not len(stamps_s):
        return b"[]"
    offsets_min = _offsets_s(stamps_s, time_zone) // 60
    local_s = stamps_s + offsets_min * 60
    days, second = np.divmod(local_s, DAY_S)
    places = np.empty((28, len(stamps_s)), np.uint8)
    first = int(days.min())
    every_day = np.arange(first, int(days.max()) + 1).astype("datetime64[D]")
    dates = np.datetime_as_string(every_day).astype("S10")
    digits = np.frombuffer(dates.tobytes(), np.uint8).reshape(-1, 10)
    places[0], places[11], places[26], places[27] = QUOTE, LETTER_T, QUOTE, COMMA
    places[1:11] = digits[days - first].T
    minute = second // 60
    _two_digits(places[12:14], minute // 60)
    places[14] = places[17] = places[23] = COLON
    _two_digits(places[15:17], minute % 60)
    _two_digits(places[18:20], second % 60)
    places[20] = np.where(offsets_min < 0, MINUS, PLUS)
    away_min = np.abs(offsets_min)
    _two_digits(places[21:23], away_min // 60)
    _two_digits(places[24:26], away_min % 60)
    return _joined(places)


def dates_json(dates: Sequence[date]) -> bytes:
    """Write days as a JSON array."""
    return b"[" + ",".join(f'"{day.isoformat()}"' for day in dates).encode() + b"]"


def _offsets_s(stamps_s: NDArray[np.int64], time_zone: str) -> NDArray[np.int64]:
    """Return (rows,) int64: seconds that the local clock is ahead of UTC."""
    first = int(stamps_s[0]) // SAMPLED_S
    count = int(stamps_s[-1]) // SAMPLED_S - first + 2
    samples = _sampled_offsets(time_zone, first, count)
    place = stamps_s // SAMPLED_S - first
    offsets = samples[place]
    for row in np.flatnonzero(samples[place + 1] != offsets):
        offsets[row] = _offset_s(time_zone, int(stamps_s[row]))
    return offsets


@lru_cache(maxsize=64)
def _sampled_offsets(time_zone: str, first: int, count: int) -> NDArray[np.int64]:
    samples = np.arange(first, first + count) * SAMPLED_S
    return np.array([_offset_s(time_zone, int(stamp)) for stamp in samples], np.int64)


def _offset_s(time_zone: str, stamp_s: int) -> int:
    offset = datetime.fromtimestamp(stamp_s, UTC).astimezone(ZoneInfo(time_zone)).utcoffset()
    return 0 if offset is None else round(offset.total_seconds() / 60) * 60


def _two_digits(places: NDArray[np.uint8], values: NDArray[np.int64]) -> None:
    tens, ones = np.divmod(values.astype(np.uint8), np.uint8(10))
    places[0], places[1] = tens + ZERO, ones + ZERO


def _joined(places: NDArray[np.uint8]) -> bytes:
    """Join (width, rows) places row by row, leave out empty ones, and make it an array."""
    text: bytes = places.T.tobytes().translate(None, b"\0")
    return b"[" + text[:-1] + b"]"


def _one_by_one(values: Column, decimals: int) -> bytes:
    written = (
        "null" if np.isnan(value) or np.isinf(value) else f"{value:.{decimals}f}"
        for value in values.tolist()
    )
    return ("[" + ",".join(written) + "]").encode()

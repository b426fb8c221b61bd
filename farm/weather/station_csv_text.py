"""Bytes of a station's file into rows of cells."""

from __future__ import annotations

import codecs
import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from farm.errors import InvalidInputError
from farm.weather.station_csv_options import MOST_COLUMNS

if TYPE_CHECKING:
    from farm.weather.station_csv_options import CsvOptions

MOST_BYTES = 16 * 1024 * 1024
MOST_ROWS = 600_000
MOST_CELL = 4_096
LONGEST_SHOWN = 40
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvText:
    """A file as rows."""

    header: list[str]
    rows: list[list[str]]  # as many cells each as the header
    lines: list[int]  # number of each row's line in the file, from 1
    encoding: str
    delimiter: str


def read_rows(content: bytes, *, options: CsvOptions) -> CsvText:
    """Decode a file and cut it into rows.

    Raises:
        InvalidInputError: It is too large, no text, or a row is not as long as the header; the
            sentence names the row.
    """
    if len(content) > MOST_BYTES:
        msg = f"The file has {len(content):,} bytes; {MOST_BYTES:,} are the most."
        raise refused(msg, reason="CSV_TOO_LARGE")
    text, encoding = _decoded(content, encoding=options.encoding)
    if "\0" in text:
        row = text.count("\n", 0, text.index("\0")) + 1
        raise refused(f"Row {row} holds a NUL character: this is no text file.")
    delimiter = options.delimiter or _delimiter_of(text, row=options.header_row)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    header: list[str] | None = None
    rows: list[list[str]] = []
    lines: list[int] = []
    first = options.header_row + options.rows_after_header
    try:
        for number, cells in enumerate(reader, start=1):
            if number == options.header_row:
                header = _header(cells)
            elif number > first and header is not None and any(map(str.strip, cells)):
                if len(cells) != len(header):
                    msg = f"Row {number} has {len(cells)} cells; the header has {len(header)}."
                    raise refused(msg)
                rows.append(cells)
                lines.append(number)
                if len(rows) > MOST_ROWS:
                    raise refused(f"The file has more than {MOST_ROWS:,} rows.")
    except csv.Error as error:
        raise refused(f"Row {reader.line_num} cannot be read: {error}.") from error
    if header is None:
        raise refused(f"The file has no row {options.header_row}, where the header should be.")
    if not rows:
        raise refused("The file has no row below its header.")
    return CsvText(header=header, rows=rows, lines=lines, encoding=encoding, delimiter=delimiter)


def column_at(text: CsvText, header: str) -> int:
    """Return the place of a column.

    Raises:
        InvalidInputError: There is no such header, or there are two.
    """
    found = [at for at, name in enumerate(text.header) if name == header]
    if len(found) == 1:
        return found[0]
    if found:
        raise refused(f"Two columns are called “{header}”.")
    shown = ", ".join(f"“{shortened(name)}”" for name in text.header[:20])
    raise refused(f"There is no column “{shortened(header)}”; the header names {shown}.")


def shortened(cell: str) -> str:
    """Return a cell as a sentence may show it."""
    shown = "".join(sign if sign.isprintable() else "�" for sign in cell[: LONGEST_SHOWN + 1])
    return shown if len(cell) <= LONGEST_SHOWN else f"{shown[:LONGEST_SHOWN]}…"


def refused(detail: str, *, reason: str = "CSV_INVALID") -> InvalidInputError:
    """Return the error of a file that makes no sense."""
    return InvalidInputError(detail, reason=reason)


def _decoded(content: bytes, *, encoding: str | None) -> tuple[str, str]:
    marked = next((name for mark, name in _MARKS if content.startswith(mark)), None)
    if encoding == "utf-16" and marked != "utf-16":
        guesses = ["utf-16-be" if content[:1] == b"\0" else "utf-16-le"]
    elif encoding is not None:
        guesses = [marked if marked is not None and encoding.startswith("utf") else encoding]
    elif marked is not None:
        guesses = [marked]
    elif len(content) > 3 and 0 in (content[1], content[0]) and content[:2] != b"\0\0":
        # Latin letters in 16 bits: every other byte is zero.
        guesses = ["utf-16-le" if content[1] == 0 else "utf-16-be"]
    else:
        # What is no UTF-8 was written by an older Windows.
        guesses = ["utf-8", "windows-1252"]
    for guess in guesses:
        try:
            return content.decode(guess), guess.removesuffix("-sig")
        except UnicodeDecodeError as error:
            failure = error
    row = content.count(b"\n", 0, failure.start) + 1
    msg = f"Row {row} is no text in {guesses[-1]}; name the encoding, or save the file as UTF-8."
    raise refused(msg, reason="CSV_ENCODING")


def _delimiter_of(text: str, *, row: int) -> str:
    lines = io.StringIO(text)
    line = next((one for number, one in enumerate(lines, start=1) if number == row), "")
    return max(";\t,", key=lambda sign: line.count(sign))


def _header(cells: list[str]) -> list[str]:
    if len(cells) > MOST_COLUMNS:
        raise refused(f"The header has {len(cells):,} columns; {MOST_COLUMNS} are the most.")
    if any(len(cell) > MOST_CELL for cell in cells):
        raise refused(f"A name in the header is longer than {MOST_CELL:,} characters.")
    return [cell.strip() for cell in cells]

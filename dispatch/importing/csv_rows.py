"""Reads the rows of somebody else's CSV: encoding, separator, and quotes that nobody escaped.

Pure. A row that a CSV reader cannot put into the header's columns is cut again at ``","``; what was
repaired is told with its line. Nothing here is fatal but a file that is too large or no table.
"""

import csv
import io
from dataclasses import dataclass

from dispatch.errors import ServiceError, TooLarge

MAX_FILE_BYTES = 50 * 1024 * 1024
MAX_ROWS = 100_000
MAX_FIELD_CHARACTERS = 65_536
SEPARATORS = ",;\t"


@dataclass(frozen=True, slots=True)
class CsvRow:
    """One row: its first line in the file, its fields trimmed, and what was repaired (or "")."""

    line: int
    fields: tuple[str, ...]
    repaired: str = ""
    too_long: str = ""
    """Not empty: why the row cannot be used at all."""


@dataclass(frozen=True, slots=True)
class Table:
    """A header, its rows, and warnings of the whole file."""

    header: tuple[str, ...]
    rows: tuple[CsvRow, ...]
    warnings: tuple[str, ...] = ()


def read_table(data: bytes, *, header: bool = True) -> Table:
    """Return the table of a file; raises ServiceError when there is none.

    Without ``header`` every line is a row, as wide as the widest of the first hundred.
    """
    if len(data) > MAX_FILE_BYTES:
        raise TooLarge(f"file: {len(data)} bytes, at most {MAX_FILE_BYTES} are read")
    text, warnings = decode_text(data)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    start = next((n for n, line in enumerate(lines) if line.strip()), None)
    if start is None:
        raise ServiceError("file: it is empty", hint="Expected a table with a header line.")
    separator = max(SEPARATORS, key=lines[start].count)
    if header:
        titles = tuple(field.strip() for field in _split(lines[start], separator))
        start += 1
    else:
        widest = max(len(_split(line, separator)) for line in lines[start : start + 100])
        titles = ("",) * widest
    rows: list[CsvRow] = []
    for number, line in enumerate(lines[start:], start=start + 1):
        if not line.strip(" \t,;"):
            continue
        if len(rows) >= MAX_ROWS:
            raise TooLarge(f"file: more than {MAX_ROWS} rows")
        rows.append(_row(number, line, separator, len(titles)))
    return Table(titles, tuple(rows), tuple(warnings))


def decode_text(data: bytes) -> tuple[str, list[str]]:
    """Return the text of a file and warnings: UTF-8 with or without its mark, else Windows-1252."""
    try:
        return data.decode("utf-8-sig"), []
    except UnicodeDecodeError as error:
        words = f"not UTF-8 (byte {error.start}): read as Windows-1252; look at names with accents"
        return data.decode("cp1252", "replace"), [words]


def _split(line: str, separator: str) -> list[str]:
    reader = csv.reader(io.StringIO(line), delimiter=separator, skipinitialspace=True)
    try:
        return next(reader, [])
    except csv.Error:
        return [line]


def _row(number: int, line: str, separator: str, columns: int) -> CsvRow:
    if max((len(part) for part in line.split(separator)), default=0) > MAX_FIELD_CHARACTERS:
        words = f"a field longer than {MAX_FIELD_CHARACTERS} characters"
        return CsvRow(number, (line[:40],), too_long=words)
    fields = _split(line, separator)
    trimmed = tuple(field.strip() for field in fields)
    if len(fields) <= columns and not any('"' in field for field in fields):
        return CsvRow(number, trimmed)
    again = _cut_at_quotes(line, separator)
    if len(again) == len(fields) and tuple(again) == trimmed and len(fields) <= columns:
        return CsvRow(number, trimmed)
    if len(again) > columns:
        return CsvRow(number, trimmed)
    return CsvRow(number, tuple(again), repaired="quotes inside a field were not escaped")


def _cut_at_quotes(line: str, separator: str) -> list[str]:
    """Cut a line at separators that stand outside quotes, a quote ending only before one."""
    fields: list[str] = []
    rest = line
    while True:
        rest = rest.lstrip(" ")
        if rest.startswith('"'):
            end = _closing(rest, separator)
            fields.append(rest[1:end].replace('""', '"').strip())
            rest = rest[end + 1 :].lstrip(" ")
        else:
            field, _, after = rest.partition(separator)
            fields.append(field.strip())
            rest = separator + after if separator in rest else ""
        if not rest.startswith(separator):
            return fields
        rest = rest[len(separator) :]


def _closing(rest: str, separator: str) -> int:
    place = 1
    while True:
        place = rest.find('"', place)
        if place < 0:
            return len(rest)
        after = rest[place + 1 :].lstrip(" ")
        if not after or after.startswith(separator):
            return place
        place += 1

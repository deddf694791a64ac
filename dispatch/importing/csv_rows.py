"""Reads the rows of somebody else's CSV: encoding, separator, and quotes that nobody escaped.

Pure. A row that a CSV reader cannot put into the header's columns is cut again at ``","``; what was
repaired is told with its line. Nothing here is fatal but a file that is too large or no table.
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass

from dispatch.errors import ServiceError, TooLarge
from dispatch.importing.progress import APART, EVERY_ROWS, tell

MAX_FILE_BYTES = 50 * 1024 * 1024
MAX_ROWS = 100_000
MAX_FIELD_CHARACTERS = 65_536
FIELD_TOO_LONG = f"a field longer than {MAX_FIELD_CHARACTERS} characters"
MAX_LINES_OF_A_ROW = 50
"""Lines that one row may go over, inside quotes."""
SEPARATORS = ",;\t"
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_NAMED_SEPARATOR = re.compile(r'"?sep=([,;\t])"?[,;]*')
"""A first line that spreadsheets write to tell the separator."""
_QUOTED = re.compile(r'"[^"]*"')
_WELL_FORMED = {
    sign: re.compile(
        rf'(?: *+(?:"[^"]*+(?:""[^"]*+)*+" *+|[^"{sign}]*+)(?:{sign}|\Z))++', re.DOTALL
    )
    for sign in SEPARATORS
}
"""Rows whose quotes are all as RFC 4180 has them, whatever stands inside; possessive: linear."""
csv.field_size_limit(MAX_FILE_BYTES)  # our own limit is told row by row


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
    lines, warnings = lines_of(data)
    start = next((n for n, line in enumerate(lines) if line.strip()), None)
    if start is None:
        raise ServiceError("file: it is empty", hint="Expected a table with a header line.")
    named = _NAMED_SEPARATOR.fullmatch(lines[start].strip().casefold())
    start += 1 if named and start + 1 < len(lines) else 0
    separator = named[1] if named else separator_of(lines[start])
    if header:
        titles = tuple(field.strip() for field in _split(lines[start], separator))
        start += 1
    else:
        widest = max(len(_split(line, separator)) for line in lines[start : start + 100])
        titles = ("",) * widest
    rows = tuple(_rows(lines, start, separator, len(titles)))
    return Table(titles, rows, tuple(warnings))


def lines_of(data: bytes) -> tuple[list[str], list[str]]:
    """Return the lines of a file, whatever ends them, and warnings; raises TooLarge."""
    if len(data) > MAX_FILE_BYTES:
        raise TooLarge(f"file: {len(data)} bytes, at most {MAX_FILE_BYTES} are read")
    text, warnings = decode_text(data)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.split("\n"), warnings


def decode_text(data: bytes) -> tuple[str, list[str]]:
    """Return the text of a file and warnings: UTF-8 with or without its mark, else Windows-1252.

    A byte-order mark of UTF-16 counts too: spreadsheets write it as "Unicode text".
    """
    if data[:2] in UTF16_MARKS:
        return data.decode("utf-16", "replace"), ["UTF-16, by its byte-order mark"]
    try:
        return data.decode("utf-8-sig"), []
    except UnicodeDecodeError as error:
        words = f"not UTF-8 (byte {error.start}): read as Windows-1252; look at names with accents"
        return data.decode("cp1252", "replace"), [words]


def separator_of(line: str) -> str:
    """Return the separator that a line has most of, outside quotes where it has any there."""
    bare = _QUOTED.sub("", line)
    best = max(SEPARATORS, key=bare.count)
    return best if best in bare else max(SEPARATORS, key=line.count)


def _rows(lines: list[str], start: int, separator: str, columns: int) -> Iterator[CsvRow]:
    at, found, total = start, 0, len(lines)
    blank = " \t" + SEPARATORS
    while at < total:
        line, number = lines[at], at + 1
        at += 1
        if not line.strip(blank):
            continue
        if found >= MAX_ROWS:
            raise TooLarge(f"file: more than {MAX_ROWS} rows")
        if '"' in line and line.count('"') % 2:
            whole = _over_lines(lines, at, line, separator, columns)
            if whole is not None:
                line, at = whole
        found += 1
        if found % EVERY_ROWS == 0:
            tell(APART, at, total)
        yield _row(number, line, separator, columns)


def _over_lines(
    lines: list[str], at: int, line: str, separator: str, columns: int
) -> tuple[str, int] | None:
    """Return a row that goes on over the next lines inside quotes, and the line after it.

    Only when it then has just as many fields as the header: a lone quote is a fault of one row.
    """
    for more in range(1, MAX_LINES_OF_A_ROW):
        if at + more > len(lines) or len(line) > MAX_FIELD_CHARACTERS * columns:
            return None
        line += "\n" + lines[at + more - 1]
        if line.count('"') % 2 == 0:
            fits = len(_split(line, separator)) == columns
            return (line, at + more) if fits else None
    return None


def _split(line: str, separator: str) -> list[str]:
    if '"' not in line:
        return line.split(separator)
    # "\n" inside quotes stands in one text: the reader takes the list's item as one line.
    reader = csv.reader([line], delimiter=separator, skipinitialspace=True)
    try:
        return next(reader, [])
    except csv.Error:
        return [line]


def _row(number: int, line: str, separator: str, columns: int) -> CsvRow:
    if len(line) > MAX_FIELD_CHARACTERS and (
        max(map(len, line.split(separator))) > MAX_FIELD_CHARACTERS
    ):
        return CsvRow(number, (line[:40],), too_long=FIELD_TOO_LONG)
    if '"' not in line:
        return CsvRow(number, tuple([field.strip() for field in line.split(separator)]))
    fields = tuple([f.strip().replace("\n", " ") for f in _split(line, separator)])
    if len(fields) <= columns and _WELL_FORMED[separator].fullmatch(line):
        return CsvRow(number, fields)
    return _repaired(number, line, separator, columns, fields)


def _repaired(
    number: int, line: str, separator: str, columns: int, fields: tuple[str, ...]
) -> CsvRow:
    """Return a row whose quotes are not as they should be, cut where they stand at separators."""
    if line.count('"') % 2:
        plain = tuple([field.strip(' "') for field in line.split(separator)])
        if len(plain) <= columns:
            return CsvRow(number, plain, repaired="a quote is not closed")
    again = tuple(_cut_at_quotes(line, separator))
    if len(again) > columns or (again == fields and len(fields) <= columns):
        return CsvRow(number, fields)
    return CsvRow(number, again, repaired="quotes inside a field were not escaped")


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

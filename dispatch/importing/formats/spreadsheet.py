"""Spreadsheets and tables of any columns: most real lists. Titles tell what is what."""

import io
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

from dispatch.errors import ServiceError, TooLarge
from dispatch.importing.csv_rows import (
    FIELD_TOO_LONG,
    MAX_FIELD_CHARACTERS,
    MAX_FILE_BYTES,
    MAX_ROWS,
    CsvRow,
    Table,
    read_table,
)
from dispatch.importing.progress import APART, EVERY_ROWS, tell
from dispatch.importing.reading import Reading
from dispatch.importing.table_fields import (
    TALKGROUP_SYNONYMS,
    UNIT_SYNONYMS,
    Fields,
    columns_of,
    places_of,
    refuse_secrets,
)
from dispatch.importing.talkgroup_rows import TalkgroupRows
from dispatch.importing.unit_rows import UnitRows

if TYPE_CHECKING:
    from python_calamine import CalamineWorkbook

FORMAT = "spreadsheet"
TALKGROUPS, UNITS = "talkgroups", "units"
ZIP_MARK = b"PK\x03\x04"
MAX_HEADER_ROW = 20
"""Rows above the header that are looked through: titles, dates, logos."""
MAX_UNPACKED = 400 * 1024 * 1024


def read_spreadsheet(
    data: bytes, kind: str, mapping: Mapping[str, str] | None = None, sheet: str = ""
) -> Reading:
    """Read a table as talkgroups or units; ``mapping`` says what a title means.

    Raises ServiceError when no column gives the number.
    """
    table = workbook_table(data, sheet) if data.startswith(ZIP_MARK) else read_table(data)
    refuse_secrets(table.header)
    synonyms = TALKGROUP_SYNONYMS if kind == TALKGROUPS else UNIT_SYNONYMS
    places = places_of(table.header, synonyms, mapping)
    reading = Reading(format=FORMAT, why=_why(table, places), sure=False)
    reading.warnings += table.warnings
    reading.columns = columns_of(table, places)
    wanted = ("decimal",) if kind == TALKGROUPS else ("number", "pattern", "first")
    if not any(name in places for name in wanted):
        reading.warnings.append("no column gives the number: say which one does")
        return reading
    reading.expected = len(table.rows)
    rows = TalkgroupRows(reading, mode_required=False) if kind == TALKGROUPS else UnitRows(reading)
    for row in table.rows:
        rows.take(row, Fields(row, places, table.header))
    return reading


def _why(table: Table, places: Mapping[str, int]) -> str:
    titles = [table.header[place] for place in sorted(places.values())]
    return f"a table; used by their titles: {', '.join(titles) or 'none'}"


def sheets_of(data: bytes) -> list[str]:
    """Return the names of a workbook's sheets; raises ServiceError when it is none."""
    return list(_workbook(data).sheet_names)


def _workbook(data: bytes) -> "CalamineWorkbook":
    from python_calamine import CalamineWorkbook  # noqa: PLC0415 - its memory costs who reads one

    if len(data) > MAX_FILE_BYTES:
        raise TooLarge(f"file: {len(data)} bytes, at most {MAX_FILE_BYTES} are read")
    _refuse_bomb(data)
    try:
        return CalamineWorkbook.from_filelike(io.BytesIO(data))
    except Exception as error:  # the library raises one class for each format
        raise ServiceError(f"file: not a workbook that can be read: {error}") from error


def _refuse_bomb(data: bytes) -> None:
    """Refuse a packed file that unpacks to more than any list has."""
    import zipfile  # noqa: PLC0415 - only for workbooks

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            size = sum(entry.file_size for entry in packed.infolist())
    except zipfile.BadZipFile as error:
        raise ServiceError(f"file: not a workbook that can be read: {error}") from error
    if size > MAX_UNPACKED:
        raise TooLarge(f"file: unpacks to {size} bytes, at most {MAX_UNPACKED} are read")


def workbook_table(data: bytes, sheet: str = "") -> Table:
    """Return the table of a sheet (the first one unless named); the header is looked for."""
    workbook = _workbook(data)
    names = workbook.sheet_names
    name = sheet or (names[0] if names else "")
    if name not in names:
        raise ServiceError(f"file: expected one of the sheets {', '.join(names)}, got {sheet!r}")
    page = workbook.get_sheet_by_name(name)
    total = min(page.height, MAX_ROWS)
    lines: list[tuple[str, ...]] = []
    for row in page.iter_rows():
        if len(lines) > MAX_ROWS + MAX_HEADER_ROW:
            raise TooLarge(f"file: more than {MAX_ROWS} rows")
        if len(lines) % EVERY_ROWS == 0:
            tell(APART, len(lines), total)
        lines.append(tuple([_text(cell) for cell in row]))
    head = _header_row(lines)
    if head is None:
        raise ServiceError("file: the sheet is empty", hint=f"Sheets: {', '.join(names)}")
    rows = tuple(_sheet_rows(lines, head))
    if len(rows) > MAX_ROWS:
        raise TooLarge(f"file: more than {MAX_ROWS} rows")
    warnings = [f"the header was found in row {head + 1}"] if head else []
    if len(names) > 1:
        others = ", ".join(other for other in names if other != name)
        warnings.append(f"the sheet {name} was read; not read: {others}")
    return Table(lines[head], rows, tuple(warnings))


def _sheet_rows(lines: list[tuple[str, ...]], head: int) -> Iterator[CsvRow]:
    for number, fields in enumerate(lines[head + 1 :], start=head + 2):
        if not any(fields):
            continue
        if max(map(len, fields)) > MAX_FIELD_CHARACTERS:
            yield CsvRow(number, (fields[0][:40],), too_long=FIELD_TOO_LONG)
        else:
            yield CsvRow(number, fields)


def _header_row(lines: list[tuple[str, ...]]) -> int | None:
    """Return the row with most titles that are known, else the first that has two fields."""
    known = TALKGROUP_SYNONYMS.keys() | UNIT_SYNONYMS.keys()
    best, most = None, 0
    for number, fields in enumerate(lines[:MAX_HEADER_ROW]):
        titles = sum(" ".join(field.casefold().split()) in known for field in fields)
        if titles > most:
            best, most = number, titles
    if best is None:
        best = next((n for n, fields in enumerate(lines) if sum(map(bool, fields)) > 1), None)
    return best


def _text(cell: Any) -> str:  # what the library gives: texts, numbers, booleans, times
    if isinstance(cell, str):
        return cell.strip()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime | date | time):
        return cell.isoformat()
    return str(cell).strip() if cell is not None else ""

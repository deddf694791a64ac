"""Unit lists: trunk-recorder's tags, DVM's access list, OP25's tags, RadioID, TETRA desks."""

import csv
from collections.abc import Mapping

from dispatch.importing.csv_rows import (
    FIELD_TOO_LONG,
    MAX_FIELD_CHARACTERS,
    CsvRow,
    Table,
    lines_of,
    read_table,
)
from dispatch.importing.reading import SKIPPED, Imported, Reading
from dispatch.importing.table_fields import Fields, columns_of, places_of, refuse_secrets, unmarked
from dispatch.importing.talkgroup_rows import MAX_NAME_CHARACTERS, integer, whole_number
from dispatch.importing.unit_rows import UnitRows

TAGS, RID_ACL, OP25, RADIO_ID, TETRA = (
    "trunk-recorder-units",
    "dvm-rid-acl",
    "op25",
    "radioid",
    "tetra-units",
)
TETRA_COLUMNS = {
    "issi": "number",
    "alias": "alias",
    "opta": "opta",
    "type": "kind",
    "vehicle": "vehicle",
}
TWO = {"number": 0, "alias": 1}


def read_tags(data: bytes) -> Reading:
    """Read two columns without a header: number or pattern, name. First fit holds.

    Separators are comma and tab, the quote ``"``, the escape a backslash.
    """
    lines, warnings = lines_of(data)
    reading = Reading(format=TAGS, why="two columns, the first a number or a pattern", sure=False)
    reading.warnings += warnings
    reading.expected = len(lines)
    rows = UnitRows(reading)
    for number, line in enumerate(lines, start=1):
        if line.strip() and not _too_long(reading, number, line):
            _take_tag(rows, reading, number, line)
    return reading


def _too_long(reading: Reading, number: int, line: str) -> bool:
    """Report a line that no field of a list fills; such a one is not taken apart."""
    if len(line) > MAX_FIELD_CHARACTERS:
        reading.report(number, SKIPPED, "", FIELD_TOO_LONG, line[:40])
    return len(line) > MAX_FIELD_CHARACTERS


def _take_tag(rows: UnitRows, reading: Reading, number: int, line: str) -> None:
    separator = "\t" if "\t" in line and "," not in line.split("\t", maxsplit=1)[0] else ","
    try:
        fields = next(csv.reader([line], delimiter=separator, escapechar="\\", doublequote=False))
    except csv.Error as error:
        reading.report(number, SKIPPED, "", str(error), line)
        return
    # A pattern's own backslashes are no escapes: it is taken from the line as it stands.
    first = line.split(separator, maxsplit=1)[0].strip().strip('"')
    if len(fields) < 2 or not first:
        reading.report(number, SKIPPED, "", "expected two fields", line)
        return
    name = separator.join(fields[1:2]).strip()
    if first.isdecimal():
        more = f"{len(fields)} fields of 2: the last ones were not read" if len(fields) > 2 else ""
        row = CsvRow(number, (first, name), repaired=more)
        rows.take(row, Fields(row, TWO, ("Unit ID", "Unit Name")))
    elif name:
        rows.rule(number, first, name)
    else:
        reading.report(number, SKIPPED, "Unit Name", "no name: nothing to take", first)


def read_rid_acl(data: bytes) -> Reading:
    """Read DVM's access list: ``RID,Enabled,Alias,IP,`` without any quoting.

    A row that was written without alias has its address in the alias's place: it has no name.
    """
    lines, warnings = lines_of(data)
    reading = Reading(format=RID_ACL, why="rows of a number, 0 or 1, and an alias; # comments")
    reading.warnings += warnings
    reading.expected = len(lines)
    reading.warnings.append("enabled and address are not part of a plan and were not taken")
    rows = UnitRows(reading)
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.lstrip().startswith("#") or _too_long(reading, number, line):
            continue
        fields = [field.strip() for field in line.split(",")]
        alias = fields[2] if len(fields) > 2 else ""
        if _is_address(alias):
            reading.report(number, SKIPPED, "Alias", "an address in the alias's place", alias)
            continue
        row = CsvRow(number, (fields[0], alias))
        rows.take(row, Fields(row, TWO, ("RID", "Alias")))
    return reading


def _is_address(text: str) -> bool:
    parts = text.split(".")
    return len(parts) == 4 and all(part.isdecimal() and int(part) < 256 for part in parts)


def read_op25(data: bytes, *, units: bool = False) -> Reading:
    """Read OP25's tab-separated tags: number, tag, priority (lower goes first)."""
    lines, warnings = lines_of(data)
    reading = Reading(format=OP25, why="tab-separated, the first column a number")
    reading.warnings += warnings
    reading.expected = len(lines)
    rows = UnitRows(reading)
    seen: dict[int, int] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith("#") or _too_long(reading, number, line):
            continue
        fields = [field.strip() for field in next(csv.reader([line], delimiter="\t"), [])]
        row = CsvRow(number, tuple(fields))
        if units:
            rows.take(row, Fields(row, TWO, ("Number", "Tag")))
        else:
            _take_op25(reading, seen, row)
    return reading


def _take_op25(reading: Reading, seen: dict[int, int], row: CsvRow) -> None:
    number = whole_number(row.fields[0])
    tag = unmarked(row.fields[1]) if len(row.fields) > 1 else ""
    if number is None or not 0 < number < 1 << 24:
        words = "expected a number from 1 to 16777215"
        reading.report(row.line, SKIPPED, "Number", words, row.fields[0])
    elif number in seen:
        words = f"the number is in line {seen[number]} already"
        reading.report(row.line, "duplicate", "Number", words, str(number))
    else:
        seen[number] = row.line
        priority = integer(row.fields[2]) if len(row.fields) > 2 else None
        name = tag[:MAX_NAME_CHARACTERS] or str(number)
        imported = Imported(number=number, name=name, priority=priority, line=row.line)
        reading.talkgroups.append(imported)
        cut = len(tag) > MAX_NAME_CHARACTERS
        words = f"cut to {MAX_NAME_CHARACTERS} characters" if cut else ""
        reading.report(row.line, "repaired" if cut else "ok", "Tag" if cut else "", words, tag)


def read_radioid(data: bytes) -> Reading:
    """Read the amateurs' list; of private persons only the call sign is taken."""
    table = read_table(data)
    places = places_of(table.header, {"radio_id": "number", "callsign": "alias"})
    reading = Reading(format=RADIO_ID, why="the header begins with RADIO_ID, CALLSIGN")
    reading.warnings.append("names of private persons are not taken, only call signs")
    return _table(table, places, reading)


def read_tetra_units(data: bytes) -> Reading:
    """Read our own list of TETRA radios: mcc,mnc,issi,opta,alias,type,vehicle,..."""
    table = read_table(data)
    places = places_of(table.header, TETRA_COLUMNS)
    return _table(table, places, Reading(format=TETRA, why="the header has mcc, mnc and issi"))


def _table(table: Table, places: Mapping[str, int], reading: Reading) -> Reading:
    reading.expected = len(table.rows)
    refuse_secrets(table.header)
    reading.warnings += table.warnings
    reading.columns = columns_of(table, places)
    rows = UnitRows(reading)
    for row in table.rows:
        rows.take(row, Fields(row, places, table.header))
    return reading

"""Talkgroup tables in CSV: trunk-recorder, RadioReference, OpenMHz, rdio-scanner, TETRA desks.

trunk-recorder and RadioReference have the same columns in another order, so every column is found
by its title. rdio-scanner reads by place, which is RadioReference's order without its titles.
"""

from collections.abc import Mapping

from dispatch.errors import ServiceError
from dispatch.importing.csv_rows import Table, read_table
from dispatch.importing.reading import Reading
from dispatch.importing.table_fields import (
    TALKGROUP_SYNONYMS,
    Fields,
    columns_of,
    places_of,
    refuse_secrets,
)
from dispatch.importing.talkgroup_rows import TalkgroupRows

TRUNK_RECORDER, RADIO_REFERENCE = "trunk-recorder", "radioreference"
CHANNELS, OPENMHZ, RDIO, TETRA = (
    "trunk-recorder-channels",
    "openmhz",
    "rdio-scanner",
    "tetra-talkgroups",
)
OWN_COLUMNS = frozenset({"priority", "preferred_nac", "comment"})
"""Columns that only trunk-recorder has."""
RDIO_PLACES = {"decimal": 0, "name": 2, "description": 4, "tag": 5, "category": 6}
"""``Id, (unused), Label, (unused), Name, Tag, Group``."""
TETRA_COLUMNS = {
    "gssi": "decimal",
    "alias": "name",
    "opta": "description",
    "folder": "category",
    "priority": "priority",
    "encryption": "encryption",
}


def read_talkgroup_csv(data: bytes, mapping: Mapping[str, str] | None = None) -> Reading:
    """Read a table with a header of Decimal and Mode; raises ServiceError."""
    table = read_table(data)
    refuse_secrets(table.header)
    places = places_of(table.header, TALKGROUP_SYNONYMS, mapping)
    name, why = _recognise(table, places)
    return _read(table, places, Reading(format=name, why=why), mode_required=True)


def read_channels(data: bytes) -> Reading:
    """Read trunk-recorder's conventional channels; ``Enable`` of false skips a row."""
    table = read_table(data)
    places = places_of(table.header, TALKGROUP_SYNONYMS | {"enable": "enable"})
    reading = Reading(format=CHANNELS, why="the header begins with TG Number and has Frequency")
    return _read(table, places, reading, mode_required=False)


def read_openmhz(data: bytes) -> Reading:
    """Read OpenMHz's export: Decimal, Alpha Tag, Description, Priority."""
    table = read_table(data)
    places = places_of(table.header, TALKGROUP_SYNONYMS)
    why = "the header has Decimal and Alpha Tag, and no Mode"
    return _read(table, places, Reading(format=OPENMHZ, why=why), mode_required=False)


def read_rdio(data: bytes) -> Reading:
    """Read a table by place; rows whose first field is no number are headings."""
    table = read_table(data, header=False)
    why = "no header; seven columns or more, the first is a number: read by place"
    reading = Reading(format=RDIO, why=why, sure=False)
    return _read(table, RDIO_PLACES, reading, mode_required=False)


def read_tetra(data: bytes) -> Reading:
    """Read our own list of TETRA groups: mcc,mnc,gssi,opta,alias,folder,type,..."""
    table = read_table(data)
    places = places_of(table.header, TETRA_COLUMNS)
    reading = Reading(format=TETRA, why="the header has mcc, mnc and gssi")
    return _read(table, places, reading, mode_required=False)


def _read(
    table: Table, places: Mapping[str, int], reading: Reading, *, mode_required: bool
) -> Reading:
    reading.warnings += table.warnings
    reading.columns = columns_of(table, places)
    reading.expected = len(table.rows)
    unused = [column.title for column in reading.columns if column.title and not column.field]
    if unused:
        reading.warnings.append(f"columns not used: {', '.join(unused)}")
    rows = TalkgroupRows(reading, mode_required=mode_required)
    for row in table.rows:
        fields = Fields(row, places, table.header)
        if fields.get("enable").strip().casefold() == "false":
            reading.report(row.line, "skipped", fields.title("enable"), "not enabled", "false")
        else:
            rows.take(row, fields)
    return reading


def _recognise(table: Table, places: Mapping[str, int]) -> tuple[str, str]:
    shown = ", ".join(table.header)[:120]
    if "decimal" not in places or "mode" not in places:
        raise ServiceError(
            f"file: expected a header with Decimal and Mode, got: {shown}",
            hint="Any other table is read as a spreadsheet: say what its columns mean.",
        )
    own = OWN_COLUMNS & places.keys()
    if own:
        names = ", ".join(sorted(own)).replace("_", " ")
        return TRUNK_RECORDER, f"the header has Decimal, Mode and {names}"
    if places.get("mode", 0) > places.get("name", -1) >= 0:
        words = "the header has Decimal, Mode, and Alpha Tag before Mode; no column of its own of"
        return RADIO_REFERENCE, f"{words} trunk-recorder"
    return TRUNK_RECORDER, "the header has Decimal, and Mode before Alpha Tag"

"""Talkgroup tables by their header: one name for reading trunk-recorder's and RadioReference's."""

from dispatch.importing.formats.talkgroup_csv import (
    RADIO_REFERENCE,
    TRUNK_RECORDER,
    read_talkgroup_csv,
)
from dispatch.importing.reading import Imported, Reading, RowReport
from dispatch.importing.talkgroup_rows import agency_kind

read_talkgroups = read_talkgroup_csv
__all__ = [
    "RADIO_REFERENCE",
    "TRUNK_RECORDER",
    "Imported",
    "Reading",
    "RowReport",
    "agency_kind",
    "read_talkgroups",
]

"""Columns of a table by what they mean: titles in many words, fields of ours."""

import re
from collections.abc import Mapping

from dispatch.errors import ServiceError
from dispatch.importing.csv_rows import CsvRow, Table
from dispatch.importing.reading import Column

TALKGROUP_SYNONYMS = {
    "decimal": "decimal",
    "dec": "decimal",
    "tgid": "decimal",
    "tg": "decimal",
    "tg number": "decimal",
    "talkgroup": "decimal",
    "talkgroup id": "decimal",
    "group": "category",
    "gssi": "decimal",
    "hex": "hex",
    "mode": "mode",
    "alpha tag": "name",
    "alphatag": "name",
    "alpha": "name",
    "name": "name",
    "label": "name",
    "alias": "name",
    "short name": "name",
    "channel": "name",
    "description": "description",
    "desc": "description",
    "comment": "comment",
    "comments": "comment",
    "category": "category",
    "folder": "category",
    "zone": "category",
    "tag": "tag",
    "service tag": "tag",
    "service": "tag",
    "agency": "tag",
    "organisation": "tag",
    "organization": "tag",
    "priority": "priority",
    "prio": "priority",
    "preferred nac": "preferred_nac",
    "encryption": "encryption",
    "encrypted": "encryption",
    "recorded": "recorded",
    "record": "recorded",
}
"""Titles of talkgroup columns, in lower case with single blanks."""
UNIT_SYNONYMS = {
    "issi": "number",
    "rid": "number",
    "radio id": "number",
    "radio_id": "number",
    "unit": "number",
    "unit id": "number",
    "id": "number",
    "number": "number",
    "ssi": "number",
    "itsi": "number",
    "decimal": "number",
    "alias": "alias",
    "name": "alias",
    "label": "alias",
    "call sign": "alias",
    "callsign": "alias",
    "unit name": "alias",
    "opta": "opta",
    "owner": "owner",
    "agency": "owner",
    "organisation": "owner",
    "organization": "owner",
    "type": "kind",
    "kind": "kind",
    "vehicle": "vehicle",
    "home talkgroup": "talkgroup",
    "talkgroup": "talkgroup",
    "first": "first",
    "from": "first",
    "last": "last",
    "to": "last",
    "pattern": "pattern",
    "regex": "pattern",
}
"""Titles of unit columns."""
TALKGROUP_FIELDS = tuple(dict.fromkeys(TALKGROUP_SYNONYMS.values()))
UNIT_FIELDS = tuple(dict.fromkeys(UNIT_SYNONYMS.values()))
SECRETS = re.compile(
    r"\b(psk|password|passphrase|encryption key|key material|preshared|secret|tek|kek|sck)\b",
    re.IGNORECASE,
)


def plain(title: str) -> str:
    """Return a title as the tables of synonyms have it."""
    return " ".join(title.casefold().replace("\ufeff", "").split())


def refuse_secrets(header: tuple[str, ...]) -> None:
    """Raise ServiceError when a column looks like a secret."""
    secret = next((name for name in header if SECRETS.search(name.replace("_", " "))), None)
    if secret:
        raise ServiceError(
            f"file: the column {secret!r} looks like a secret; it is not read",
            hint="Take the column out: keys have no place in such a list.",
        )


def places_of(
    header: tuple[str, ...], synonyms: Mapping[str, str], mapping: Mapping[str, str] | None = None
) -> dict[str, int]:
    """Return the place of each field; ``mapping`` (title -> field, empty: not used) goes first."""
    chosen = {plain(title): name for title, name in (mapping or {}).items()}
    found: dict[str, int] = {}
    for place, title in enumerate(header):
        known = plain(title)
        name = chosen.get(known, synonyms.get(known, "")) if known else ""
        if name:
            found.setdefault(name, place)
    return found


def columns_of(table: Table, places: Mapping[str, int]) -> list[Column]:
    """Return the columns of a table, each with the field that it is read as and an example."""
    by_place = {place: name for name, place in places.items()}
    return [
        Column(title=title, field=by_place.get(place, ""), example=_example(table, place))
        for place, title in enumerate(table.header)
    ]


def _example(table: Table, place: int) -> str:
    values = (row.fields[place] for row in table.rows[:20] if place < len(row.fields))
    return next((value for value in values if value), "")[:60]


FORMULAS = frozenset("=+-@")
"""First characters that a spreadsheet would run; written with an apostrophe before them."""


def unmarked(text: str) -> str:
    """Return a text without the apostrophe that keeps a spreadsheet from running it."""
    return text[1:] if text[:1] == "'" and text[1:2] in FORMULAS else text


class Fields:
    """Fields of one row by what they mean; a missing one is empty."""

    __slots__ = ("_count", "_header", "_places", "_values")

    def __init__(self, row: CsvRow, places: Mapping[str, int], header: tuple[str, ...]) -> None:
        """Take a row, the place of each field, and the titles."""
        fields = row.fields
        last = self._count = len(fields)
        self._places, self._header = places, header
        self._values = {name: fields[at] for name, at in places.items() if at < last}

    def get(self, name: str) -> str:
        """Return a field's text, without the mark that keeps a spreadsheet from running it."""
        text = self._values.get(name, "")
        return unmarked(text) if text[:1] == "'" else text

    def is_cut(self) -> bool:
        """Whether the row has fewer fields than the table has titles."""
        return self._count < len(self._header)

    def too_many(self) -> str:
        """Return in words that the row has more fields than the table has titles, else nothing."""
        if not any(self._header) or self._count <= len(self._header):
            return ""
        return f"{self._count} fields of {len(self._header)}: the last ones were not read"

    def cut_words(self) -> str:
        """Return how many fields of how many there are."""
        return f"{self._count} fields of {len(self._header)}: the row is cut off"

    def place(self, name: str) -> int | None:
        """Return the place of a column, None when the table has none."""
        return self._places.get(name)

    def has(self, name: str) -> bool:
        """Whether the table has such a column."""
        return name in self._places

    def title(self, name: str) -> str:
        """Return the title of a column, for the report."""
        place = self._places.get(name)
        known = place is not None and place < len(self._header)
        return self._header[place] if known and place is not None else name

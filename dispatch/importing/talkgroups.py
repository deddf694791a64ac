"""trunk-recorder and RadioReference talkgroup lists: recognised by content, read by header name.

The two differ in the order of their columns and in what they have beside the common ones; so every
column is found by name. Each row of the file is reported: ok, repaired, skipped or duplicate.
"""

import re
from dataclasses import dataclass, field

from dispatch.errors import ServiceError
from dispatch.importing.csv_rows import CsvRow, Table, read_table

TRUNK_RECORDER, RADIO_REFERENCE = "trunk-recorder", "radioreference"
MAX_NAME_CHARACTERS = 64
MODES = frozenset({"A", "D", "M", "T"})
SYNONYMS = {
    "decimal": "decimal",
    "dec": "decimal",
    "tgid": "decimal",
    "hex": "hex",
    "mode": "mode",
    "alpha tag": "name",
    "alphatag": "name",
    "alpha": "name",
    "description": "description",
    "desc": "description",
    "category": "category",
    "group": "category",
    "tag": "tag",
    "service tag": "tag",
    "priority": "priority",
    "preferred nac": "preferred_nac",
    "comment": "comment",
}
OWN_COLUMNS = frozenset({"priority", "preferred_nac", "comment"})
"""Columns that only trunk-recorder has."""
SECRETS = re.compile(
    r"\b(psk|password|passphrase|encryption key|preshared|secret)\b", re.IGNORECASE
)
AGENCY_WORDS = (
    ("police", ("police", "law", "sheriff", "polis", "patrol")),
    ("fire", ("fire", "rescue", "brand", "rädd")),
    ("ems", ("ems", "medical", "hospital", "ambulan", "sjuk")),
    ("port", ("port", "harbour", "harbor", "coast", "hamn")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RowReport:
    """What became of one row."""

    line: int
    state: str
    """ok, repaired, skipped or duplicate."""
    column: str = ""
    reason: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """One talkgroup of the file; None where the file says nothing."""

    number: int
    name: str
    description: str = ""
    folder: str | None = None
    agency: str | None = None
    agency_kind: str | None = None
    priority: int | None = None
    recorded: bool | None = None
    encrypted: bool | None = None
    line: int = 0


@dataclass(slots=True, kw_only=True)
class Reading:
    """A whole file: its format and why, each row's report, the talkgroups."""

    format: str
    why: str
    rows: list[RowReport] = field(default_factory=list)
    talkgroups: list[Imported] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def read_talkgroups(data: bytes) -> Reading:
    """Read a file; raises ServiceError that says what was expected and what came."""
    table = read_table(data)
    columns = {name: place for place, name in enumerate(map(_known, table.header)) if name}
    name, why = _recognise(table, columns)
    reading = Reading(format=name, why=why, warnings=list(table.warnings))
    unknown = [name for name in table.header if name and not _known(name)]
    if unknown:
        reading.warnings.append(f"columns not used: {', '.join(unknown)}")
    seen: dict[int, int] = {}
    for row in table.rows:
        _take(reading, row, _Fields(row, columns, table.header), seen)
    return reading


def _known(name: str) -> str:
    return SYNONYMS.get(" ".join(name.casefold().split()), "")


def _recognise(table: Table, columns: dict[str, int]) -> tuple[str, str]:
    shown = ", ".join(table.header)[:120]
    secret = next((name for name in table.header if SECRETS.search(name)), None)
    if secret:
        raise ServiceError(
            f"file: the column {secret!r} looks like a secret; it is not read",
            hint="Take the column out: keys have no place in a talkgroup list.",
        )
    if "decimal" not in columns or "mode" not in columns:
        raise ServiceError(
            f"file: expected a header with Decimal and Mode, got: {shown}",
            hint="Known are talkgroup lists of trunk-recorder and RadioReference (CSV).",
        )
    own = OWN_COLUMNS & columns.keys()
    if own:
        names = ", ".join(sorted(own)).replace("_", " ")
        return TRUNK_RECORDER, f"the header has Decimal, Mode and {names}"
    if columns.get("mode", 0) > columns.get("name", -1) >= 0:
        words = "the header has Decimal, Mode, and Alpha Tag before Mode; no column of its own of"
        return RADIO_REFERENCE, f"{words} trunk-recorder"
    return TRUNK_RECORDER, "the header has Decimal, and Mode before Alpha Tag"


class _Fields:
    """Fields of one row by column name; a missing one is empty."""

    def __init__(self, row: CsvRow, columns: dict[str, int], header: tuple[str, ...]) -> None:
        self._fields = row.fields
        self._columns = columns
        self._header = header

    def get(self, name: str) -> str:
        place = self._columns.get(name)
        return self._fields[place] if place is not None and place < len(self._fields) else ""

    def has(self, name: str) -> bool:
        return name in self._columns

    def title(self, name: str) -> str:
        place = self._columns.get(name)
        return self._header[place] if place is not None else name


def _take(reading: Reading, row: CsvRow, fields: _Fields, seen: dict[int, int]) -> None:
    def report(state: str, column: str = "", reason: str = "", value: str = "") -> None:
        title = fields.title(column) if column else ""
        line = RowReport(line=row.line, state=state, column=title, reason=reason, value=value[:200])
        reading.rows.append(line)

    if row.too_long:
        report("skipped", "", row.too_long, row.fields[0])
        return
    decimal = fields.get("decimal")
    if not decimal.isascii() or not decimal.isdecimal() or not 0 < int(decimal) < 1 << 24:
        report("skipped", "decimal", "expected a number from 1 to 16777215", decimal)
        return
    mode = fields.get("mode")
    if mode[:1].upper() not in MODES or mode[1:] not in ("", "e", "E"):
        report("skipped", "mode", "expected A, D, M or T, with e or E when encrypted", mode)
        return
    number = int(decimal)
    if number in seen:
        report("duplicate", "decimal", f"the number is in line {seen[number]} already", decimal)
        return
    seen[number] = row.line
    reading.talkgroups.append(_talkgroup(number, mode, fields, row.line))
    repairs = _repairs(row, number, fields)
    if repairs:
        report("repaired", *repairs)
    else:
        report("ok", "", "", decimal)


def _repairs(row: CsvRow, number: int, fields: _Fields) -> tuple[str, str, str] | None:
    """Return (column, reason, value) of what is not as the file has it."""
    if row.repaired:
        broken = next((n for n in ("description", "name") if '"' in fields.get(n)), "description")
        return broken, row.repaired, fields.get(broken)
    hexadecimal = fields.get("hex")
    if hexadecimal and not _same(hexadecimal, number):
        return "hex", f"it is not {number} in hexadecimal; the decimal number was used", hexadecimal
    name = fields.get("name") or fields.get("description")
    if len(name) > MAX_NAME_CHARACTERS:
        return "name", f"cut to {MAX_NAME_CHARACTERS} characters", name
    if not name:
        return "name", "no name: the number was used", str(number)
    priority = fields.get("priority")
    if priority and _integer(priority) is None:
        return "priority", "expected an integer; none was set", priority
    return None


def _same(hexadecimal: str, number: int) -> bool:
    try:
        return int(hexadecimal, 16) == number
    except ValueError:
        return False


def _integer(text: str) -> int | None:
    return int(text) if re.fullmatch(r"-?[0-9]{1,4}", text) else None


def _talkgroup(number: int, mode: str, fields: _Fields, line: int) -> Imported:
    name = fields.get("name") or fields.get("description") or str(number)
    category, tag = fields.get("category"), fields.get("tag")
    priority = _integer(fields.get("priority"))
    return Imported(
        number=number,
        name=name[:MAX_NAME_CHARACTERS],
        description=fields.get("description"),
        folder=category or None,
        agency=tag or None,
        agency_kind=agency_kind(f"{tag} {category}"),
        priority=None if priority is None or priority < 0 else priority,
        recorded=None if priority is None else priority >= 0,
        encrypted=mode[1:] in ("e", "E"),
        line=line,
    )


def agency_kind(words: str) -> str | None:
    """Return the kind of agency that tag and category speak of, None when of none."""
    plain = words.casefold()
    return next((kind for kind, marks in AGENCY_WORDS if any(m in plain for m in marks)), None)

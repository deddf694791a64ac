"""One row of a talkgroup table, whatever program wrote it: number, mode, names, repairs."""

import re
from functools import lru_cache

from dispatch.importing.csv_rows import CsvRow
from dispatch.importing.reading import DUPLICATE, OK, REPAIRED, SKIPPED, Imported, Reading
from dispatch.importing.table_fields import Fields

MAX_NUMBER = (1 << 24) - 1
MAX_DIGITS = 10
_WHOLE = re.compile(rf"([0-9]{{1,{MAX_DIGITS}}})(?:[.,]0+)?")
_SMALL = re.compile(r"-?[0-9]{1,4}")
MAX_NAME_CHARACTERS = 24
"""Longest name of a talkgroup in a plan."""
MODES = frozenset({"A", "D", "M", "T"})
YES = frozenset({"1", "yes", "y", "true", "x", "ja", "full", "partial", "enc", "encrypted", "on"})
NO = frozenset({"0", "no", "n", "false", "-", "nej", "nein", "none", "clear", "unencrypted", "off"})
AGENCY_WORDS = (
    ("police", re.compile(r"\b(?:police|law|sheriff|patrol)|polis")),
    ("fire", re.compile(r"\b(?:fire|rescue)|brand|rädd")),
    ("ems", re.compile(r"\b(?:ems\b|medical|hospital|ambulan)|ambulan|sjuk")),
    ("port", re.compile(r"\b(?:port\b|ports\b|harbour|harbor|coast)|hamn")),
)
"""Words begin with these: "Imported" and "transport" speak of no port, "systems" of no EMS."""


class TalkgroupRows:
    """Takes rows of one table into a reading."""

    def __init__(self, reading: Reading, *, mode_required: bool) -> None:
        """Begin with no number seen. ``mode_required``: a row without a mode is not taken."""
        self._reading = reading
        self._mode_required = mode_required
        self._seen: dict[int, CsvRow] = {}

    def take(self, row: CsvRow, fields: Fields) -> None:
        """Report the row and keep its talkgroup."""
        refused = self._refused(row, fields)
        if refused is not None:
            state, column, reason, value = refused
            title = fields.title(column) if column else ""
            self._reading.report(row.line, state, title, reason, value)
            return
        number = whole_number(fields.get("decimal")) or 0
        self._seen[number] = row
        self._reading.talkgroups.append(_talkgroup(number, fields, row.line))
        repair = _repair(row, number, fields)
        if repair is None:
            self._reading.report(row.line, OK, value=fields.get("decimal"))
        else:
            column, reason, value = repair
            title = fields.title(column) if column else ""
            self._reading.report(row.line, REPAIRED, title, reason, value)

    def _refused(self, row: CsvRow, fields: Fields) -> tuple[str, str, str, str] | None:
        if row.too_long:
            return SKIPPED, "", row.too_long, row.fields[0]
        decimal, mode = fields.get("decimal"), fields.get("mode")
        number = whole_number(decimal)
        if number is None or not 0 < number <= MAX_NUMBER:
            return SKIPPED, "decimal", _number_words(decimal), decimal
        if fields.is_cut() and self._mode_required and not mode:
            return SKIPPED, "", fields.cut_words(), ",".join(row.fields)
        if (mode or self._mode_required) and read_mode(mode) is None:
            words = "expected A, D, M or T, with e or E when encrypted"
            return SKIPPED, "mode", words, mode
        if number in self._seen:
            return DUPLICATE, "decimal", same_number(self._seen[number], row), decimal
        return None


def same_number(first: CsvRow, again: CsvRow) -> str:
    """Return what a second row of one number is told: the first one stays."""
    other = "the same content" if first.fields == again.fields else "another content"
    return f"the number is in line {first.line} already, with {other}; line {first.line} stays"


def whole_number(text: str) -> int | None:
    """Return a whole number; spreadsheets write ``101.0``. None for anything else."""
    if text.isascii() and text.isdecimal() and len(text) <= MAX_DIGITS:
        return int(text)
    found = _WHOLE.fullmatch(text.strip())
    return int(found[1]) if found else None


def _number_words(text: str) -> str:
    wrong = next((n for n, sign in enumerate(text) if not sign.isdecimal()), None)
    place = f": {text[wrong]!r} in place {wrong + 1}" if wrong is not None and text.strip() else ""
    return f"expected a number from 1 to {MAX_NUMBER}{place}"


def read_mode(mode: str) -> tuple[str, bool] | None:
    """Return the letter and whether it is encrypted; ``E`` alone is digital, encrypted."""
    if mode in ("e", "E"):
        return "D", True
    if mode[:1].upper() in MODES and mode[1:] in ("", "e", "E"):
        return mode[:1].upper(), mode[1:] != ""
    return None


def integer(text: str) -> int | None:
    """Return a small integer, None for anything else."""
    return int(text) if _SMALL.fullmatch(text) else None


def yes_or_no(text: str) -> bool | None:
    """Return what a field says, None when it says nothing that is known."""
    known = text.strip().casefold()
    return True if known in YES else False if known in NO else None


def _repair(row: CsvRow, number: int, fields: Fields) -> tuple[str, str, str] | None:
    """Return (column, reason, value) of what is not as the file has it."""
    if row.repaired:
        broken = next((n for n in ("description", "name") if '"' in fields.get(n)), "description")
        return broken, row.repaired, fields.get(broken)
    hexadecimal = fields.get("hex")
    if hexadecimal and not _same(hexadecimal, number):
        return "hex", f"it is not {number} in hexadecimal; the decimal number was used", hexadecimal
    if fields.too_many():
        return "", fields.too_many(), ",".join(row.fields)
    return _repaired_name(number, fields) or _repaired_rest(fields)


def _repaired_name(number: int, fields: Fields) -> tuple[str, str, str] | None:
    name = fields.get("name") or fields.get("description")
    if not name:
        return "name", "no name: the number was used", str(number)
    if len(name) > MAX_NAME_CHARACTERS:
        return "name", f"cut to {MAX_NAME_CHARACTERS} characters; whole in the description", name
    return None


def _repaired_rest(fields: Fields) -> tuple[str, str, str] | None:
    priority, mode = fields.get("priority"), fields.get("mode")
    if priority and integer(priority) is None:
        return "priority", "expected an integer; none was set", priority
    if priority and (integer(priority) or 0) < 0:
        return "priority", "means never record: recording switched off", priority
    if mode in ("e", "E"):
        return "mode", "no mode letter; read as digital, encrypted", mode
    if mode[1:] == "e":
        return "mode", "partly encrypted: marked as encrypted", mode
    return None


def _same(hexadecimal: str, number: int) -> bool:
    try:
        return int(hexadecimal.removesuffix("h"), 16) == number
    except ValueError:
        return False


def _talkgroup(number: int, fields: Fields, line: int) -> Imported:
    name = fields.get("name") or fields.get("description") or str(number)
    description = fields.get("description")
    if len(name) > MAX_NAME_CHARACTERS and name not in description:
        description = f"{name}. {description}" if description else name
    category, tag = fields.get("category"), fields.get("tag")
    mode, priority = read_mode(fields.get("mode")), integer(fields.get("priority"))
    encrypted = mode[1] if mode is not None else yes_or_no(fields.get("encryption"))
    recorded = None if priority is None else priority >= 0
    return Imported(
        number=number,
        name=name[:MAX_NAME_CHARACTERS].rstrip(),
        description=description,
        folder=category or None,
        agency=tag or None,
        agency_kind=agency_kind(f"{tag} {category}"),
        priority=None if priority is None or priority < 0 else priority,
        recorded=recorded if recorded is not None else yes_or_no(fields.get("recorded")),
        encrypted=encrypted,
        line=line,
    )


@lru_cache(4096)
def agency_kind(words: str) -> str | None:
    """Return the kind of agency that tag and category speak of, None when of none."""
    known = words.casefold()
    return next((kind for kind, marks in AGENCY_WORDS if marks.search(known)), None)

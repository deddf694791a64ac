"""What reading a list gives, whatever its format: rows reported one by one, and what they hold."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from dispatch.errors import TooLarge
from dispatch.importing.csv_rows import MAX_ROWS
from dispatch.importing.progress import EVERY_ROWS, ROWS, tell

OK, REPAIRED, SKIPPED, DUPLICATE = "ok", "repaired", "skipped", "duplicate"
STATES = (OK, REPAIRED, SKIPPED, DUPLICATE)
MAX_VALUE_CHARACTERS = 200


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


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedUnit:
    """One radio of the file."""

    number: int
    alias: str
    owner: str | None = None
    kind: str | None = None
    talkgroup: int | None = None
    """Number of its home talkgroup."""
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedRule:
    """Names of many radios: a span of numbers, or a pattern."""

    name: str
    alias: str
    first: int | None = None
    last: int | None = None
    pattern: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedSite:
    """A site of the file; None and empty where the file says nothing."""

    rfss: int
    number: int
    name: str
    nac: int | None = None
    county: str = ""
    latitude: float | None = None
    longitude: float | None = None
    frequencies_hz: tuple[int, ...] = ()
    control_hz: tuple[int, ...] = ()
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a table: its title, the field it is read as (empty: not used), an example."""

    title: str
    field: str
    example: str = ""


@dataclass(slots=True, kw_only=True)
class Reading:
    """A whole file: its format and why, each row's report, and what was read."""

    format: str
    why: str
    sure: bool = True
    rows: list[RowReport] = field(default_factory=list)
    talkgroups: list[Imported] = field(default_factory=list)
    units: list[ImportedUnit] = field(default_factory=list)
    rules: list[ImportedRule] = field(default_factory=list)
    sites: list[ImportedSite] = field(default_factory=list)
    columns: list[Column] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    mapped: str = "titles"
    """What told which column is what: titles, saved (by somebody for such a list) or hand."""
    expected: int = 0
    """Rows that will be reported, for who waits; 0 when it is not known before."""

    def report(
        self, line: int, state: str, column: str = "", reason: str = "", value: str = ""
    ) -> None:
        """Report one row; raises TooLarge when there are more than any list may have."""
        if len(self.rows) >= MAX_ROWS:
            raise TooLarge(f"file: more than {MAX_ROWS} rows")
        if len(self.rows) % EVERY_ROWS == 0:
            tell(ROWS, len(self.rows), self.expected)
        self.rows.append(
            RowReport(
                line=line,
                state=state,
                column=column,
                reason=reason,
                value=value[:MAX_VALUE_CHARACTERS],
            )
        )

    def counts(self) -> dict[str, int]:
        """Return how many rows were read and what became of them; the sums agree."""
        found = Counter(row.state for row in self.rows)
        return {"read": len(self.rows), **{state: found[state] for state in STATES}}


Faults = Sequence[tuple[str, str, str]]
"""Repairs of one row: (column, reason, value)."""

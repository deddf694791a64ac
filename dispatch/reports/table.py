"""A report as a table: columns with words, rows by group, notes. As JSON and as CSV."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Value = str | int | float | None


@dataclass(frozen=True, slots=True)
class Column:
    """One figure: key, heading, and kind (count, percent, ms, minutes, number, words)."""

    key: str
    words: str
    kind: str = "count"


@dataclass(slots=True, kw_only=True)
class Table:
    """A report of one time, by one dimension."""

    id: str
    title: str
    words: str
    """What is counted, in a sentence: a figure without its definition is read wrongly."""
    by: str
    columns: Sequence[Column]
    rows: list[dict[str, Value]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    withheld: bool = False
    """True when too few people worked in the time to show anything."""

    def to_json(self) -> dict[str, Any]:
        """Return JSON values."""
        return {
            "id": self.id,
            "title": self.title,
            "words": self.words,
            "by": self.by,
            "columns": [
                {"key": one.key, "words": one.words, "kind": one.kind} for one in self.columns
            ],
            "rows": self.rows,
            "notes": self.notes,
            "withheld": self.withheld,
        }

    def to_csv(self, head: Mapping[str, str]) -> str:
        """Return CSV (RFC 4180, comma, UTF-8), with a comment-free heading row."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\r\n")
        writer.writerow([*head, self.by, *(one.key for one in self.columns)])
        for row in self.rows:
            figures = (_cell(row.get(one.key)) for one in self.columns)
            writer.writerow([*head.values(), _cell(row["group"]), *figures])
        return out.getvalue()


def _cell(value: Value) -> Value:
    """Return a cell that no spreadsheet takes for a formula."""
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t"):
        return "'" + value
    return "" if value is None else value


def percent(part: int, whole: int) -> float | None:
    """Return a share with one decimal, None of nothing."""
    return round(100 * part / whole, 1) if whole else None


def quantile(values: Sequence[int], share: float) -> int | None:
    """Return the value that ``share`` of all do not exceed, None of nothing."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-int(share * 100) * len(ordered) // 100) - 1))]

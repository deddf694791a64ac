"""What the history of a plan keeps of an import: a head in words, its rows, what the file said.

Pure. Both tables are deflated, since a hundred thousand rows of a list have much in common. A table
that is longer than ``MAX_PACKED_BYTES`` then goes without the rows that were ok; they are counted.
"""

import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from dispatch.importing.earlier import said_of
from dispatch.importing.merge_list import ListDiff
from dispatch.importing.reading import OK, Reading, RowReport
from dispatch.importing.writing import safe
from dispatch.plans.packed import pack_rows, unpack

MAX_PACKED_BYTES = 8 << 20
"""Of one table, deflated."""
MAX_UNPACKED_BYTES = 256 << 20
ALL, ODD, NONE = "all", "odd", "none"
CSV_COLUMNS = ("line", "result", "column", "reason", "value")


@dataclass(frozen=True, slots=True)
class KeptReport:
    """What is kept. ``head``: format, columns, counts, sums, warnings (JSON values)."""

    head: dict[str, Any]
    kept: str
    """Which rows are there: all, odd or none."""
    rows: bytes
    said: bytes


def kept_report(system: str, reading: Reading, diff: ListDiff) -> KeptReport:
    """Return what is kept of an import that was put into a draft."""
    columns = [asdict(column) for column in reading.columns]
    head = {
        "format": reading.format,
        "why": reading.why,
        "mapped": reading.mapped,
        "columns": [{"title": one["title"], "field": one["field"]} for one in columns],
        "warnings": reading.warnings,
        "counts": reading.counts(),
        "sums": {
            "added": len(diff.added),
            "changed": len(diff.changed),
            "removed": len(diff.removed),
            "kept": len(diff.kept),
            "lost": len(diff.lost),
        },
    }
    kept, rows = _rows(reading.rows)
    said = deflated(json.dumps(said_of(system, reading), ensure_ascii=False))
    return KeptReport(head, kept, rows, said if len(said) <= MAX_PACKED_BYTES else b"")


def _rows(rows: Sequence[RowReport]) -> tuple[str, bytes]:
    for kept in (ALL, ODD):
        wanted = rows if kept == ALL else [row for row in rows if row.state != OK]
        packed = deflated(pack_rows(RowReport, wanted))
        if len(packed) <= MAX_PACKED_BYTES:
            return kept, packed
    return NONE, b""


def deflated(text: str) -> bytes:
    """Return a text as it is kept."""
    return zlib.compress(text.encode())


def inflated(data: bytes) -> str:
    """Return a text that was kept; raises ValueError when it is not whole or too long."""
    inflating = zlib.decompressobj()
    try:
        text = inflating.decompress(data, MAX_UNPACKED_BYTES)
    except zlib.error as error:
        raise ValueError(f"a kept table is broken: {error}") from error
    if not inflating.eof:
        raise ValueError("a kept table is not whole")
    return text.decode()


def rows_csv(rows: bytes) -> Iterator[str]:
    """Give the rows of a report as lines of CSV (RFC 4180), guarded against spreadsheets."""
    yield _line(CSV_COLUMNS)
    for row in unpack(json.loads(inflated(rows))):
        values = (row["line"], row["state"], row["column"], row["reason"], row["value"])
        yield _line(tuple(safe(str(value)) for value in values))


def _line(values: Sequence[str]) -> str:
    return ",".join(f'"{value.replace(chr(34), chr(34) * 2)}"' for value in values) + "\r\n"

"""The report of an import as JSON values, the same for route and command."""

from dataclasses import asdict
from typing import Any

from dispatch.importing.merge_list import ListDiff
from dispatch.importing.reading import Reading

MAX_ROWS_TOLD = 20_000
"""Rows that went well are told up to this; every other one always is."""


def report(reading: Reading, diff: ListDiff, *, applied: bool, plan: int) -> dict[str, Any]:
    """Return format, rows, sums and diff; the counts add up to the rows read."""
    rows = reading.rows
    if len(rows) > MAX_ROWS_TOLD:
        rows = [row for row in rows if row.state != "ok"]
    return {
        "format": reading.format,
        "why": reading.why,
        "sure": reading.sure,
        "warnings": reading.warnings,
        "columns": [asdict(column) for column in reading.columns],
        "rows": [asdict(row) for row in rows],
        "counts": reading.counts(),
        "read": {
            "talkgroups": len(reading.talkgroups),
            "units": len(reading.units),
            "rules": len(reading.rules),
            "sites": len(reading.sites),
        },
        "diff": {
            "added": list(diff.added),
            "changed": [asdict(change) for change in diff.changed],
            "removed": list(diff.removed),
            "unchanged": diff.unchanged,
            "kept": [asdict(change) for change in diff.kept],
            "lost": [asdict(change) for change in diff.lost],
        },
        "applied": applied,
        "plan": plan,
    }

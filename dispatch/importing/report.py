"""The report of an import as JSON values, the same for route and command."""

from collections import Counter
from dataclasses import asdict
from typing import Any

from dispatch.importing.merge import Diff
from dispatch.importing.talkgroups import Reading


def report(reading: Reading, diff: Diff, *, applied: bool, plan: int) -> dict[str, Any]:
    """Return format, rows, sums and diff; the counts add up to the rows read."""
    counts = Counter(row.state for row in reading.rows)
    return {
        "format": reading.format,
        "why": reading.why,
        "warnings": reading.warnings,
        "rows": [asdict(row) for row in reading.rows],
        "counts": {
            "read": len(reading.rows),
            **{state: counts[state] for state in ("ok", "repaired", "skipped", "duplicate")},
        },
        "diff": {
            "added": list(diff.added),
            "changed": [asdict(change) for change in diff.changed],
            "removed": [],
            "unchanged": diff.unchanged,
            "kept": [asdict(change) for change in diff.kept],
        },
        "applied": applied,
        "plan": plan,
    }

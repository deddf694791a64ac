"""The report of an import as the page takes it: rows and differences as packed tables."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from dispatch.importing.merge import Change as FieldLeft
from dispatch.importing.merge_list import ListDiff
from dispatch.importing.reading import Reading, RowReport
from dispatch.plans.check import Checker
from dispatch.plans.compare import ADDED, CHANGED, REMOVED, Change, compare
from dispatch.plans.finding import Finding, Severity
from dispatch.plans.packed import pack, pack_rows
from dispatch.plans.words import field_words
from gateway.model.plan import Plan

if TYPE_CHECKING:
    from dispatch.importing.work import Task

MAX_FINDINGS = 200
"""Findings that are told here; the check of the draft tells all."""


def packed_report(reading: Reading, diff: ListDiff, live: Plan, task: "Task") -> str:
    """Return the report: sums, rows, and what the draft then has otherwise than the live plan.

    Each difference has a note where there is something to say: what was edited by hand and stays,
    and what a check will ask about.
    """
    wanted = not task.apply  # whoever puts it in has seen both
    changes = compare(live, diff.plan).changes if wanted else ()
    found = _come(Checker(), live, diff.plan) if wanted else ()
    whats = Counter(change.what for change in changes)
    head = {
        "format": reading.format,
        "why": reading.why,
        "sure": reading.sure,
        "warnings": reading.warnings,
        "columns": [asdict(column) for column in reading.columns],
        "counts": reading.counts(),
        "read": {
            "talkgroups": len(reading.talkgroups),
            "units": len(reading.units),
            "rules": len(reading.rules),
            "sites": len(reading.sites),
        },
        "sums": {
            **{what: whats[what] for what in (ADDED, CHANGED, REMOVED)},
            "file_added": len(diff.added),
            "file_changed": len(diff.changed),
            "file_removed": len(diff.removed),
            "unchanged": diff.unchanged,
            "kept": len(diff.kept),
        },
        "check": {
            "counts": Counter(f.severity.value for f in found),
            "findings": [
                {"rule": f.rule, "severity": f.severity.value, "words": f.words}
                for f in found
                if f.severity is not Severity.NOTE
            ][:MAX_FINDINGS],
        },
        "applied": task.apply,
        "plan": task.number,
    }
    text = json.dumps(head, ensure_ascii=False)
    if task.apply:
        return text
    rows = pack_rows(RowReport, reading.rows)
    packed = _changes(changes, diff, found)
    kept = pack_rows(FieldLeft, diff.kept)
    return f'{text[:-1]},"rows":{rows},"changes":{packed},"kept":{kept}}}'


def _come(checker: Checker, before: Plan, after: Plan) -> tuple[Finding, ...]:
    """Return what a check finds of the plan with the list and did not find of the live one."""

    def place(one: Finding) -> tuple[str, str, str, str]:
        return one.rule, one.kind, one.id, one.field  # its words may name what was renamed

    known = {place(finding) for finding in checker.findings(before)}
    return tuple(f for f in checker.findings(after) if place(f) not in known)


def _changes(changes: Sequence[Change], diff: ListDiff, found: Sequence[Finding]) -> str:
    notes = _notes(diff, found)
    columns: dict[str, list[Any]] = {
        name: [getattr(change, name) for change in changes]
        for name in ("what", "kind", "id", "name", "folder", "number", "words")
    }
    columns["fields"] = [
        [(f.words, f.before, f.after) for f in change.fields] for change in changes
    ]
    columns["note"] = [notes.get((change.kind, change.id), "") for change in changes]
    fields = columns.pop("fields")
    packed = pack(columns, len(changes))
    return f'{packed[:-1]},"fields":{json.dumps(fields, ensure_ascii=False)}}}'


def _notes(diff: ListDiff, found: Sequence[Finding]) -> Mapping[tuple[str, str], str]:
    """Return a note for each object: ``kept:field`` or ``warning:rule sentence``."""
    notes: dict[tuple[str, str], str] = {}
    for left in diff.kept:
        for kind in ("talkgroup", "unit", "unit_rule", "site"):
            notes.setdefault((kind, left.talkgroup), f"kept:{field_words(left.field)}")
    encrypted = {group.id: group.encrypted for group in diff.plan.talkgroups}
    for patch in diff.plan.patches:
        if len({encrypted[member] for member in patch.members if member in encrypted}) > 1:
            for member in patch.members:
                notes["talkgroup", member] = f"mixed:{patch.id}"
    for finding in found:
        if finding.severity is not Severity.NOTE:
            notes[finding.kind, finding.id] = f"warning:{finding.rule} {finding.words}"
    return notes

"""The report of an import as the page takes it: rows and differences as packed tables."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from dispatch.importing.merge_list import ListDiff
from dispatch.importing.reading import Reading, RowReport
from dispatch.importing.settle import Change as FieldLeft
from dispatch.plans.check import Checker
from dispatch.plans.compare import ADDED, CHANGED, REMOVED, Change, compare
from dispatch.plans.finding import Finding, Severity
from dispatch.plans.packed import pack, pack_rows
from dispatch.plans.words import field_words
from gateway.model.plan import Plan

MAX_FINDINGS = 200
"""Findings that are told here; the check of the draft tells all."""


def packed_report(
    reading: Reading, diff: ListDiff, live: Plan, *, applied: bool, plan: int
) -> tuple[str, tuple[Change, ...]]:
    """Return the report and its removals: sums, rows, how the draft differs from the live plan.

    Each difference has a note where there is something to say: what was edited by hand and stays,
    and what a check will ask about.
    """
    wanted = not applied  # whoever puts it in has seen both
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
            "lost": len(diff.lost),
        },
        "check": {
            "counts": Counter(f.severity.value for f in found),
            "findings": [
                {"rule": f.rule, "severity": f.severity.value, "words": f.words}
                for f in found
                if f.severity is not Severity.NOTE
            ][:MAX_FINDINGS],
        },
        "applied": applied,
        "plan": plan,
    }
    text = json.dumps(head, ensure_ascii=False)
    if applied:
        return text, ()
    rows = pack_rows(RowReport, reading.rows)
    packed = _changes(changes, diff, found)
    kept = _left(diff)
    told = f'{text[:-1]},"rows":{rows},"changes":{packed},"kept":{kept}}}'
    return told, tuple(change for change in changes if change.what == REMOVED)


def _left(diff: ListDiff) -> str:
    """Return the differences in which the draft stands, with names and fields in words."""
    plan = diff.plan
    names: dict[str, str] = {group.id: group.name for group in plan.talkgroups}
    names.update((unit.id, unit.alias) for unit in plan.units)
    names.update((site.id, site.name) for site in plan.sites)
    rows = [
        replace(
            one, talkgroup=names.get(one.talkgroup, one.talkgroup), field=field_words(one.field)
        )
        for one in diff.kept
    ]
    ids = [one.talkgroup for one in diff.kept]
    packed = pack_rows(FieldLeft, rows)
    return f'{packed[:-2]},"id":{json.dumps(ids, ensure_ascii=False)}}}}}'


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
    """Return a note for each object: ``lost:field``, ``kept:field`` or ``warning:rule sentence``.

    A warning goes before an edit that is lost, that before one that was kept.
    """
    notes: dict[tuple[str, str], str] = {}
    for word, left in (("lost", diff.lost), ("kept", diff.kept)):
        for one in left:
            for kind in ("talkgroup", "unit", "unit_rule", "site"):
                notes.setdefault((kind, one.talkgroup), f"{word}:{field_words(one.field)}")
    encrypted = {group.id: group.encrypted for group in diff.plan.talkgroups}
    for patch in diff.plan.patches:
        if len({encrypted[member] for member in patch.members if member in encrypted}) > 1:
            for member in patch.members:
                notes["talkgroup", member] = f"mixed:{patch.id}"
    for finding in found:
        if finding.severity is not Severity.NOTE:
            notes[finding.kind, finding.id] = f"warning:{finding.rule} {finding.words}"
    return notes

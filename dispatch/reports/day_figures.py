"""What a day sheet counts, from the index of the log: by operation, site and shift, no person."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select

from dispatch.audit.log_index import LogIndex
from dispatch.reports.grouping import NO_SITE
from dispatch.reports.shifts import Shifts, Span
from dispatch.reports.staffing import TOGETHER, staffing
from dispatch.reports.table import percent
from dispatch.reports.words import operation_words, verb_words
from dispatch.store.tables import Alarm, Call, Message, Transmission
from gateway.model.plan import Plan

Json = dict[str, Any]
"""A JSON object of the sheet."""
LOOKED_UP = 500
BREAK_GLASS = "glass.broken"
MOST_STEPS = 50
_SQL = (
    "SELECT t_utc, op, verb, result, actor, role, obj_id, code, ref, texted, late "
    "FROM entry WHERE t_utc >= ? AND t_utc < ?"
)


@dataclass(slots=True)
class Entry:
    """One row of the index, as far as it is counted."""

    t_utc: int
    op: str
    verb: str
    result: str
    actor: str
    role: str
    obj_id: str
    code: str
    ref: str
    texted: bool
    late: bool


def entries_of(index: LogIndex, span: Span) -> list[Entry]:
    """Return the entries of a time."""
    rows: list[tuple[Any, ...]] = index.rows(_SQL, (span.from_utc, span.to_utc))
    return [Entry(*row) for row in rows]


def counted(
    db: Session, entries: list[Entry], span: Span, *, shifts: Shifts, plan: Plan, centre: str
) -> Json:
    """Return the counts of a day; ``centre`` stands for what came over no link. Blocks."""
    people = [one for one in entries if one.role != "system" and one.actor]
    acted = {(shifts.of(one.t_utc), one.actor) for one in people}
    staff = staffing(db, span, shifts, acted)
    site_of = sites_of(db, {one.obj_id for one in entries if one.obj_id[1:2] == "-"}, plan)

    def group(one: Entry) -> str:
        return staff.group_of[shifts.of(one.t_utc)] if staff.enough else TOGETHER

    return {
        "entries": len(entries),
        "by_operation": [
            {"op": op, "words": operation_words(op), "count": count}
            for op, count in sorted(Counter(one.op for one in entries).items())
        ],
        "by_site": _crossed(entries, lambda one: site_of.get(one.obj_id, centre)),
        "by_shift": _crossed(entries, group, lambda name: _shift_words(shifts, name)),
        "folded": TOGETHER in staff.group_of.values() or not staff.enough,
        "reasons": _reasons(people, group, shifts),
        "denied": _by_verb(one for one in entries if one.result == "denied"),
        "failed": _by_verb(one for one in entries if one.result == "failed"),
        "late": sum(one.late for one in entries),
        "break_glass": sum(one.verb == BREAK_GLASS for one in entries),
        "given_out": sum(one.op == "disclose" and one.result == "ok" for one in entries),
        "erased": sum(one.op == "erase" and one.result == "ok" for one in entries),
    }


def clock_events(index: LogIndex, span: Span) -> Json:
    """Return the jumps of the clock and what it last followed."""
    steps = index.rows(
        "SELECT e.t_utc, CAST(l.entry AS TEXT) ->> '$.detail.step_ms' FROM entry e "
        "JOIN log.audit_log l ON l.seq = e.seq WHERE e.verb = 'clock.stepped' "
        "AND e.t_utc >= ? AND e.t_utc < ? ORDER BY e.seq",
        (span.from_utc, span.to_utc),
    )
    last = index.rows(
        "SELECT CAST(l.entry AS TEXT) -> '$.detail' FROM entry e "
        "JOIN log.audit_log l ON l.seq = e.seq WHERE e.verb = 'clock.state' "
        "AND e.t_utc < ? ORDER BY e.seq DESC LIMIT 1",
        (span.to_utc,),
    )
    return {
        "steps": [{"t_utc": at, "step_ms": step} for at, step in steps[:MOST_STEPS]],
        "steps_total": len(steps),
        "state": str(last[0][0]) if last else None,
    }


def sites_of(db: Session, ids: Iterable[str], plan: Plan) -> dict[str, str]:
    """Return the name of the site of each object that came over a link."""
    names = {site.id: site.name for site in plan.sites}
    by_link = {str(link.id): names.get(link.site, NO_SITE) for link in plan.links}
    wanted = sorted(ids)
    found: dict[str, str] = {}
    for prefix, table in (("c-", Call), ("t-", Transmission), ("a-", Alarm), ("m-", Message)):
        mine = [one for one in wanted if one.startswith(prefix)]
        for start in range(0, len(mine), LOOKED_UP):
            part = mine[start : start + LOOKED_UP]
            pairs = db.exec(select(table.id, table.link).where(col(table.id).in_(part)))
            found |= {str(one): by_link.get(str(link), NO_SITE) for one, link in pairs}
    return found


def _crossed(entries: list[Entry], group: Any, words: Any = str) -> list[Json]:
    counts: dict[str, Counter[str]] = {}
    for one in entries:
        counts.setdefault(group(one), Counter())[one.op] += 1
    return [
        {"group": words(name), "total": ops.total(), "ops": dict(sorted(ops.items()))}
        for name, ops in sorted(counts.items())
    ]


def _reasons(people: list[Entry], group: Any, shifts: Shifts) -> list[Json]:
    """Return for each shift how many of the stated purposes were only words typed by hand."""
    stated: dict[str, list[bool]] = {}
    for one in people:
        if one.op in ("consult", "disclose") and one.code:
            stated.setdefault(group(one), []).append(one.texted and not one.ref)
    return [
        {
            "group": _shift_words(shifts, name),
            "stated": len(found),
            "typed": sum(found),
            "typed_percent": percent(sum(found), len(found)),
        }
        for name, found in sorted(stated.items())
    ]


def _by_verb(entries: Iterable[Entry]) -> list[Json]:
    counts = Counter(one.verb for one in entries)
    return [
        {"verb": verb, "words": verb_words(verb), "count": count}
        for verb, count in sorted(counts.items())
    ]


def _shift_words(shifts: Shifts, name: str) -> str:
    return shifts.words(name) if name in shifts.starts else name

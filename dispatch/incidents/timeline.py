"""Lines of an incident's history: written once, shown where the incident went, never changed.

Kinds: opened, event, severity, storm, call, talkgroup, unit, camera, status, text, alarm, note,
state, priority, owner, title, exercise, merged, split, suggestion, claim, cap, closed.
A line stays with the incident that it was written on. Where it is *shown* follows merges and
splits: see ``lines_of``. Words of texts are not copied here: a line names the message.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlmodel import Session, col, select

from dispatch.incidents.tables import (
    Incident,
    IncidentMerge,
    IncidentMoved,
    IncidentTimeline,
)

MAX_DEPTH = 50
"""Merges of merges that are followed; a chain is never longer than the incidents of a night."""


def line(  # noqa: PLR0917  # the row's columns
    db: Session,
    incident: str,
    now: int,
    kind: str,
    who: str,
    text: str,
    data: Mapping[str, Any] | None = None,  # JSON values
) -> None:
    """Write a line."""
    row = IncidentTimeline(
        incident=incident, t_utc=now, kind=kind, who=who, text=text, data=dict(data or {})
    )
    db.add(row)


def erase_line(db: Session, line_id: int, now: int) -> bool:
    """Blank words and data of a line, for the erasure path alone; returns whether it had any.

    The line stays, with its kind, time and person. The database allows this once and nothing else.
    """
    row = db.get(IncidentTimeline, line_id)
    if row is None or row.erased_utc is not None:
        return False
    row.text, row.data, row.erased_utc = "", {}, now
    db.add(row)
    return True


def resolve(db: Session, incident: str) -> str:
    """Return where an incident is now: itself, or what it was merged into, however often."""
    here = incident
    for _ in range(MAX_DEPTH):
        into = db.exec(select(Incident.merged_into).where(Incident.id == here)).first()
        if not into:
            return here
        here = into
    return here


def family(db: Session, incident: str) -> list[str]:
    """Return an incident and all that were merged into it, directly or not."""
    found, fresh = [incident], [incident]
    for _ in range(MAX_DEPTH):
        query = select(Incident.id).where(col(Incident.merged_into).in_(fresh))
        fresh = [one for one in db.exec(query) if one not in found]
        if not fresh:
            break
        found += fresh
    return found


def lines_of(db: Session, incident: str) -> list[IncidentTimeline]:
    """Return the lines to show: own, those of merged incidents, those that a split brought."""
    members = family(db, incident)
    homes = _moved_lines(db, members)
    own = select(IncidentTimeline).where(col(IncidentTimeline.incident).in_(members))
    rows = [row for row in db.exec(own) if homes.get(row.id or 0, incident) in members]
    here = {row.id for row in rows}
    brought = [one for one, home in homes.items() if home in members and one not in here]
    if brought:
        query = select(IncidentTimeline).where(col(IncidentTimeline.id).in_(brought))
        rows += db.exec(query)
    return sorted(rows, key=lambda row: (row.t_utc, row.id or 0))


def _moved_lines(db: Session, members: Sequence[str]) -> dict[int, str]:
    """Return line id -> incident for lines that splits moved out of or into these incidents."""
    query = (
        select(IncidentMoved.object, IncidentMerge.target)
        .where(
            IncidentMoved.merge == IncidentMerge.id,
            IncidentMoved.kind == "line",
            IncidentMerge.kind == "split",
            col(IncidentMerge.source).in_(members) | col(IncidentMerge.target).in_(members),
        )
        .order_by(col(IncidentMerge.id))
    )
    return {int(number): target for number, target in db.exec(query)}

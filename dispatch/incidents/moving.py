"""Moves what hangs on one incident to another, and remembers what it moved.

Rows that belong to one incident (events, stills, claims, calls) change their incident; what both
may have (talkgroups, units, cameras) is copied, so that undoing takes away only what was added.
"""

from collections.abc import Sequence

from sqlalchemy import select as columns
from sqlalchemy import update
from sqlmodel import Session, SQLModel, col, select

from dispatch.cameras.tables import CameraEvent, CameraMedia
from dispatch.incidents.growth import insert_new, table_of
from dispatch.incidents.tables import (
    CapMessage,
    ClaimHit,
    Handover,
    IncidentCamera,
    IncidentHint,
    IncidentMoved,
    IncidentSuggestion,
    IncidentTalkgroup,
    IncidentUnit,
)

CHUNK = 500
"""Ids in one statement: SQLite takes a few ten thousand, and nobody waits for more."""
WHOLE: dict[str, type[SQLModel]] = {
    "event": CameraEvent,
    "media": CameraMedia,
    "claim": ClaimHit,
    "cap": CapMessage,
    "handover": Handover,
}
"""Kinds of rows with ``id`` and ``incident`` that go with an incident as a whole."""


def moves_with_incident(kind: str, table: type[SQLModel]) -> None:
    """Let the rows of a table (``id``, ``incident``) go along with merges and splits."""
    WHOLE[kind] = table


def remember(db: Session, merge: str, kind: str, objects: Sequence[str]) -> None:
    """Remember what was moved."""
    rows = [{"merge": merge, "kind": kind, "object": one} for one in dict.fromkeys(objects)]
    insert_new(db, IncidentMoved, rows)


def moved(db: Session, merge: str, kind: str) -> list[str]:
    """Return what a merge or split moved of a kind."""
    query = select(IncidentMoved.object).where(
        IncidentMoved.merge == merge, IncidentMoved.kind == kind
    )
    return list(db.exec(query))


def put(db: Session, table: type[SQLModel], ids: Sequence[str], here: str, to: str) -> None:
    """Let rows that are at ``here`` be at ``to``."""
    rows = table_of(table)
    db.flush()
    for begin in range(0, len(ids), CHUNK):
        some = list(ids[begin : begin + CHUNK])
        which = (rows.c.id.in_(some)) & (rows.c.incident == here)
        db.connection().execute(update(rows).where(which).values(incident=to))
    for known in list(db.identity_map.values()):
        if isinstance(known, table):
            db.expire(known)


def move_whole(db: Session, merge: str, source: str, target: str) -> dict[str, int]:
    """Move everything of ``WHOLE``; returns how much of each kind."""
    counts = {}
    for kind, table in WHOLE.items():
        rows = table_of(table)
        found = db.connection().execute(columns(rows.c.id).where(rows.c.incident == source))
        ids = [str(one) for (one,) in found]
        remember(db, merge, kind, ids)
        put(db, table, ids, source, target)
        counts[kind] = len(ids)
    return counts


def move_back(db: Session, merge: str, source: str, target: str) -> None:
    """Undo ``move_whole``, ``move_calls``, ``move_hints`` and ``copy_shared``."""
    whole: dict[str, type[SQLModel]] = {**WHOLE, "call": IncidentSuggestion, "hint": IncidentHint}
    for kind, one_owner in whole.items():
        put(db, one_owner, moved(db, merge, kind), target, source)
    for suggestion in moved(db, merge, "call_confirmed"):
        row = db.get(IncidentSuggestion, suggestion)
        if row is not None and row.incident == target and row.state == "confirmed":
            row.state, row.by = "suggested", ""
            db.add(row)
    for kind, table in SHARED.items():
        for one in moved(db, merge, kind):
            shared = db.get(table, (target, one))
            if shared is not None:
                db.delete(shared)


def move_calls(db: Session, merge: str, source: str, target: str) -> int:
    """Move what people said of calls; what is only suggested is made anew. Returns confirmed ones.

    A call confirmed on either side is confirmed: one person has tied it to what is now one.
    """
    there = {
        row.call: row
        for row in db.exec(select(IncidentSuggestion).where(IncidentSuggestion.incident == target))
    }
    judged = select(IncidentSuggestion).where(
        IncidentSuggestion.incident == source, IncidentSuggestion.state != "suggested"
    )
    ids, confirmed, count = [], [], 0
    for row in list(db.exec(judged)):
        count += row.state == "confirmed"
        other = there.get(row.call)
        if other is None:
            ids.append(row.id)
        elif row.state == "confirmed" and other.state != "confirmed":
            other.state, other.by, other.at_utc = "confirmed", row.by, row.at_utc
            db.add(other)
            confirmed.append(other.id)
    db.flush()
    remember(db, merge, "call", ids)
    remember(db, merge, "call_confirmed", confirmed)
    put(db, IncidentSuggestion, ids, source, target)
    return count


def move_hints(db: Session, merge: str, source: str, target: str) -> None:
    """Move what people said of suggested units and cameras."""
    query = select(IncidentHint).where(IncidentHint.incident == target)
    there = {(row.kind, row.object) for row in db.exec(query)}
    judged = select(IncidentHint).where(
        IncidentHint.incident == source, IncidentHint.state != "suggested"
    )
    ids = [row.id for row in db.exec(judged) if (row.kind, row.object) not in there]
    remember(db, merge, "hint", ids)
    put(db, IncidentHint, ids, source, target)


SHARED: dict[str, type[IncidentTalkgroup] | type[IncidentUnit] | type[IncidentCamera]] = {
    "talkgroup": IncidentTalkgroup,
    "unit": IncidentUnit,
    "camera": IncidentCamera,
}
_OUT = frozenset({"released", "unlinked"})


def copy_shared(db: Session, merge: str, source: str, target: str) -> dict[str, int]:
    """Copy talkgroups, units and cameras that the target lacks; returns how many of each."""
    counts = {}
    for kind, table in SHARED.items():
        rows = table_of(table)
        name = rows.c[kind]
        have = {
            one
            for (one,) in db.connection().execute(columns(name).where(rows.c.incident == target))
        }
        mine = db.connection().execute(columns(rows).where(rows.c.incident == source)).mappings()
        fresh = [
            {**row, "incident": target}
            for row in mine
            if row[kind] not in have and row.get("state") not in _OUT
        ]
        insert_new(db, table, fresh)
        remember(db, merge, kind, [row[kind] for row in fresh])
        counts[kind] = len(fresh)
    return counts


def object_ids(db: Session, events: Sequence[str], incident: str) -> list[CameraEvent]:
    """Return the chosen camera events that belong to the incident."""
    found: list[CameraEvent] = []
    for begin in range(0, len(events), CHUNK):
        some = events[begin : begin + CHUNK]
        query = select(CameraEvent).where(
            col(CameraEvent.id).in_(some), CameraEvent.incident == incident
        )
        found += db.exec(query)
    return found

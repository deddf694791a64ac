"""Items of the silent lanes: cameras, what was written, incidents, operators."""

import json
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, or_, select

from dispatch.audit.tables import AuditLog
from dispatch.auth.access import Access
from dispatch.auth.permissions import Action
from dispatch.calllog.lane_items import MAX_ITEMS, Row, Window, item, lane, status_items
from dispatch.cameras.media import GONE, PARTIAL
from dispatch.cameras.tables import Camera, CameraMedia, CameraSource
from dispatch.incidents.tables import Incident, IncidentTimeline
from dispatch.services.plans import LivePlan
from dispatch.store.tables import (
    AccessRow,
    Alarm,
    AlarmStep,
    Call,
    Message,
    Note,
    PositionLog,
    Press,
    Transmission,
)

MAX_ENTRIES = 500
_PRESS_WORDS = {
    "released": "Talked",
    "refused": "Press refused",
    "not_sent": "Press not sent",
    "lost": "Cut off",
    "open": "Pressed",
}


def camera_lane(db: Session, window: Window, camera: Camera) -> Row:
    """Return stills and clips of a camera; ``offset_ms`` is its clock less ours, taken off."""
    source = db.get(CameraSource, camera.source)
    offset = source.skew_ms if source is not None else None
    rows = db.exec(
        select(CameraMedia)
        .where(
            col(CameraMedia.camera) == camera.id,
            col(CameraMedia.from_utc) < window.to_utc,
            col(CameraMedia.to_utc) > window.from_utc,
        )
        .limit(MAX_ITEMS + 1)
    )
    where = " ".join(filter(None, (camera.place, f"{camera.source}")))
    return lane(
        "camera", camera.id, camera.name or camera.id, where, [_media(row, offset) for row in rows]
    )


def _media(row: CameraMedia, offset: int | None) -> Row:
    whole = bool(row.file) and row.state not in (GONE, PARTIAL)
    return item(
        row.id,
        row.from_utc,
        row.kind,
        to_utc=row.to_utc,
        title=f"{row.kind} {row.state}" if not whole else row.kind,
        text=row.reason,
        who=row.made_by,
        why_no_sound="" if row.file else f"{row.state}: {row.reason or 'not fetched'}",
        play_url=f"/api/v1/media/{row.id}" if row.file else None,
        offset_ms=offset,
        gap=not row.file,
        incident=row.incident,
    )


def written_lane(
    db: Session, window: Window, talkgroups: list[str], units: list[str], plan: LivePlan
) -> Row:
    """Return texts, statuses and notes of these talkgroups and units."""
    ends = or_(
        col(Message.talkgroup).in_(talkgroups),
        col(Message.talkgroup).is_(None)
        & (col(Message.sender).in_(units) | col(Message.recipient).in_(units)),
    )
    texts = db.exec(
        select(Message)
        .where(ends, col(Message.t_utc) >= window.from_utc, col(Message.t_utc) < window.to_utc)
        .order_by(col(Message.t_utc))
        .limit(MAX_ITEMS)
    )
    items = [_text(row, plan) for row in texts]
    items += status_items(db, window, units, plan.alias)
    notes = db.exec(
        select(Note, Call)
        .join(Call, col(Call.id) == col(Note.call))
        .where(
            col(Call.talkgroup).in_(talkgroups),
            col(Note.t_utc) >= window.from_utc,
            col(Note.t_utc) < window.to_utc,
        )
        .limit(MAX_ITEMS)
    )
    items += [
        item(
            note.id,
            note.t_utc,
            "note",
            title=note.text,
            text=plan.talkgroup_name(call.talkgroup),
            who=note.operator,
            call=call.id,
            talkgroup=call.talkgroup,
        )
        for note, call in notes
    ]
    return lane("written", "written", "Status and SDS", "", items)


def _text(row: Message, plan: LivePlan) -> Row:
    other = row.sender if row.incoming else row.recipient
    name = plan.alias(other)
    group = plan.talkgroup_name(row.talkgroup) if row.talkgroup else ""
    whose = name if row.incoming else f"to {name or group}"
    return item(
        row.id,
        row.t_utc,
        "text" if row.kind == "text" else row.kind,
        title=row.text,
        text=", ".join(filter(None, (whose, row.state))),
        who=name if row.incoming else row.operator,
        talkgroup=row.talkgroup,
        unit=other,
    )


def incident_lane(db: Session, window: Window, incident: Incident, access: Access) -> Row:
    """Return an incident's timeline; names of talkgroups only where they are known."""
    rows = db.exec(
        select(IncidentTimeline)
        .where(
            col(IncidentTimeline.incident) == incident.id,
            col(IncidentTimeline.t_utc) >= window.from_utc,
            col(IncidentTimeline.t_utc) < window.to_utc,
        )
        .order_by(col(IncidentTimeline.id))
        .limit(MAX_ITEMS + 1)
    )
    items = [
        item(f"line-{row.id}", row.t_utc, row.kind, title=row.text, who=row.who)
        for row in rows
        if row.kind != "talkgroup" or access.sees(row.text)
    ]
    return lane("incident", incident.id, incident.label, incident.title, items)


def operator_lanes(
    db: Session, window: Window, talkgroups: list[str], access: Access, plan: LivePlan
) -> list[Row]:
    """Return one lane a position: who sat there, presses, acknowledgements."""
    by_position: dict[str, list[Row]] = {}
    names: dict[str, str] = {}
    for position, name, row in _acts(db, window, talkgroups, plan):
        by_position.setdefault(position, []).append(row)
        if name:
            names[position] = name
    lanes = [
        lane("operator", f"position:{position}", position, names.get(position, ""), items)
        for position, items in sorted(by_position.items())
    ]
    looked = _looked(db, window, access)
    if looked:
        lanes.append(lane("operator", "access", "Searched, played, opened", "", looked))
    return lanes


def _acts(
    db: Session, window: Window, talkgroups: list[str], plan: LivePlan
) -> Iterable[tuple[str, str, Row]]:
    within = (window.from_utc, window.to_utc)
    seats = db.exec(
        select(PositionLog)
        .where(
            or_(
                col(PositionLog.taken_utc).between(*within),
                col(PositionLog.left_utc).between(*within),
            )
        )
        .limit(MAX_ITEMS)
    )
    for seat in seats:
        for at, word in ((seat.taken_utc, "Took the position"), (seat.left_utc, "Left")):
            if at is not None and window.from_utc <= at < window.to_utc:
                made = item(f"seat-{seat.id}-{word}", at, "seat", title=word, who=seat.operator)
                yield seat.position, seat.operator, made
    presses = db.exec(
        select(Press)
        .where(
            col(Press.talkgroup).in_(talkgroups),
            col(Press.requested_utc) >= window.from_utc,
            col(Press.requested_utc) < window.to_utc,
        )
        .limit(MAX_ITEMS)
    )
    for press in presses:
        yield press.position, press.operator, _press(press, plan)
    steps = db.exec(
        select(AlarmStep, Alarm)
        .join(Alarm, col(Alarm.id) == col(AlarmStep.alarm))
        .where(
            col(Alarm.talkgroup).in_(talkgroups),
            col(AlarmStep.position).is_not(None),
            col(AlarmStep.t_utc) >= window.from_utc,
            col(AlarmStep.t_utc) < window.to_utc,
        )
        .limit(MAX_ITEMS)
    )
    for step, alarm in steps:
        words = f"Emergency {step.step}, {alarm.alias or plan.alias(alarm.unit)}"
        made = item(
            f"step-{step.id}", step.t_utc, "alarm", title=words, text=step.detail, who=step.who
        )
        yield step.position or "", step.who, made


def _press(press: Press, plan: LivePlan) -> Row:
    words = _PRESS_WORDS.get(press.outcome, press.outcome)
    told = [plan.talkgroup_name(press.talkgroup), press.reason or press.cause]
    if press.wait_ms is not None:
        told.append(f"granted after {press.wait_ms} ms")
    return item(
        press.request,
        press.requested_utc,
        "press",
        to_utc=press.ended_utc,
        title=words,
        text=", ".join(filter(None, told)),
        who=press.operator,
        talkgroup=press.talkgroup,
    )


def _looked(db: Session, window: Window, access: Access) -> list[Row]:
    """Return who looked at what in the time: one's own, or all with the permission to read it."""
    query = select(AccessRow).where(
        col(AccessRow.t_utc) >= window.from_utc, col(AccessRow.t_utc) < window.to_utc
    )
    if not access.may("access.read"):
        query = query.where(col(AccessRow.user) == access.user.id)
    rows = list(db.exec(query.limit(MAX_ITEMS)))
    known = _known_objects(db, [row.object for row in rows], access)
    return [
        item(f"access-{row.id}", row.t_utc, "access", title=row.verb, text=row.purpose, who=row.who)
        for row in rows
        if row.object_type not in ("call", "recording") or row.object in known
    ]


def _known_objects(db: Session, ids: list[str], access: Access) -> set[str]:
    known: set[str] = set()
    for call in db.exec(select(Call).where(col(Call.id).in_(ids))):
        if access.can_on(Action.SEARCH, call.talkgroup, call.link):
            known.add(call.id)
    for over in db.exec(select(Transmission).where(col(Transmission.id).in_(ids))):
        if access.can_on(Action.SEARCH, over.talkgroup, over.link):
            known.add(over.id)
    return known


def audit_lane(db: Session, window: Window, name: Callable[[str], str]) -> Row:
    """Return the entries of the audit log of the time (for those who may read it)."""
    first = _first_entry(db, window.from_utc)
    rows = db.exec(
        select(AuditLog)
        .where(col(AuditLog.seq) >= first)
        .order_by(col(AuditLog.seq))
        .limit(MAX_ENTRIES)
    )
    items = []
    for row in rows:
        entry: dict[str, Any] = json.loads(row.entry)
        at = _us_of(entry["ts"])
        if at >= window.to_utc:
            break
        if at < window.from_utc or entry.get("op") == "system":
            continue
        actor = entry.get("actor") or {}
        result = "" if entry.get("result") == "ok" else str(entry.get("result") or "")
        items.append(
            item(
                f"entry-{row.seq}",
                at,
                "entry",
                title=str(entry["verb"]),
                text=", ".join(filter(None, (f"entry {row.seq}", result))),
                who=name(str(actor.get("id", ""))),
            )
        )
    return lane("operator", "audit", "Audit log", "", items)


def _us_of(text: str) -> int:
    at = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return round(at.timestamp() * 1_000_000)


def _first_entry(db: Session, from_utc: int) -> int:
    """Return the first entry that is not older, by halving: the log's order is that of time."""
    newest = db.exec(select(AuditLog.seq).order_by(col(AuditLog.seq).desc())).first()
    low, high = 0, (newest if newest is not None else -1) + 1
    while low < high:
        middle = (low + high) // 2
        row = db.get(AuditLog, middle)
        if row is not None and _us_of(json.loads(row.entry)["ts"]) < from_utc:
            low = middle + 1
        else:
            high = middle
    return low

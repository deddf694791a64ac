"""Incidents as the console reads them, cut to what the asker may know."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sqlmodel import Session, col, select

from dispatch.auth.access import Access
from dispatch.auth.permissions import Action
from dispatch.cameras.media_store import media_rows
from dispatch.cameras.tables import CameraEvent
from dispatch.errors import NotFound
from dispatch.incidents.claims import hits_of, masked
from dispatch.incidents.life import GOING_ON
from dispatch.incidents.suggest import FOLDED
from dispatch.incidents.tables import (
    Incident,
    IncidentPossiblySame,
    IncidentStorm,
    IncidentSuggestion,
    IncidentTalkgroup,
    IncidentTimeline,
)
from dispatch.incidents.timeline import family, lines_of
from dispatch.incidents.views_parts import (
    camera_rows,
    counts_of,
    hint_rows,
    knows_camera,
    unit_rows,
)
from dispatch.store.tables import Call

MAX_ROWS = 200
Row = dict[str, Any]
"""A JSON object of the API."""


def sees(access: Access, incident: Incident, talkgroups: list[str]) -> bool:
    """Whether a person may know of an incident: by camera group, or by one of its talkgroups."""
    group = incident.camera_group
    if group and not access.camera(Action.SEE, group):
        return False
    if incident.camera is None and talkgroups and not incident.source:
        return any(access.sees(talkgroup) for talkgroup in talkgroups)
    return True


def list_incidents(
    db: Session, access: Access, *, state: str | None, q: str = "", limit: int = MAX_ROWS
) -> list[Row]:
    """Return incidents, newest first."""
    query = select(Incident).order_by(col(Incident.opened_utc).desc()).limit(limit)
    if state == "open":
        query = query.where(col(Incident.state).in_(GOING_ON))
    elif state:
        query = query.where(Incident.state == state)
    if q:
        pattern = "%" + q.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        query = query.where(
            col(Incident.title).ilike(pattern, escape="\\")
            | col(Incident.label).ilike(pattern, escape="\\")
            | col(Incident.place).ilike(pattern, escape="\\")
        )
    found = list(db.exec(query))
    assigned = assignments(db, [incident.id for incident in found])
    seen = [one for one in found if sees(access, one, assigned.get(one.id, []))]
    ids = [incident.id for incident in seen]
    suggested, counts = _suggested(db, ids), counts_of(db, access, ids)
    return [
        head(
            incident,
            [one for one in assigned.get(incident.id, []) if access.sees(one)],
            suggested.get(incident.id, 0),
            counts[incident.id],
        )
        for incident in seen
    ]


def head(
    incident: Incident, talkgroups: list[str], suggested: int, counts: Mapping[str, int]
) -> Row:
    """Return an incident's row in a list; ``talkgroups`` are those that the asker may know."""
    return {
        "priority": incident.priority,
        "owner": incident.owner,
        "owner_name": incident.owner_name,
        "exercise": incident.exercise,
        "merged_into": incident.merged_into,
        "split_from": incident.split_from,
        "version": incident.version,
        "range_m": incident.range_m,
        "counts": dict(counts),
        "id": incident.id,
        "label": incident.label,
        "title": incident.title,
        "kind": incident.kind,
        "severity": incident.severity,
        "state": incident.state,
        "opened_utc": incident.opened_utc,
        "started_utc": incident.started_utc,
        "last_event_utc": incident.last_event_utc,
        "closed_utc": incident.closed_utc,
        "close_reason": incident.close_reason,
        "closed_by": incident.closed_by,
        "opened_by": incident.opened_by,
        "source": incident.source,
        "camera": incident.camera,
        "camera_group": incident.camera_group,
        "place": incident.place,
        "latitude_deg": incident.latitude_deg,
        "longitude_deg": incident.longitude_deg,
        "event_count": incident.event_count,
        "events_count": incident.event_count,
        "storm": incident.storm,
        "storm_events": incident.storm_events,
        "clock_note": incident.clock_note,
        "talkgroups": talkgroups,
        "suggested": suggested,
    }


def sheet(db: Session, access: Access, incident_id: str) -> Row:
    """Return everything about one incident; raises NotFound for one this person can't see."""
    incident = db.get(Incident, incident_id)
    talkgroups = assignments(db, [incident_id]).get(incident_id, [])
    if incident is None or not sees(access, incident, talkgroups):
        raise NotFound(f"there is no incident {incident_id}")
    visible = [talkgroup for talkgroup in talkgroups if access.sees(talkgroup)]
    counts = counts_of(db, access, [incident_id])[incident_id]
    row = head(incident, visible, _suggested(db, [incident_id]).get(incident_id, 0), counts)
    timeline = _timeline(db, access, incident_id)
    return {
        **row,
        **joined(db, access, incident),
        "units": unit_rows(db, incident_id),
        "cameras": camera_rows(db, access, incident),
        "hints": hint_rows(db, access, incident_id),
        "events": _events(db, access, incident_id),
        "timeline": timeline,
        "notes": [line for line in timeline if line["kind"] == "note"],
        "suggestions": _suggestions(db, incident_id),
        "possibly_same": _possibly_same(db, access, incident_id),
        "counted": _counted(db, incident_id),
        "media": _media(db, access, incident_id),
    }


def assigned_talkgroups(db: Session, incident: str) -> list[str]:
    """Return the talkgroups that work on an incident."""
    return assignments(db, [incident]).get(incident, [])


def assignments(db: Session, incidents: Iterable[str]) -> dict[str, list[str]]:
    """Return the talkgroups that work on each of these incidents; those of none are left out."""
    query = select(IncidentTalkgroup).where(col(IncidentTalkgroup.incident).in_(incidents))
    assigned: dict[str, list[str]] = {}
    for row in db.exec(query):
        assigned.setdefault(row.incident, []).append(row.talkgroup)
    return assigned


def _suggested(db: Session, incidents: list[str]) -> dict[str, int]:
    query = select(IncidentSuggestion).where(
        col(IncidentSuggestion.incident).in_(incidents),
        IncidentSuggestion.state == "suggested",
        col(IncidentSuggestion.score) >= 60,
    )
    counts: dict[str, int] = {}
    for row in db.exec(query):
        counts[row.incident] = counts.get(row.incident, 0) + 1
    return counts


def _events(db: Session, access: Access, incident: str) -> list[Row]:
    query = select(CameraEvent).where(CameraEvent.incident == incident)
    newest = query.order_by(col(CameraEvent.t_event_utc).desc()).limit(MAX_ROWS)
    hits, knows = hits_of(db, incident), knows_camera(db, access)
    return [
        {
            "id": row.id,
            "kind": row.kind,
            "phase": row.phase,
            "camera": row.camera,
            "t_event_utc": row.t_event_utc,
            "t_recv_utc": row.t_recv_utc,
            "t_skew_ms": row.t_skew_ms,
            "severity": row.severity,
            "labels": row.labels,
            "zones": row.zones,
            "score": row.score,
            "claims": masked(row.claims, hits),
            "notes": row.notes,
            "raw_sha256": row.raw_sha256,
        }
        for row in db.exec(newest)
        if knows(row.camera)
    ]


def _timeline(db: Session, access: Access, incident: str) -> list[Row]:
    """Return the lines that this person may know, oldest first."""
    rows, hidden = lines_of(db, incident), _hidden_members(db, access, incident)
    knows = knows_camera(db, access)
    return [
        {
            **{key: value for key, value in row.data.items() if key != "talkgroups"},
            "id": row.id,
            "t_utc": row.t_utc,
            "kind": row.kind,
            "who": row.who,
            "text": row.text,
            "erased_utc": row.erased_utc,
            "from": row.incident,
        }
        for row in rows
        if row.incident not in hidden and _may_read(access, row, knows)
    ]


def _may_read(access: Access, row: IncidentTimeline, knows: Callable[[str], bool]) -> bool:
    """Whether a line may be known: by its talkgroups (one is enough) and by its camera."""
    talkgroups = [row.text] if row.kind == "talkgroup" else row.data.get("talkgroups", [])
    if talkgroups and not any(access.sees(one) for one in talkgroups):
        return False
    camera = row.data.get("camera")
    return not camera or knows(camera)


def _hidden_members(db: Session, access: Access, incident: str) -> set[str]:
    """Return incidents that were merged into this one and that this person may not know of."""
    hidden = set()
    for one in family(db, incident)[1:]:
        row = db.get(Incident, one)
        if row is not None and not sees(access, row, assigned_talkgroups(db, one)):
            hidden.add(one)
    return hidden


def _suggestions(db: Session, incident: str) -> list[Row]:
    query = (
        select(IncidentSuggestion, Call.uploaded)
        .join(Call, col(Call.id) == col(IncidentSuggestion.call), isouter=True)
        .where(
            IncidentSuggestion.incident == incident,
            (col(IncidentSuggestion.score) >= FOLDED)
            | (col(IncidentSuggestion.state) != "suggested"),
        )
    )
    ordered = query.order_by(col(IncidentSuggestion.score).desc(), col(IncidentSuggestion.id))
    return [
        {
            "id": row.id,
            "call": row.call,
            "score": row.score,
            "state": row.state,
            "rule": row.rule,
            "why": row.why,
            "terms": row.terms,
            "by": row.by,
            "at": row.at_utc,
            "uploaded": recorder or "",
        }
        for row, recorder in db.exec(ordered)
    ]


def joined(db: Session, access: Access, incident: Incident) -> Row:
    """Return what an incident was merged into, what went into it, and what it was split from."""
    members = [db.get(Incident, one) for one in family(db, incident.id)[1:]]
    seen = [one for one in members if one and _seen(db, access, one)]
    into = db.get(Incident, incident.merged_into) if incident.merged_into else None
    origin = db.get(Incident, incident.split_from) if incident.split_from else None
    return {
        "merged_to": _named(into) if into and _seen(db, access, into) else None,
        "merged_from": [{**_named(one), "direct": one.merged_into == incident.id} for one in seen],
        "split_of": _named(origin) if origin and _seen(db, access, origin) else None,
    }


def _seen(db: Session, access: Access, incident: Incident) -> bool:
    return sees(access, incident, assigned_talkgroups(db, incident.id))


def _named(incident: Incident) -> Row:
    return {"id": incident.id, "label": incident.label, "title": incident.title}


def _possibly_same(db: Session, access: Access, incident: str) -> list[Row]:
    query = select(IncidentPossiblySame).where(IncidentPossiblySame.incident == incident)
    rows = []
    for pair in db.exec(query):
        other = db.get(Incident, pair.other)
        if other is None or pair.rejected_by or other.state not in GOING_ON:
            continue
        if sees(access, other, assigned_talkgroups(db, other.id)):
            rows.append({**_named(other), "why": pair.why})
    return rows


def _media(db: Session, access: Access, incident: str) -> list[Row]:
    """Return stills and clips, without those of cameras that this person may not know of."""
    knows = knows_camera(db, access)
    return [row for row in media_rows(db, incident) if knows(row["camera"])]


def _counted(db: Session, incident: str) -> list[Row]:
    query = select(IncidentStorm).where(IncidentStorm.incident == incident)
    return [
        {"camera": row.camera, "reason": row.reason, "events": row.events}
        for row in db.exec(query.limit(MAX_ROWS))
    ]

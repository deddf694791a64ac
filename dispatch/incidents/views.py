"""Incidents as the console reads them, cut to what the asker may know."""

from typing import Any

from sqlmodel import Session, col, select

from dispatch.auth.access import Access
from dispatch.auth.permissions import Action
from dispatch.cameras.media_store import media_rows
from dispatch.cameras.tables import Camera, CameraEvent
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
    assigned = _assigned(db, [incident.id for incident in found])
    suggested = _suggested(db, [incident.id for incident in found])
    return [
        head(incident, assigned.get(incident.id, []), suggested.get(incident.id, 0))
        for incident in found
        if sees(access, incident, assigned.get(incident.id, []))
    ]


def head(incident: Incident, talkgroups: list[str], suggested: int) -> Row:
    """Return an incident's row in a list."""
    return {
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
    talkgroups = _assigned(db, [incident_id]).get(incident_id, [])
    if incident is None or not sees(access, incident, talkgroups):
        raise NotFound(f"there is no incident {incident_id}")
    visible = [talkgroup for talkgroup in talkgroups if access.sees(talkgroup)]
    row = head(incident, visible, _suggested(db, [incident_id]).get(incident_id, 0))
    timeline = _timeline(db, access, incident_id)
    return {
        **row,
        "events": _events(db, incident_id),
        "timeline": timeline,
        "notes": [line for line in timeline if line["kind"] == "note"],
        "suggestions": _suggestions(db, incident_id),
        "possibly_same": _possibly_same(db, access, incident_id),
        "counted": _counted(db, incident_id),
        "media": _media(db, access, incident_id),
    }


def assigned_talkgroups(db: Session, incident: str) -> list[str]:
    """Return the talkgroups that work on an incident."""
    return _assigned(db, [incident]).get(incident, [])


def _assigned(db: Session, incidents: list[str]) -> dict[str, list[str]]:
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


def _events(db: Session, incident: str) -> list[Row]:
    query = select(CameraEvent).where(CameraEvent.incident == incident)
    newest = query.order_by(col(CameraEvent.t_event_utc).desc()).limit(MAX_ROWS)
    hits = hits_of(db, incident)
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
    ]


def _timeline(db: Session, access: Access, incident: str) -> list[Row]:
    query = select(IncidentTimeline).where(IncidentTimeline.incident == incident)
    return [
        {"t_utc": row.t_utc, "kind": row.kind, "who": row.who, "text": row.text, **row.data}
        for row in db.exec(query.order_by(col(IncidentTimeline.id)))
        if row.kind != "talkgroup" or access.sees(row.text)
    ]


def _suggestions(db: Session, incident: str) -> list[Row]:
    query = select(IncidentSuggestion).where(
        IncidentSuggestion.incident == incident,
        (col(IncidentSuggestion.score) >= FOLDED) | (col(IncidentSuggestion.state) != "suggested"),
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
        }
        for row in db.exec(ordered)
    ]


def _possibly_same(db: Session, access: Access, incident: str) -> list[Row]:
    query = select(IncidentPossiblySame).where(IncidentPossiblySame.incident == incident)
    rows = []
    for pair in db.exec(query):
        other = db.get(Incident, pair.other)
        if other is not None and sees(access, other, []):
            rows.append(
                {"id": other.id, "label": other.label, "title": other.title, "why": pair.why}
            )
    return rows


def _media(db: Session, access: Access, incident: str) -> list[Row]:
    """Return stills and clips, without those of cameras that this person may not know of."""
    rows = []
    for row in media_rows(db, incident):
        camera = db.get(Camera, row["camera"])
        if camera is None or not camera.group or access.camera(Action.SEE, camera.group):
            rows.append(row)
    return rows


def _counted(db: Session, incident: str) -> list[Row]:
    query = select(IncidentStorm).where(IncidentStorm.incident == incident)
    return [
        {"camera": row.camera, "reason": row.reason, "events": row.events}
        for row in db.exec(query.limit(MAX_ROWS))
    ]

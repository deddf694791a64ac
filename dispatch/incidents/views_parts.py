"""Parts of an incident's sheet: counts, units, cameras, suggested units and cameras."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select

from dispatch.auth.access import Access
from dispatch.auth.permissions import Action
from dispatch.cameras.tables import Camera
from dispatch.incidents.suggest import FOLDED
from dispatch.incidents.tables import (
    Incident,
    IncidentCamera,
    IncidentHint,
    IncidentSuggestion,
    IncidentUnit,
)
from dispatch.store.tables import Call

Row = dict[str, Any]
"""A JSON object of the API."""


def knows_camera(db: Session, access: Access) -> Callable[[str], bool]:
    """Return whether this person may know of a camera, by its group; each is looked up once."""
    known: dict[str, bool] = {}

    def knows(camera: str) -> bool:
        if camera not in known:
            row = db.get(Camera, camera)
            group = row.group if row else ""
            known[camera] = not group or access.camera(Action.SEE, group)
        return known[camera]

    return knows


def counts_of(db: Session, access: Access, incidents: Sequence[str]) -> dict[str, dict[str, int]]:
    """Return how many cameras, units and confirmed calls each incident has, as this person knows.

    Units that this person may not know are not told apart here: a number names nobody.
    """
    counts = {one: {"cameras": 0, "units": 0, "calls": 0} for one in incidents}
    knows = knows_camera(db, access)
    links = select(IncidentCamera.incident, IncidentCamera.camera).where(
        col(IncidentCamera.incident).in_(incidents), IncidentCamera.state != "unlinked"
    )
    for incident, camera in db.exec(links):
        counts[incident]["cameras"] += knows(camera)
    units = (
        select(IncidentUnit.incident, func.count())
        .where(col(IncidentUnit.incident).in_(incidents), IncidentUnit.state == "assigned")
        .group_by(col(IncidentUnit.incident))
    )
    for incident, count in db.exec(units):
        counts[incident]["units"] = count
    calls = (
        select(IncidentSuggestion.incident, Call.talkgroup, func.count())
        .where(
            col(IncidentSuggestion.incident).in_(incidents),
            IncidentSuggestion.state == "confirmed",
            IncidentSuggestion.call == Call.id,
        )
        .group_by(col(IncidentSuggestion.incident), col(Call.talkgroup))
    )
    for incident, talkgroup, count in db.exec(calls):
        counts[incident]["calls"] += count if access.sees(talkgroup) else 0
    return counts


def unit_rows(db: Session, incident: str) -> list[Row]:
    """Return units that are or were assigned; what is live of them is added by the caller."""
    query = select(IncidentUnit).where(IncidentUnit.incident == incident)
    return [
        {
            "unit": row.unit,
            "state": row.state,
            "by": row.by,
            "at_utc": row.at_utc,
            "released_by": row.released_by,
            "released_utc": row.released_utc,
            "on_scene_utc": row.on_scene_utc,
        }
        for row in db.exec(query.order_by(col(IncidentUnit.at_utc)))
    ]


def camera_rows(db: Session, access: Access, incident: Incident) -> list[Row]:
    """Return the cameras of an incident that this person may know, with where they stand."""
    knows = knows_camera(db, access)
    query = select(IncidentCamera).where(IncidentCamera.incident == incident.id)
    rows = []
    for link in db.exec(query.order_by(col(IncidentCamera.at_utc))):
        if link.state == "unlinked" or not knows(link.camera):
            continue
        rows.append({**camera_row(db.get(Camera, link.camera), link.camera), "link": link.state})
    return rows


def camera_row(camera: Camera | None, name: str) -> Row:
    """Return a camera as map and lists need it."""
    return {
        "id": name,
        "name": camera.name if camera else name,
        "place": camera.place if camera else "",
        "group": camera.group if camera else "",
        "latitude_deg": camera.latitude_deg if camera else None,
        "longitude_deg": camera.longitude_deg if camera else None,
        "bearing_deg": camera.bearing_deg if camera else None,
        "range_m": camera.range_m if camera else 50.0,
        "state": camera.state if camera else "unknown",
        "since_utc": camera.since_utc if camera else 0,
    }


def hint_rows(db: Session, access: Access, incident: str) -> list[Row]:
    """Return suggested units and cameras, strongest first; units are cut by the caller."""
    knows = knows_camera(db, access)
    query = select(IncidentHint).where(
        IncidentHint.incident == incident,
        (col(IncidentHint.score) >= FOLDED) | (col(IncidentHint.state) != "suggested"),
    )
    return [
        {
            "id": row.id,
            "kind": row.kind,
            "object": row.object,
            "score": row.score,
            "state": row.state,
            "why": row.why,
            "terms": row.terms,
            "by": row.by,
            "at": row.at_utc,
        }
        for row in db.exec(query.order_by(col(IncidentHint.score).desc(), col(IncidentHint.id)))
        if row.kind != "camera" or knows(row.object)
    ]

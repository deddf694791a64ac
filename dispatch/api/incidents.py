"""Incidents: read, open, note, attach, judge, close."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, Field

from dispatch.api.asking import ServicesOf, asker_of
from dispatch.api.incident_sheet import whole_sheet
from dispatch.audit.entry import Obj
from dispatch.calllog.log import CallLog
from dispatch.deps import Person, require
from dispatch.errors import NotFound
from dispatch.incidents import views
from dispatch.incidents.service import Incidents
from dispatch.incidents.suggestions import Suggestions
from dispatch.services.record import Record
from dispatch.services.registry import Services

router = APIRouter(tags=["incidents"])

Reader = Annotated[Person, Depends(require("incident.see"))]
Editor = Annotated[Person, Depends(require("incident.edit"))]


class OpenIncident(BaseModel):
    """A new incident, by hand; who opens it leads it. ``exercise`` is a mark set beforehand."""

    title: str = Field(min_length=1, max_length=200)
    talkgroup: str | None = Field(None, max_length=64)
    priority: int = Field(3, ge=1, le=4)
    exercise: bool = False
    latitude_deg: float | None = Field(None, ge=-90, le=90)
    longitude_deg: float | None = Field(None, ge=-180, le=180)


class Judgement(BaseModel):
    """A person's answer to a suggestion."""

    state: Literal["confirmed", "rejected"]


class AttachCall(BaseModel):
    """A call that belongs to the incident."""

    call: str = Field(max_length=64)


class AssignTalkgroup(BaseModel):
    """A talkgroup that works on the incident."""

    talkgroup: str = Field(max_length=64)


class IncidentNote(BaseModel):
    """A note."""

    text: str = Field(min_length=1, max_length=4000)


class CloseIncident(BaseModel):
    """Why it is closed: handled, no_cause_found, duplicate, false_alarm."""

    reason: str = Field(max_length=32)


@router.get("/incidents")
async def incidents(
    person: Reader,
    services: ServicesOf,
    state: Annotated[
        Literal["open", "new", "active", "waiting", "closed", "merged"] | None, Query()
    ] = None,
    q: Annotated[str, Query(max_length=200)] = "",
    limit: Annotated[int, Query(ge=1, le=views.MAX_ROWS)] = views.MAX_ROWS,
) -> list[dict[str, Any]]:
    """List incidents, newest first; ``open`` are the new, active and waiting ones."""
    return await services.store.read(
        lambda db: views.list_incidents(db, person.access, state=state, q=q, limit=limit)
    )


def consulted(request: Request, person: Person, services: ServicesOf, incident: str) -> None:
    """Log that a person reads an incident: once in ten minutes, as the page asks again."""
    obj = Obj(type="incident", id=incident, cat="camera")
    services.use(Record).note_once(asker_of(request, person), "incident.open", obj)


@router.get("/incidents/{incident}")
async def incident_sheet(
    incident: str, request: Request, person: Reader, services: ServicesOf
) -> dict[str, Any]:
    """Return one incident with its events, timeline and suggested calls; logged."""
    sheet = await whole_sheet(incident, person, services)
    consulted(request, person, services, incident)
    return sheet


@router.post("/incidents", status_code=201)
async def open_incident(
    body: OpenIncident, request: Request, person: Editor, services: ServicesOf
) -> dict[str, Any]:
    """Open an incident by hand."""
    if body.talkgroup is not None:
        demand_talkgroup(person, body.talkgroup)
    at = None
    if body.latitude_deg is not None and body.longitude_deg is not None:
        at = (body.latitude_deg, body.longitude_deg)
    incident = await services.use(Incidents).open(
        body.title,
        person.name,
        body.talkgroup,
        owner=person.user_id,
        priority=body.priority,
        exercise=body.exercise,
        at=at,
    )
    log_act(request, person, services, "alter", "incident.open", incident)
    return await whole_sheet(incident, person, services)


@router.post("/incidents/{incident}/suggestions/{suggestion}")
async def judge(
    *,
    incident: str,
    suggestion: str,
    body: Judgement,
    request: Request,
    person: Editor,
    services: ServicesOf,
) -> dict[str, Any]:
    """Confirm or reject a suggested call."""
    seen = await whole_sheet(incident, person, services)
    if all(row["id"] != suggestion for row in seen["suggestions"]):
        raise NotFound(f"there is no suggestion {suggestion}")
    call = await services.use(Suggestions).judge(incident, suggestion, body.state, person.name)
    verb = f"incident.call_{body.state}"
    log_act(request, person, services, "combine", verb, incident, call=call)
    return await whole_sheet(incident, person, services)


@router.post("/incidents/{incident}/calls")
async def attach_call(
    incident: str, body: AttachCall, request: Request, person: Editor, services: ServicesOf
) -> dict[str, Any]:
    """Attach a call that a person found."""
    await demand_seen(incident, person, services)
    if body.call not in await services.use(CallLog).rows(person.access, [body.call]):
        raise NotFound(f"there is no call {body.call}")
    await services.use(Suggestions).attach(incident, body.call, person.name)
    log_act(
        request, person, services, "combine", "incident.call_attached", incident, call=body.call
    )
    return await whole_sheet(incident, person, services)


@router.post("/incidents/{incident}/talkgroups")
async def assign_talkgroup(
    incident: str, body: AssignTalkgroup, request: Request, person: Editor, services: ServicesOf
) -> dict[str, Any]:
    """Say that a talkgroup works on the incident."""
    await demand_seen(incident, person, services)
    demand_talkgroup(person, body.talkgroup)
    await services.use(Incidents).assign_talkgroup(incident, body.talkgroup, person.name)
    verb = "incident.talkgroup_assigned"
    log_act(request, person, services, "combine", verb, incident, talkgroup=body.talkgroup)
    return await whole_sheet(incident, person, services)


@router.post("/incidents/{incident}/notes")
async def note(
    incident: str, body: IncidentNote, request: Request, person: Editor, services: ServicesOf
) -> dict[str, Any]:
    """Write a note on the incident."""
    await demand_seen(incident, person, services)
    await services.use(Incidents).note(incident, body.text, person.name)
    log_act(request, person, services, "alter", "incident.note", incident, note=body.text)
    return await whole_sheet(incident, person, services)


@router.post("/incidents/{incident}/close")
async def close(
    incident: str, body: CloseIncident, request: Request, person: Editor, services: ServicesOf
) -> dict[str, Any]:
    """Close the incident with a reason."""
    await demand_seen(incident, person, services)
    await services.use(Incidents).close(incident, body.reason, person.name)
    log_act(request, person, services, "alter", "incident.close", incident, code=body.reason)
    return await whole_sheet(incident, person, services)


async def demand_seen(incident: str, person: Person, services: Services) -> None:
    """Raise NotFound unless this person may know of the incident."""
    await services.store.read(lambda db: views.sheet(db, person.access, incident))


def demand_talkgroup(person: Person, talkgroup: str) -> None:
    """Raise NotFound unless this person may know of the talkgroup."""
    if not person.access.sees(talkgroup):
        raise NotFound(f"there is no talkgroup {talkgroup}")


def log_act(  # noqa: PLR0917  # who, how and what, in the order of an entry
    request: Request,
    person: Person,
    services: Services,
    op: str,
    verb: str,
    incident: str,
    **detail: str,
) -> None:
    """Log what a person did with an incident."""
    services.use(Record).note_of(
        asker_of(request, person), op, verb, Obj(type="incident", id=incident), detail=detail
    )

"""Incidents: change, units, cameras, suggested units and cameras, merge and split."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field

from dispatch.api.asking import ServicesOf
from dispatch.api.incident_sheet import unit_words, whole_sheet
from dispatch.api.incidents import consulted, demand_seen, demand_talkgroup, log_act
from dispatch.auth.permissions import Action
from dispatch.cameras.tables import Camera
from dispatch.deps import Person, require
from dispatch.errors import NotFound, ServiceError
from dispatch.incidents.joining import Joining
from dispatch.incidents.nearby import Nearby
from dispatch.incidents.splitting import Parts, Splitting
from dispatch.incidents.work import Change, IncidentWork
from dispatch.services.desk import Desk
from dispatch.services.registry import Services
from dispatch.services.sight import Sight
from gateway.model.ids import UnitId

router = APIRouter(tags=["incidents"])

Reader = Annotated[Person, Depends(require("incident.see"))]
Editor = Annotated[Person, Depends(require("incident.edit"))]
Name = Annotated[str, Field(max_length=128)]
MAX_IDS = 2000


class ChangeIncident(BaseModel):
    """What to change; what is left out stays.

    ``owner``: ``me``, empty for nobody, or the id of the position that it is handed over to.
    ``version``: what was seen, so that two edits at once are noticed (409).
    """

    title: str | None = Field(None, min_length=1, max_length=200)
    priority: int | None = Field(None, ge=1, le=4)
    state: Literal["active", "waiting"] | None = None
    owner: str | None = Field(None, max_length=32)
    exercise: bool | None = None
    latitude_deg: float | None = Field(None, ge=-90, le=90)
    longitude_deg: float | None = Field(None, ge=-180, le=180)
    reason: str = Field("", max_length=400)
    version: int | None = None


class IncidentUnitBody(BaseModel):
    """A unit to send to an incident."""

    unit: str = Field(max_length=64)


class IncidentCameraBody(BaseModel):
    """A camera to link."""

    camera: str = Field(max_length=128)


class HintJudgement(BaseModel):
    """A person's answer to a suggested unit or camera."""

    state: Literal["confirmed", "rejected"]


class MergeIncident(BaseModel):
    """Where it goes, and why."""

    into: str = Field(max_length=64)
    reason: str = Field("", max_length=400)


class UndoMerge(BaseModel):
    """Why the merge was wrong."""

    reason: str = Field(min_length=3, max_length=400)


class SplitIncident(BaseModel):
    """What goes to a new incident: ids of events, calls, notes (lines), cameras, units."""

    title: str = Field(min_length=1, max_length=200)
    reason: str = Field("", max_length=400)
    events: list[Name] = Field(default_factory=list, max_length=MAX_IDS)
    calls: list[Name] = Field(default_factory=list, max_length=MAX_IDS)
    notes: list[int] = Field(default_factory=list, max_length=MAX_IDS)
    cameras: list[Name] = Field(default_factory=list, max_length=100)
    units: list[Name] = Field(default_factory=list, max_length=100)
    talkgroups: list[Name] = Field(default_factory=list, max_length=100)


class OtherIncident(BaseModel):
    """The other incident."""

    other: str = Field(max_length=64)


@router.patch("/incidents/{incident}")
async def change(
    incident: str, body: ChangeIncident, request: Request, person: Editor, services: ServicesOf
) -> dict[str, Any]:
    """Change title, priority, state, owner, place or exercise mark; reopen with a reason."""
    await demand_seen(incident, person, services)
    if (body.latitude_deg is None) != (body.longitude_deg is None):
        raise ServiceError("latitude_deg, longitude_deg: give both or none")
    at = None
    if body.latitude_deg is not None and body.longitude_deg is not None:
        at = (body.latitude_deg, body.longitude_deg)
    wanted = Change(
        title=body.title,
        priority=body.priority,
        state=body.state,
        owner=None if body.owner is None else _owner(body.owner, person, services),
        exercise=body.exercise,
        at=at,
        reason=body.reason,
        version=body.version,
    )
    await services.use(IncidentWork).change(incident, wanted, person.name)
    detail = {**wanted.words, **({"reason": body.reason} if body.reason else {})}
    log_act(request, person, services, "alter", "incident.change", incident, **detail)
    return await whole_sheet(incident, person, services)


def _owner(owner: str, person: Person, services: Services) -> tuple[str, str]:
    if owner == "me":
        return person.user_id, person.name
    if not owner:
        return "", ""
    seat = services.use(Desk).seat(owner)
    if seat is None:
        raise NotFound(f"nobody sits at position {owner}")
    return seat.user.id, seat.user.display_name


@router.post("/incidents/{incident}/units")
async def assign_unit(
    incident: str, body: IncidentUnitBody, request: Request, person: Editor, services: ServicesOf
) -> dict[str, Any]:
    """Send a unit to the incident."""
    row = await whole_sheet(incident, person, services)
    _demand_unit(person, services, body.unit)
    words = unit_words(row, body.unit, person, services)
    await services.use(IncidentWork).assign_unit(incident, body.unit, person.name, words)
    verb = "incident.unit_assigned"
    log_act(request, person, services, "combine", verb, incident, unit=body.unit)
    return await whole_sheet(incident, person, services)


@router.delete("/incidents/{incident}/units/{unit:path}")
async def release_unit(
    incident: str, unit: str, request: Request, person: Editor, services: ServicesOf
) -> dict[str, Any]:
    """Say that a unit is free again."""
    await demand_seen(incident, person, services)
    _demand_unit(person, services, unit)
    await services.use(IncidentWork).release_unit(incident, unit, person.name)
    log_act(request, person, services, "alter", "incident.unit_released", incident, unit=unit)
    return await whole_sheet(incident, person, services)


@router.post("/incidents/{incident}/cameras")
async def link_camera(
    incident: str, body: IncidentCameraBody, request: Request, person: Editor, services: ServicesOf
) -> dict[str, Any]:
    """Link a camera of the register."""
    await demand_seen(incident, person, services)
    await _demand_camera(person, services, body.camera)
    await services.use(IncidentWork).link_camera(incident, body.camera, person.name)
    verb = "incident.camera_linked"
    log_act(request, person, services, "combine", verb, incident, camera=body.camera)
    return await whole_sheet(incident, person, services)


@router.delete("/incidents/{incident}/cameras/{camera:path}")
async def unlink_camera(
    incident: str, camera: str, request: Request, person: Editor, services: ServicesOf
) -> dict[str, Any]:
    """Take a camera off the incident; what it saw stays."""
    await demand_seen(incident, person, services)
    await _demand_camera(person, services, camera)
    await services.use(IncidentWork).unlink_camera(incident, camera, person.name)
    verb = "incident.camera_unlinked"
    log_act(request, person, services, "alter", verb, incident, camera=camera)
    return await whole_sheet(incident, person, services)


@router.delete("/incidents/{incident}/talkgroups/{talkgroup:path}")
async def unassign_talkgroup(
    incident: str, talkgroup: str, request: Request, person: Editor, services: ServicesOf
) -> dict[str, Any]:
    """Say that a talkgroup works on the incident no more."""
    await demand_seen(incident, person, services)
    demand_talkgroup(person, talkgroup)
    await services.use(IncidentWork).unassign_talkgroup(incident, talkgroup, person.name)
    verb = "incident.talkgroup_unassigned"
    log_act(request, person, services, "alter", verb, incident, talkgroup=talkgroup)
    return await whole_sheet(incident, person, services)


@router.post("/incidents/{incident}/hints/{hint}")
async def judge_hint(
    *,
    incident: str,
    hint: str,
    body: HintJudgement,
    request: Request,
    person: Editor,
    services: ServicesOf,
) -> dict[str, Any]:
    """Confirm or reject a suggested unit or camera; a confirmed one is assigned or linked."""
    row = await whole_sheet(incident, person, services)
    found = next((one for one in row["hints"] if one["id"] == hint), None)
    if found is None:
        raise NotFound(f"there is no suggestion {hint}")
    words = found["object"]
    if found["kind"] == "unit":
        words = unit_words(row, found["object"], person, services)
    kind, name = await services.use(Nearby).judge(incident, hint, body.state, person.name, words)
    verb = f"incident.{kind}_{body.state}"
    log_act(request, person, services, "combine", verb, incident, **{kind: name})
    return await whole_sheet(incident, person, services)


@router.post("/incidents/{incident}/merge")
async def merge(
    incident: str, body: MergeIncident, request: Request, person: Editor, services: ServicesOf
) -> dict[str, Any]:
    """Merge this incident into another; its number stays and points on. Returns the other."""
    await demand_seen(incident, person, services)
    await demand_seen(body.into, person, services)
    joining = services.use(Joining)
    done = await joining.merge(incident, body.into, person.name, body.reason)
    detail = {"into": body.into, "merge": done, "reason": body.reason}
    log_act(request, person, services, "combine", "incident.merge", incident, **detail)
    return await whole_sheet(body.into, person, services)


@router.post("/incidents/{incident}/unmerge")
async def unmerge(
    incident: str, body: UndoMerge, request: Request, person: Editor, services: ServicesOf
) -> dict[str, Any]:
    """Undo the merge of this incident, within a day; what came since stays where it is."""
    row = await whole_sheet(incident, person, services)
    if row["merged_into"] and row["merged_to"] is None:
        raise NotFound(f"there is no incident {row['merged_into']}")
    target = await services.use(Joining).undo(incident, person.name, body.reason)
    detail = {"into": target, "reason": body.reason}
    log_act(request, person, services, "alter", "incident.unmerge", incident, **detail)
    return await whole_sheet(incident, person, services)


@router.post("/incidents/{incident}/split", status_code=201)
async def split(
    incident: str, body: SplitIncident, request: Request, person: Editor, services: ServicesOf
) -> dict[str, Any]:
    """Make a new incident of the chosen parts; returns it."""
    row = await whole_sheet(incident, person, services)
    _demand_parts(row, body)
    parts = Parts(
        events=tuple(body.events),
        calls=tuple(body.calls),
        notes=tuple(body.notes),
        cameras=tuple(body.cameras),
        units=tuple(body.units),
        talkgroups=tuple(body.talkgroups),
    )
    owner = (person.user_id, person.name)
    made = await services.use(Splitting).split(
        incident, parts, body.title, owner=owner, reason=body.reason
    )
    sizes = {
        name: str(len(getattr(parts, name)))
        for name in ("events", "calls", "notes", "cameras", "units", "talkgroups")
    }
    detail = {"into": made, "reason": body.reason, **sizes}
    log_act(request, person, services, "alter", "incident.split", incident, **detail)
    return await whole_sheet(made, person, services)


@router.post("/incidents/{incident}/not-the-same")
async def not_the_same(
    incident: str, body: OtherIncident, request: Request, person: Editor, services: ServicesOf
) -> dict[str, Any]:
    """Say that an incident offered as possibly the same is another; it is not offered again."""
    await demand_seen(incident, person, services)
    await demand_seen(body.other, person, services)
    await services.use(IncidentWork).not_the_same(incident, body.other, person.name)
    verb = "incident.not_the_same"
    log_act(request, person, services, "combine", verb, incident, other=body.other)
    return await whole_sheet(incident, person, services)


@router.get("/incidents/{incident}/timeline")
async def timeline(
    incident: str, request: Request, person: Reader, services: ServicesOf
) -> list[dict[str, Any]]:
    """Return the incident's lines, oldest first, with those of incidents merged into it; logged."""
    rows: list[dict[str, Any]] = (await whole_sheet(incident, person, services))["timeline"]
    consulted(request, person, services, incident)
    return rows


def _demand_parts(row: dict[str, Any], body: SplitIncident) -> None:
    """Raise NotFound for a part that this person may not know of."""
    seen = {
        "calls": {one["call"] for one in row["suggestions"]},
        "cameras": {one["id"] for one in row["cameras"]},
        "units": {one["unit"] for one in row["units"]},
        "talkgroups": set(row["talkgroups"]),
        "notes": {one["id"] for one in row["timeline"]},
    }
    for name, known in seen.items():
        for one in getattr(body, name):
            if one not in known:
                raise NotFound(f"{name}: {one} does not belong to {row['label']}")


def _demand_unit(person: Person, services: Services, unit: str) -> None:
    if not services.use(Sight).sees_unit(person.access, UnitId(unit)):
        raise NotFound(f"there is no unit {unit}")


async def _demand_camera(person: Person, services: Services, camera: str) -> None:
    row = await services.store.read(lambda db: db.get(Camera, camera))
    group = row.group if row else ""
    if row is None or (group and not person.access.camera(Action.SEE, group)):
        raise NotFound(f"there is no camera {camera}")

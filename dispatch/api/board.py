"""Talkgroups, units, cameras and alarms of the live board."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from sqlmodel import select

from dispatch.api.asking import ServicesOf
from dispatch.api.schemas import EndAlarm
from dispatch.auth.permissions import Action
from dispatch.cameras.tables import Camera
from dispatch.deps import Person, require
from dispatch.services.desk import Desk
from dispatch.services.messaging import Messaging
from dispatch.services.rows import as_row
from dispatch.services.snapshot import Snapshots

router = APIRouter(tags=["board"])

Viewer = Annotated[Person, Depends(require("board.see"))]


@router.get("/talkgroups")
async def talkgroups(person: Viewer, services: ServicesOf) -> list[dict[str, Any]]:
    """List the talkgroups this person sees, with their live state."""
    return services.use(Snapshots).talkgroups(person.access)


@router.get("/units")
async def units(person: Viewer, services: ServicesOf) -> list[dict[str, Any]]:
    """List the units this person sees."""
    return services.use(Snapshots).units(person.access)


@router.get("/cameras")
async def cameras(
    person: Annotated[Person, Depends(require("camera.see"))], services: ServicesOf
) -> list[dict[str, Any]]:
    """List the cameras of this person's camera groups; one without a group is everybody's."""
    found = await services.store.read(lambda db: list(db.exec(select(Camera))))
    return [
        as_row(camera)
        for camera in found
        if not camera.group or person.access.camera(Action.SEE, camera.group)
    ]


@router.post("/alarms/{alarm}/acknowledge")
async def acknowledge(
    alarm: str,
    person: Annotated[Person, Depends(require("alarm.acknowledge"))],
    services: ServicesOf,
) -> dict[str, Any]:
    """Acknowledge an emergency."""
    seat = services.use(Desk).seat_of(person.session.id)
    reply = await services.use(Messaging).acknowledge(
        person.access, alarm, seat.position if seat else None
    )
    return {"ok": reply.ok, "reason": reply.reason}


@router.post("/alarms/{alarm}/end")
async def end(
    alarm: str,
    body: EndAlarm,
    person: Annotated[Person, Depends(require("alarm.end"))],
    services: ServicesOf,
) -> dict[str, Any]:
    """End an acknowledged emergency with one of four reasons."""
    reply = await services.use(Messaging).end(person.access, alarm, body.reason)
    return {"ok": reply.ok, "reason": reply.reason}

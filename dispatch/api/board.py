"""Talkgroups, units, cameras and alarms of the live board."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Iterator
from itertools import islice
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from sqlmodel import select
from starlette.responses import Response, StreamingResponse

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

ROWS_A_PIECE = 30
"""Rows that the loop writes at once."""
BLOCKS_A_PIECE = 2

Viewer = Annotated[Person, Depends(require("board.see"))]


@router.get("/talkgroups", response_model=list[dict[str, Any]])
async def talkgroups(person: Viewer, services: ServicesOf) -> Response:
    """List the talkgroups this person sees, with their live state."""
    return _listed(services.use(Snapshots).groups.texts(person.access), BLOCKS_A_PIECE)


@router.get("/units", response_model=list[dict[str, Any]])
async def units(person: Viewer, services: ServicesOf) -> Response:
    """List the units this person sees."""
    return _listed(services.use(Snapshots).each_unit(person.access), ROWS_A_PIECE)


def _listed(rows: Iterator[str], at_once: int) -> Response:
    """Return rows as one JSON array, made in pieces: a long list keeps nobody waiting.

    Some rows may come in one text, and none in an empty one.
    """

    async def pieces() -> AsyncIterator[str]:
        before = "["
        while some := list(islice(rows, at_once)):
            if any(some):
                yield before + ",".join(filter(None, some))
                before = ","
            await asyncio.sleep(0)
        yield "[]" if before == "[" else "]"

    return StreamingResponse(pieces(), media_type="application/json")


@router.get("/units/planned", response_model=dict[str, Any])
async def planned_units(
    request: Request,
    person: Viewer,
    services: ServicesOf,
    known: Annotated[str, Query(max_length=64)] = "",
) -> Response:
    """Give what the plan says of the units this person sees: ``mark`` and packed ``tables``.

    204 for a page that has them: it names their mark as ``known``.
    """
    found = await services.use(Snapshots).planned_units.of(person.access)
    if known == found.mark:
        return Response(status_code=204)
    data, headers = found.packed, {"Vary": "Accept-Encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
    else:
        data = await asyncio.to_thread(gzip.decompress, data)
    return Response(data, media_type="application/json", headers=headers)


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

"""Lanes on one clock, for the auditor's desk and the incident desk."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request

from dispatch.api.asking import ServicesOf, asker_of
from dispatch.calllog.lanes import Lanes, LanesQuery
from dispatch.deps import Person, require

router = APIRouter(tags=["calls"])

Ids = Annotated[list[str] | None, Query(max_length=16)]


@router.get("/lanes", summary="Lanes on one clock")
async def lanes(
    *,
    request: Request,
    person: Annotated[Person, Depends(require("call.search"))],
    services: ServicesOf,
    from_utc: int,
    to_utc: int,
    talkgroup: Ids = None,
    unit: Ids = None,
    camera: Ids = None,
    incident: Ids = None,
) -> dict[str, Any]:
    """Return what was said, seen, written and done between two times, at most 2 h apart.

    Times are UTC microseconds. Each lane has a kind (talkgroup, unit, camera, written, incident,
    operator), and items with the same fields; ``gap`` marks what is missing and why.
    """
    query = LanesQuery(
        from_utc=from_utc,
        to_utc=to_utc,
        talkgroups=tuple(talkgroup or ()),
        units=tuple(unit or ()),
        cameras=tuple(camera or ()),
        incidents=tuple(incident or ()),
    )
    return await services.use(Lanes).read(asker_of(request, person), query)

"""The call log."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request

from dispatch.api.asking import ServicesOf, asker_of
from dispatch.api.schemas import WriteNote
from dispatch.auditdesk.sheet import with_facts
from dispatch.calllog.log import CallLog
from dispatch.calllog.places import Places
from dispatch.calllog.query import DEFAULT_LIMIT, MAX_LIMIT, CallQuery, Place
from dispatch.deps import Person, require
from dispatch.errors import ServiceError

router = APIRouter(tags=["calls"])

Searcher = Annotated[Person, Depends(require("call.search"))]


Words = Annotated[list[str] | None, Query(max_length=64)]
Text = Annotated[str | None, Query(max_length=100)]
OneWord = Annotated[str | None, Query(max_length=32)]


@router.get("/calls", summary="Search calls")
async def search(
    *,
    request: Request,
    person: Searcher,
    services: ServicesOf,
    q: Annotated[str, Query(max_length=200)] = "",
    from_utc: int | None = None,
    to_utc: int | None = None,
    since: Annotated[int | None, Query(alias="from")] = None,
    until: Annotated[int | None, Query(alias="to")] = None,
    talkgroup: Words = None,
    unit: Words = None,
    site: Words = None,
    system: Text = None,
    incident: Text = None,
    position: Text = None,
    operator: Text = None,
    direction: Annotated[str | None, Query(pattern="^(in|out)$")] = None,
    emergency: bool | None = None,
    encrypted: bool | None = None,
    held: bool | None = None,
    outcome: OneWord = None,
    min_ms: Annotated[int | None, Query(ge=0)] = None,
    max_ms: Annotated[int | None, Query(ge=0)] = None,
    place: Annotated[
        str | None, Query(max_length=64, description="latitude,longitude,radius in metres")
    ] = None,
    place_id: Annotated[
        str | None, Query(max_length=200, description="a camera, or an incident with a place")
    ] = None,
    radius_m: Annotated[float, Query(gt=0, description="round ``place_id``")] = 500.0,
    plan: int | None = None,
    patch: Annotated[str | None, Query(max_length=40, description="a patch's id or label")] = None,
    tag: Text = None,
    order: Annotated[str, Query(pattern="^(newest|oldest)$")] = "newest",
    before: Annotated[int | None, Query(description="the cursor of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT,
) -> dict[str, Any]:
    """Search calls within the rights of the person; every search is logged.

    Times are UTC microseconds. ``talkgroup``, ``unit`` and ``site`` may be repeated: any of them.
    ``total`` is exact up to 10,000, beyond that ``total_more`` is true. ``cursor`` in ``before``
    gives the next page. Words are marked in ``texts``.
    """
    circle = place_of(place)
    if place_id:
        circle = await services.use(Places).of(person.access, place_id, radius_m)
    query = CallQuery(
        q=q,
        from_utc=from_utc if from_utc is not None else since,
        to_utc=to_utc if to_utc is not None else until,
        talkgroups=tuple(talkgroup or ()),
        units=tuple(unit or ()),
        sites=tuple(site or ()),
        system=system,
        incident=incident,
        position=position,
        operator=operator,
        direction=direction,
        emergency=emergency,
        encrypted=encrypted,
        held=held,
        outcome=outcome,
        min_ms=min_ms,
        max_ms=max_ms,
        place=circle,
        plan=plan,
        patch=patch,
        tag=tag,
        order=order,
        before=before,
        limit=limit,
    )
    return await services.use(CallLog).search(asker_of(request, person), query)


def place_of(text: str | None) -> Place | None:
    """Return the circle of ``latitude,longitude,radius_m``; raises ServiceError."""
    if not text:
        return None
    try:
        latitude, longitude, radius = (float(part) for part in text.split(","))
    except ValueError:
        raise ServiceError(
            f"place: expected latitude,longitude,radius in metres, got {text!r}"
        ) from None
    return Place(latitude_deg=latitude, longitude_deg=longitude, radius_m=radius)


@router.get("/cameras/{camera}/units", summary="Units near a camera")
async def units_near(
    *,
    camera: str,
    request: Request,
    person: Annotated[Person, Depends(require("camera.see"))],
    services: ServicesOf,
    at_utc: int | None = None,
    radius_m: Annotated[float, Query(gt=0, le=20_000)] = 1500.0,
) -> dict[str, Any]:
    """Return the units whose last place at a time lay within a radius of a camera, nearest first.

    Distance, age and error of each place are told; one older than 300 s does not count.
    """
    at = at_utc if at_utc is not None else services.clock.utc_us()
    return await services.use(Places).units_near(asker_of(request, person), camera, at, radius_m)


@router.get("/calls/{call}")
async def sheet(
    call: str, request: Request, person: Searcher, services: ServicesOf
) -> dict[str, Any]:
    """Return the sheet of one call."""
    found = await services.use(CallLog).sheet(asker_of(request, person), call)
    return await with_facts(services, found, person.access)


@router.post("/calls/{call}/notes")
async def note(
    call: str,
    body: WriteNote,
    request: Request,
    person: Annotated[Person, Depends(require("call.note"))],
    services: ServicesOf,
) -> dict[str, Any]:
    """Write a note on a call."""
    note_id = await services.use(CallLog).note(asker_of(request, person), call, body.text)
    return {"id": note_id}

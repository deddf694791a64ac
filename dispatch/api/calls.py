"""The call log."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request

from dispatch.api.asking import ServicesOf, asker_of
from dispatch.api.schemas import WriteNote
from dispatch.auditdesk.sheet import with_facts
from dispatch.deps import Person, require
from dispatch.services.call_search import DEFAULT_LIMIT, MAX_LIMIT, CallQuery
from dispatch.services.calls import CallLog

router = APIRouter(tags=["calls"])

Searcher = Annotated[Person, Depends(require("call.search"))]


@router.get("/calls")
async def search(
    *,
    request: Request,
    person: Searcher,
    services: ServicesOf,
    q: Annotated[str, Query(max_length=200)] = "",
    from_utc: Annotated[int | None, Query(alias="from")] = None,
    to_utc: Annotated[int | None, Query(alias="to")] = None,
    talkgroup: Annotated[str | None, Query(max_length=64)] = None,
    unit: Annotated[str | None, Query(max_length=64)] = None,
    incident: Annotated[str | None, Query(max_length=64)] = None,
    emergency: bool | None = None,
    outcome: Annotated[str | None, Query(max_length=32)] = None,
    before: int | None = None,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT,
) -> dict[str, Any]:
    """Search calls, newest first; times are UTC microseconds, ``before`` pages on."""
    query = CallQuery(
        q=q,
        from_utc=from_utc,
        to_utc=to_utc,
        talkgroup=talkgroup,
        unit=unit,
        incident=incident,
        emergency=emergency,
        outcome=outcome,
        before_utc=before,
        limit=limit,
    )
    return await services.use(CallLog).search(asker_of(request, person), query)


@router.get("/calls/{call}")
async def sheet(
    call: str, request: Request, person: Searcher, services: ServicesOf
) -> dict[str, Any]:
    """Return the sheet of one call."""
    found = await services.use(CallLog).sheet(asker_of(request, person), call)
    return await with_facts(services, found)


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

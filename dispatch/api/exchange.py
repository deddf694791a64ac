"""Incidents to and from other control rooms: CAP alerts and hand-over files."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field
from sqlmodel import Session
from starlette.responses import JSONResponse

from dispatch.api.asking import ServicesOf, asker_of
from dispatch.audit.entry import Obj
from dispatch.cameras.sources import CameraSources
from dispatch.deps import Person, public, require
from dispatch.errors import NotFound, ServiceError, TooLarge
from dispatch.incidents import views
from dispatch.incidents.cap_exchange import CapExchange, CapPeers
from dispatch.incidents.cap_model import MAX_BYTES, BadCap
from dispatch.incidents.handover import MAX_BYTES as MAX_FILE_BYTES
from dispatch.incidents.handover import BadHandover
from dispatch.incidents.handover_exchange import HandoverExchange
from dispatch.incidents.tables import CapMessage, Incident
from dispatch.services.record import Record, purpose_of
from dispatch.services.registry import Services

router = APIRouter(tags=["incidents"])

Reader = Annotated[Person, Depends(require("incident.see"))]
Keeper = Annotated[Person, Depends(require("incident.hand_over"))]


class MakeCap(BaseModel):
    """What an alert says besides the incident: for whom it is, and how long it holds."""

    status: Literal["Actual", "Exercise", "Test"] = "Actual"
    restriction: str = Field("police only", min_length=1, max_length=200)
    addresses: str = Field("", max_length=500)
    expires_minutes: int = Field(60, ge=1, le=10_080)
    purpose_text: str = Field("", max_length=500)
    purpose_ref: str = Field("", max_length=64)


class Purpose(BaseModel):
    """Why an incident is handed over."""

    purpose_text: str = Field("", max_length=500)
    purpose_ref: str = Field("", max_length=64)


@router.post("/webhooks/cap/{source}", dependencies=[Depends(public)], status_code=202)
async def cap_webhook(source: str, request: Request, services: ServicesOf) -> Response:
    """Take a CAP alert, signed by the Standard Webhooks scheme."""
    raw = await _body(request, MAX_BYTES)
    sources, hook = services.use(CameraSources), f"cap:{source}"
    webhook_id, before = sources.verify(hook, request.headers, raw)
    if before:
        return JSONResponse({"duplicate": True})
    senders, group = services.use(CapPeers).peers[source]
    try:
        row = await services.use(CapExchange).receive_cap(raw, group=group, senders=senders)
    except BadCap as error:
        await sources.remember(hook, webhook_id, raw, str(error))
        raise ServiceError(str(error)) from error
    await sources.remember(hook, webhook_id)
    return JSONResponse(row, status_code=200 if row["duplicate"] else 202)


@router.post("/cap", status_code=201)
async def take_cap(request: Request, person: Keeper, services: ServicesOf) -> dict[str, Any]:
    """Take a CAP alert from a file; the body is the alert."""
    raw = await _body(request, MAX_BYTES)
    try:
        row = await services.use(CapExchange).receive_cap(raw, who=person.name)
    except BadCap as error:
        raise ServiceError(str(error)) from error
    obj = Obj(type="cap", id=row["id"])
    services.use(Record).note_of(
        asker_of(request, person), "collect", "cap.take", obj, detail={"incident": row["incident"]}
    )
    return row


@router.get("/cap")
async def cap_messages(
    person: Reader,
    services: ServicesOf,
    state: Annotated[Literal["active", "updated", "cancelled", "expired"] | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 100,
) -> list[dict[str, Any]]:
    """List alerts that came and went, newest first; those of incidents that this person sees."""
    rows = await services.use(CapExchange).cap_rows(state, limit)

    def seen(db: Session) -> list[dict[str, Any]]:
        return [row for row in rows if _sees(db, person, row["incident"])]

    return await services.store.read(seen)


@router.get("/cap/{message}", response_class=Response)
async def cap_message(message: str, person: Reader, services: ServicesOf) -> Response:
    """Return an alert as it came or went."""

    def work(db: Session) -> bytes:
        row = db.get(CapMessage, message)
        if row is None or not _sees(db, person, row.incident):
            raise NotFound(f"there is no alert {message}")
        return row.raw

    raw = await services.store.read(work)
    headers = {
        "Cache-Control": "no-store",
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    return Response(raw, media_type="application/cap+xml", headers=headers)


@router.post("/incidents/{incident}/cap", response_class=Response)
async def make_cap(
    incident: str, body: MakeCap, request: Request, person: Keeper, services: ServicesOf
) -> Response:
    """Return a CAP alert of the incident; logged before it leaves."""
    await _leave(incident, "incident.cap", body, request, person, services)
    try:
        raw = await services.use(CapExchange).make_cap(
            incident,
            status=body.status,
            restriction=body.restriction,
            addresses=body.addresses,
            minutes=body.expires_minutes,
            who=person.user_id,
        )
    except BadCap as error:
        raise ServiceError(str(error)) from error
    return Response(raw, media_type="application/cap+xml", headers={"Cache-Control": "no-store"})


@router.post("/incidents/{incident}/handover", response_class=Response)
async def hand_over(
    incident: str, body: Purpose, request: Request, person: Keeper, services: ServicesOf
) -> Response:
    """Return the hand-over file of the incident; logged before it leaves."""
    await _leave(incident, "incident.hand_over", body, request, person, services)
    name, raw = await services.use(HandoverExchange).hand_over(incident, person.name)
    headers = {
        "Cache-Control": "no-store",
        "Content-Disposition": f'attachment; filename="{name}"',
    }
    return Response(raw, media_type="application/json", headers=headers)


@router.post("/handovers", status_code=201)
async def take_over(request: Request, person: Keeper, services: ServicesOf) -> dict[str, Any]:
    """Take an incident over from a file; the body is the file."""
    raw = await _body(request, MAX_FILE_BYTES)
    try:
        row = await services.use(HandoverExchange).take_over(raw, person.name)
    except BadHandover as error:
        raise ServiceError(f"hand-over: {error}") from error
    obj = Obj(type="incident", id=row["incident"])
    services.use(Record).note_of(
        asker_of(request, person), "collect", "incident.take_over", obj,
        detail={"persons": row["persons"]},
    )  # fmt: skip
    return row


async def _leave(  # noqa: PLR0917  # what an entry needs
    incident: str,
    verb: str,
    body: MakeCap | Purpose,
    request: Request,
    person: Person,
    services: Services,
) -> None:
    """Log a disclosure ahead of it; raises NotFound for an incident this person can't see."""
    await services.store.read(lambda db: views.sheet(db, person.access, incident))
    purpose = purpose_of("", body.purpose_ref, body.purpose_text)
    obj = Obj(type="incident", id=incident)
    await services.use(Record).before(
        asker_of(request, person), "disclose", verb, obj, purpose=purpose
    )


def _sees(db: Session, person: Person, incident: str) -> bool:
    if not incident:
        return True
    row = db.get(Incident, incident)
    if row is None:
        return False
    return views.sees(person.access, row, views.assigned_talkgroups(db, incident))


async def _body(request: Request, limit: int) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise TooLarge(f"body: more than {limit} bytes")
    return bytes(body)

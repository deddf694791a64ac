"""Texts, statuses and position requests."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request

from dispatch.api.asking import ServicesOf, asker_of
from dispatch.api.schemas import AskPosition, SendStatus, SendText
from dispatch.deps import Person, require
from dispatch.services.message_search import (
    DEFAULT_LIMIT,
    KINDS,
    MAX_LIMIT,
    MessageQuery,
    MessageSearch,
)
from dispatch.services.messaging import Messaging
from dispatch.services.snapshot import Snapshots
from gateway.model.command import Reply
from gateway.model.ids import MessageId

router = APIRouter(tags=["messages"])

Reader = Annotated[Person, Depends(require("message.see"))]
Writer = Annotated[Person, Depends(require("message.send"))]


@router.get("/messages")
async def messages(person: Reader, services: ServicesOf) -> list[dict[str, Any]]:
    """List the last messages, newest first."""
    return services.use(Snapshots).messages(person.access)


@router.get("/messages/search")
async def search(
    *,
    request: Request,
    person: Reader,
    services: ServicesOf,
    q: Annotated[str, Query(max_length=200)] = "",
    from_utc: Annotated[int | None, Query(alias="from")] = None,
    to_utc: Annotated[int | None, Query(alias="to")] = None,
    talkgroup: Annotated[str | None, Query(max_length=64)] = None,
    unit: Annotated[str | None, Query(max_length=64)] = None,
    kind: Annotated[str | None, Query(pattern=f"^({'|'.join(KINDS)})$")] = None,
    before: int | None = None,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT,
) -> dict[str, Any]:
    """Search stored messages, newest first; times are UTC microseconds, ``before`` pages on."""
    query = MessageQuery(
        q=q,
        from_utc=from_utc,
        to_utc=to_utc,
        talkgroup=talkgroup,
        unit=unit,
        kind=kind,
        before_utc=before,
        limit=limit,
    )
    return await services.use(MessageSearch).search(asker_of(request, person), query)


@router.post("/messages")
async def send(body: SendText, person: Writer, services: ServicesOf) -> dict[str, Any]:
    """Send a text; how far it got comes as events."""
    sent = await services.use(Messaging).send(
        person.access,
        to=body.to,
        to_talkgroup=body.to_talkgroup,
        text=body.text,
        immediate=body.immediate,
    )
    return _answer(*sent)


@router.post("/messages/status")
async def send_status(body: SendStatus, person: Writer, services: ServicesOf) -> dict[str, Any]:
    """Send a status of the plan's table; how far it got comes as events."""
    sent = await services.use(Messaging).send_status(
        person.access, to=body.to, to_talkgroup=body.to_talkgroup, value=body.value
    )
    return _answer(*sent)


@router.post("/messages/position-request")
async def ask_position(
    body: AskPosition,
    person: Annotated[Person, Depends(require("position.request"))],
    services: ServicesOf,
) -> dict[str, Any]:
    """Ask a unit where it is; its position comes as an event."""
    return _answer(*await services.use(Messaging).ask_position(person.access, unit=body.unit))


@router.post("/messages/position-reports")
async def set_reporting(
    body: AskPosition,
    person: Annotated[Person, Depends(require("position.reporting"))],
    services: ServicesOf,
) -> dict[str, Any]:
    """Ask a unit to report its position by itself, or not to (``enabled``)."""
    sent = await services.use(Messaging).ask_position(
        person.access, unit=body.unit, action="enable" if body.enabled else "disable"
    )
    return _answer(*sent)


@router.post("/messages/{message}/read")
async def read(message: str, person: Reader, services: ServicesOf) -> dict[str, Any]:
    """Note that this person opened a text; its sender is told, where it waits for that."""
    await services.use(Messaging).opened(person.access, message)
    return {"ok": True}


def _answer(message: MessageId, reply: Reply) -> dict[str, Any]:
    return {"id": message, "ok": reply.ok, "reason": reply.reason}

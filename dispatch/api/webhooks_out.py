"""Messages to other systems: what was taken, what waits, what was given up."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request

from dispatch.api.asking import ServicesOf, asker_of
from dispatch.audit.entry import Obj
from dispatch.cameras.webhook_sender import WebhookSender
from dispatch.deps import Person, require
from dispatch.services.record import Record

router = APIRouter(tags=["cameras"])

Keeper = Annotated[Person, Depends(require("webhook.keep"))]


@router.get("/webhooks-out")
async def messages(
    person: Keeper,
    services: ServicesOf,
    state: Annotated[Literal["waiting", "sent", "dead"] | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 100,
) -> list[dict[str, Any]]:
    """List messages to other systems, newest first, without their content."""
    if not services.has(WebhookSender):
        return []
    return await services.use(WebhookSender).rows(state, limit)


@router.post("/webhooks-out/{message}/again")
async def again(
    message: str, request: Request, person: Keeper, services: ServicesOf
) -> dict[str, Any]:
    """Send a message again that was given up."""
    await services.use(WebhookSender).again(message)
    obj = Obj(type="webhook", id=message)
    services.use(Record).note_of(asker_of(request, person), "disclose", "webhook.again", obj)
    return {"id": message, "state": "waiting"}

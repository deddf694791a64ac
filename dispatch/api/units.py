"""Reaching one radio: call alert, status query and update, radio check, inhibit."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from dispatch.api.asking import ServicesOf, asker_of
from dispatch.api.schemas import AskUnit, InhibitUnit, SetUnitStatus
from dispatch.deps import Person, require
from dispatch.services.unit_acts import UnitReach
from gateway.model.command import Reply
from gateway.model.ids import MessageId

router = APIRouter(tags=["units"])

Querier = Annotated[Person, Depends(require("unit.query"))]


@router.post("/units/alert")
async def alert(
    body: AskUnit,
    person: Annotated[Person, Depends(require("unit.alert"))],
    services: ServicesOf,
) -> dict[str, Any]:
    """Ask a unit to call back; how far it got comes as events."""
    reach = services.use(UnitReach)
    return _answer(*await reach.ask(person.access, unit=body.unit, act="call_alert"))


@router.post("/units/query")
async def query(body: AskUnit, person: Querier, services: ServicesOf) -> dict[str, Any]:
    """Ask a unit for its status; the status comes as an event."""
    reach = services.use(UnitReach)
    return _answer(*await reach.ask(person.access, unit=body.unit, act="status_query"))


@router.post("/units/status")
async def update(body: SetUnitStatus, person: Querier, services: ServicesOf) -> dict[str, Any]:
    """Send a unit a status of the plan's table."""
    reach = services.use(UnitReach)
    sent = await reach.ask(person.access, unit=body.unit, act="status_update", value=body.value)
    return _answer(*sent)


@router.post("/units/check")
async def check(
    body: AskUnit,
    person: Annotated[Person, Depends(require("unit.check"))],
    services: ServicesOf,
) -> dict[str, Any]:
    """Ask whether a radio is there."""
    return _answer(*await services.use(UnitReach).check(person.access, unit=body.unit))


@router.post("/units/inhibit")
async def inhibit(
    body: InhibitUnit,
    request: Request,
    person: Annotated[Person, Depends(require("unit.inhibit"))],
    services: ServicesOf,
) -> dict[str, Any]:
    """Take a radio out of service, or put it back: wants a reason and the typed unit number."""
    sent = await services.use(UnitReach).inhibit(
        asker_of(request, person),
        unit=body.unit,
        enabled=body.enabled,
        reason=body.reason,
        typed=body.typed,
    )
    return _answer(*sent)


def _answer(message: MessageId, reply: Reply) -> dict[str, Any]:
    return {"id": message, "ok": reply.ok, "reason": reply.reason}

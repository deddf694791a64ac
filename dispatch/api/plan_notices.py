"""What a plan changed for the position of whoever asks."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from dispatch.api.asking import ServicesOf, asker_of
from dispatch.deps import Person, require
from dispatch.errors import Conflict
from dispatch.plans.notices import Notices
from dispatch.services.desk import Desk

router = APIRouter(tags=["desk"])


@router.get("/plan/notices")
async def notices(
    person: Annotated[Person, Depends(require("board.see"))], services: ServicesOf
) -> list[dict[str, Any]]:
    """Return what changed for the asker's position and nobody there has seen; none without one."""
    seat = services.use(Desk).seat_of(person.session.id)
    if seat is None:
        return []
    return await services.use(Notices).of(seat.position, person.access)


@router.post("/plan/notices/{notice}/seen")
async def seen(
    notice: int,
    request: Request,
    person: Annotated[Person, Depends(require("position.take"))],
    services: ServicesOf,
) -> dict[str, bool]:
    """Say that the asker, at their position, has seen a notice and those before it."""
    seat = services.use(Desk).seat_of(person.session.id)
    if seat is None:
        raise Conflict("no position is taken here", hint="Take a position first.")
    await services.use(Notices).seen(asker_of(request, person), seat.position, notice)
    return {"ok": True}

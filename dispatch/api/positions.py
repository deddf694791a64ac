"""Positions, selection, and what a person keeps of the desk."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from sqlmodel import Session

from dispatch.api.asking import ServicesOf
from dispatch.api.schemas import DeskBody, LeavePosition, Select, TakePosition
from dispatch.auth.permissions import Action
from dispatch.deps import Person, require
from dispatch.errors import NotFound, TooLarge
from dispatch.retention.telemetry import Telemetry
from dispatch.services.desk import Desk
from dispatch.services.sight import Sight
from dispatch.store.tables import DeskState

router = APIRouter(tags=["desk"])

MAX_DESK_CHARACTERS = 64_000
Sitter = Annotated[Person, Depends(require("position.take"))]
Keeper = Annotated[Person, Depends(require("desk.keep"))]


@router.get("/positions")
async def positions(
    person: Annotated[Person, Depends(require("board.see"))], services: ServicesOf
) -> list[dict[str, Any]]:
    """List all positions and who has them."""
    return services.use(Desk).rows(person.session.id)


@router.post("/positions/leave")
async def leave(body: LeavePosition, person: Sitter, services: ServicesOf) -> dict[str, Any]:
    """Get up, with words for whoever comes next."""
    await services.use(Desk).leave(person.session.id, body.handover_text)
    return {"ok": True}


@router.post("/positions/{position}/take")
async def take(
    position: str, body: TakePosition, person: Sitter, services: ServicesOf
) -> dict[str, Any]:
    """Sit down at a position; 409 when it is taken or this operator has another."""
    handover = await services.use(Desk).take(
        position, person.session, person.access, take_over=body.take_over
    )
    left = None
    if handover is not None:
        left = {"text": handover.text, "by": handover.by, "t_utc": handover.t_utc}
    return {"position": position, "handover": left}


@router.post("/select")
async def select(
    body: Select,
    person: Annotated[Person, Depends(require("talkgroup.select"))],
    services: ServicesOf,
) -> dict[str, Any]:
    """Point push-to-talk at a talkgroup; the radio is retuned unless somebody else uses it."""
    if not person.access.sees(body.talkgroup):
        raise NotFound(f"there is no talkgroup {body.talkgroup}")
    if not person.access.can(Action.TALK, body.talkgroup):
        return {"ok": False, "reason": "no grant to talk here"}
    reply = await services.use(Desk).select(person.session.id, person.access, body.talkgroup)
    return {"ok": reply.ok, "reason": services.use(Sight).words(person.access, reply.reason)}


@router.get("/desk")
async def desk_state(person: Keeper, services: ServicesOf) -> dict[str, Any]:
    """Return what this person kept of the desk."""
    row = await services.store.read(lambda db: db.get(DeskState, person.user_id))
    return {"state": json.loads(row.body) if row else {}}


@router.put("/desk")
async def keep_desk(body: DeskBody, person: Keeper, services: ServicesOf) -> dict[str, Any]:
    """Keep volumes, selection and layout for this person's next sign-in."""
    text = json.dumps(body.state, ensure_ascii=False)
    if len(text) > MAX_DESK_CHARACTERS:
        raise TooLarge(f"desk: expected at most {MAX_DESK_CHARACTERS} characters, got {len(text)}")
    now = services.clock.utc_us()

    def work(db: Session) -> None:
        row = db.get(DeskState, person.user_id) or DeskState(
            user=person.user_id, body="", changed_utc=now
        )
        row.body, row.changed_utc = text, now
        db.add(row)

    await services.store.write(work)
    position = services.use(Desk).position_of(person.user_id) or ""
    await services.use(Telemetry).changed(person.user_id, position, body.state)
    return {"ok": True}

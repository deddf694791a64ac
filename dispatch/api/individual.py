"""Private and telephone calls: answer, decline, dial, hang up."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import Field

from dispatch.api.asking import ServicesOf
from dispatch.api.schemas import Body
from dispatch.deps import Person, require
from dispatch.services.individual import IndividualCalls

router = APIRouter(tags=["private calls"])

Answerer = Annotated[Person, Depends(require("individual.answer"))]
REQUEST = r"[A-Za-z0-9-]{0,64}"


class AnswerCall(Body):
    """``microphone``: id of the press that will be the open microphone of a duplex call."""

    microphone: str = Field(default="", pattern=f"^{REQUEST}$")


class DialCall(Body):
    """Whom to call: ``unit`` (system/number), or ``digits`` of a number."""

    kind: str = Field(default="private", max_length=16)
    unit: str = Field(default="", max_length=64)
    digits: str = Field(default="", max_length=40)
    duplex: bool = False
    microphone: str = Field(default="", pattern=f"^{REQUEST}$")


@router.get("/individual")
async def calls(
    person: Annotated[Person, Depends(require("individual.see"))], services: ServicesOf
) -> list[dict[str, Any]]:
    """List the private calls that ring, run or were missed, as this person may see them."""
    return services.use(IndividualCalls).rows(person.access)


@router.post("/individual/dial")
async def dial(
    body: DialCall,
    person: Annotated[Person, Depends(require("individual.dial"))],
    services: ServicesOf,
) -> dict[str, Any]:
    """Call a unit or a telephone number; how far it comes is told by events."""
    return await services.use(IndividualCalls).dial(
        person.session,
        person.access,
        kind=body.kind,
        unit=body.unit,
        digits=body.digits,
        duplex=body.duplex,
        microphone=body.microphone,
    )


@router.post("/individual/{call}/answer")
async def answer(
    call: str, body: AnswerCall, person: Answerer, services: ServicesOf
) -> dict[str, Any]:
    """Take a ringing call; the first position wins. Press on ``line`` to talk."""
    return await services.use(IndividualCalls).answer(
        person.session, person.access, call, body.microphone
    )


@router.post("/individual/{call}/decline")
async def decline(call: str, person: Answerer, services: ServicesOf) -> dict[str, Any]:
    """Stop a call ringing at this position; declined everywhere it is hung up."""
    reply = await services.use(IndividualCalls).decline(person.session, person.access, call)
    return {"ok": reply.ok, "reason": reply.reason}


@router.post("/individual/{call}/hang_up")
async def hang_up(call: str, person: Answerer, services: ServicesOf) -> dict[str, Any]:
    """End the call of this position."""
    reply = await services.use(IndividualCalls).hang_up(person.session, call)
    return {"ok": reply.ok, "reason": reply.reason}

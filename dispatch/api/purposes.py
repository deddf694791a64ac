"""Why somebody looks: stated once per incident, case or order, then named with each request."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from dispatch.api.asking import ServicesOf, asker_of
from dispatch.deps import Person, require
from dispatch.oversight.purposes import Purposes

router = APIRouter(tags=["oversight"])

Stater = Annotated[Person, Depends(require("purpose.state"))]


class StatePurpose(BaseModel):
    """An incident, a case or an order by its number, or words that say why."""

    model_config = ConfigDict(extra="forbid")

    code: Annotated[str, Field(max_length=32)]
    ref: Annotated[str, Field(max_length=64)] = ""
    text: Annotated[str, Field(max_length=500)] = ""


@router.post("/purposes", status_code=201)
async def state(
    body: StatePurpose, request: Request, person: Stater, services: ServicesOf
) -> dict[str, Any]:
    """State a purpose; its id goes into the header ``X-Samband-Purpose`` for eight hours."""
    purposes = services.use(Purposes)
    stated = await purposes.state(asker_of(request, person), body.code, body.ref, body.text)
    return stated.to_json()


@router.get("/purposes/mine")
async def mine(person: Stater, services: ServicesOf) -> dict[str, Any]:
    """Return what stands of the asker, whether their work needs one, and what may be picked."""
    purposes = services.use(Purposes)
    now = services.clock.utc_us()
    return {
        "standing": [one.to_json() for one in purposes.mine(person.user_id)],
        "needed": not purposes.free(person.access, now),
        **await purposes.choices(person.access),
    }

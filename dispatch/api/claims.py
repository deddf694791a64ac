"""Face and plate candidates: what waits for a person, one of them, and the answer."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel

from dispatch.api.asking import ServicesOf, asker_of
from dispatch.deps import Person, require
from dispatch.incidents.review import Reviews
from dispatch.services.record import Record

router = APIRouter(tags=["incidents"])

Reviewer = Annotated[Person, Depends(require("claim.review"))]


class Verdict(BaseModel):
    """What the reviewer found by looking."""

    verdict: Literal["confirmed", "rejected"]
    category: Literal["", "suspect", "victim", "witness", "other", "unknown"] = ""
    """Of the person, as far as it is known (LED Art. 6); empty: as it was."""


@router.get("/claims")
async def claims(person: Reviewer, services: ServicesOf) -> list[dict[str, Any]]:
    """List the candidates that wait, without what they name."""
    return await services.use(Reviews).waiting(person.access, person.user_id)


@router.get("/claims/rates")
async def rates(
    person: Annotated[Person, Depends(require("claim.rates"))], services: ServicesOf
) -> list[dict[str, Any]]:
    """Tell of each source how many candidates were confirmed, rejected or expired."""
    return await services.use(Reviews).rates(person.access)


@router.get("/claims/{hit}")
async def claim(
    hit: str, request: Request, person: Reviewer, services: ServicesOf
) -> dict[str, Any]:
    """Show one candidate; logged. The score is shown after the own answer."""
    record = services.use(Record)
    return await services.use(Reviews).look(asker_of(request, person), record, hit)


@router.post("/claims/{hit}")
async def answer(
    hit: str, body: Verdict, request: Request, person: Reviewer, services: ServicesOf
) -> dict[str, Any]:
    """Confirm or reject a candidate; a face needs a second person."""
    asker = asker_of(request, person)
    return await services.use(Reviews).answer(asker, person.name, hit, body.verdict, body.category)

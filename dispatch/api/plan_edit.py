"""What helps to edit a draft: findings before anything is saved, names, and the machine's ports."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from dispatch.api.asking import ServicesOf
from dispatch.api.plans import EditBody, finding_row
from dispatch.deps import Person, require
from dispatch.plans.drafts import Drafts
from dispatch.plans.edit import Edit
from dispatch.plans.look import look_at, names_of
from dispatch.plans.wiring import Plans
from gateway.model.plan import Plan
from gateway.model.wire import to_json

router = APIRouter(tags=["plan"])

MAX_LOOKED_AT = 200
Reader = Annotated[Person, Depends(require("plan.see"))]
Editor = Annotated[Person, Depends(require("plan.edit"))]


class LookBody(BaseModel):
    """Edits that are not saved."""

    edits: list[EditBody] = Field(max_length=MAX_LOOKED_AT)


@router.post("/plan/drafts/{draft}/look")
async def look(
    draft: str, body: LookBody, person: Editor, services: ServicesOf
) -> list[dict[str, Any]]:
    """Return what a check would find on these objects after these edits; saves nothing."""
    drafts = services.use(Drafts)
    found = await drafts.find(draft)
    edits = [Edit(e.op, e.kind, e.id, e.value, e.place) for e in body.edits]
    findings = await asyncio.to_thread(look_at, drafts.checker, found.plan, edits)
    return [finding_row(finding) for finding in findings]


@router.get("/plan/names")
async def names(
    person: Reader,
    services: ServicesOf,
    number: Annotated[int, Query(ge=1, le=0xFFFFFF)],
    draft: str = "",
) -> list[dict[str, Any]]:
    """Return for each system what names a unit's number: its own row, a rule, or nothing."""
    plan: Plan = services.plan.target
    if draft:
        plan = (await services.use(Drafts).find(draft)).plan
    return [to_json(one) for one in await asyncio.to_thread(names_of, plan, number)]


@router.get("/plan/ports")
async def ports(person: Editor, services: ServicesOf) -> list[dict[str, Any]]:
    """Return what this machine has that a link can name: serial ports, sound cards, GPIO chips."""
    return [to_json(one) for one in await asyncio.to_thread(services.use(Plans).rules.machine)]

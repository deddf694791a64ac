"""Plans for the engineer's tables: ten thousand talkgroups and a hundred thousand units.

A plan comes without its two long tables; talkgroups are packed beside it, units are asked for by
the page that shows them.
"""

import asyncio
import json
from collections import Counter
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from dispatch.api.asking import ServicesOf
from dispatch.api.packed import packed_json, with_more
from dispatch.api.plans import draft_row
from dispatch.deps import Person, require
from dispatch.plans.compare import compare
from dispatch.plans.drafts import Drafts
from dispatch.plans.packed import pack_rows
from dispatch.services.registry import Services
from gateway.model.plan import Plan, Talkgroup, Unit
from gateway.model.wire import to_json

router = APIRouter(tags=["plan"])
Reader = Annotated[Person, Depends(require("plan.see"))]
ANSWER: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/json": {"schema": {"type": "object"}}}}
}


@router.get("/plans/{number}/tables", responses=ANSWER)
async def plan_tables(
    number: int, request: Request, person: Reader, services: ServicesOf
) -> Response:
    """Return a plan without its long tables, its talkgroups packed, and its units counted."""
    plan = await _plan(services, number)
    return await packed_json(request, await asyncio.to_thread(_tables, plan, {"number": number}))


@router.get("/plans/{number}/units", responses=ANSWER)
async def plan_units(
    number: int, request: Request, person: Reader, services: ServicesOf
) -> Response:
    """Return the units of a plan, packed."""
    plan = await _plan(services, number)
    return await packed_json(request, await asyncio.to_thread(_units, plan))


@router.get("/plan/drafts/{draft}/tables", responses=ANSWER)
async def draft_tables(
    draft: str, request: Request, person: Reader, services: ServicesOf
) -> Response:
    """Return the same of a draft, with its head."""
    found = await services.use(Drafts).find(draft)
    data = await asyncio.to_thread(_tables, found.plan, draft_row(found))
    return await packed_json(request, data)


@router.get("/plan/drafts/{draft}/units", responses=ANSWER)
async def draft_units(
    draft: str, request: Request, person: Reader, services: ServicesOf
) -> Response:
    """Return the units of a draft, packed."""
    found = await services.use(Drafts).find(draft)
    return await packed_json(request, await asyncio.to_thread(_units, found.plan))


@router.get("/plan/drafts/{draft}/counts")
async def draft_counts(draft: str, person: Reader, services: ServicesOf) -> dict[str, int]:
    """Return how many objects a draft has added, changed and removed beside the live plan."""
    found = await services.use(Drafts).find(draft)
    live = services.plan.target
    return (await asyncio.to_thread(compare, live, found.plan)).counts()


async def _plan(services: Services, number: int) -> Plan:
    live = services.plan
    return live.target if number == live.number else await services.use(Drafts).plan(number)


def _tables(plan: Plan, head: dict[str, Any]) -> bytes:  # JSON values
    light = to_json(replace(plan, talkgroups=(), units=()))
    units = Counter(unit.system for unit in plan.units)
    values = {**head, "plan": light, "units": units}
    table = f'{{"talkgroups":{pack_rows(Talkgroup, plan.talkgroups)}}}'
    return with_more(json.dumps(values, ensure_ascii=False).encode(), table.encode())


def _units(plan: Plan) -> bytes:
    return pack_rows(Unit, plan.units).encode()

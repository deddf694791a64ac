"""Topology: what hangs on what, loops and single points of failure."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends

from dispatch.api.asking import ServicesOf
from dispatch.deps import Person, require
from dispatch.topology.service import Topologies

router = APIRouter(tags=["plan"])

Reader = Annotated[Person, Depends(require("plan.see"))]
Rows = dict[str, Any]
"""A JSON object."""


@router.get("/topology")
async def live(person: Reader, services: ServicesOf) -> Rows:
    """Return the topology of the live plan, with the state of each link and what is down now."""
    number, found = await services.use(Topologies).live(person.access)
    return {**found.rows, "plan": number}


@router.get("/plan/drafts/{draft}/topology")
async def of_draft(draft: str, person: Reader, services: ServicesOf) -> Rows:
    """Return the topology of a draft."""
    name, found = await services.use(Topologies).draft(draft)
    return {**found.rows, "draft": name}

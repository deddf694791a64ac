"""Links and the plan, for engineers and (read only) for desks."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from dispatch.api.asking import ServicesOf, asker_of
from dispatch.audit.entry import Obj
from dispatch.deps import Person, require
from dispatch.errors import NotFound
from dispatch.services.lines import LinkLines
from dispatch.services.record import Record
from dispatch.services.sight import Sight
from dispatch.services.snapshot import Snapshots
from gateway.model.commands import LinkRestart
from gateway.model.ids import LinkId
from gateway.model.wire import to_json

router = APIRouter(tags=["links"])

Engineer = Annotated[Person, Depends(require("links.trace"))]


@router.get("/links")
async def links(
    person: Annotated[Person, Depends(require("links.see"))], services: ServicesOf
) -> list[dict[str, Any]]:
    """List the links this person sees."""
    return services.use(Snapshots).links(person.access)


@router.get("/links/{link}/lines")
async def lines(link: str, person: Engineer, services: ServicesOf) -> list[dict[str, Any]]:
    """Return the last 50 protocol lines of a link, oldest first."""
    if all(known.id != link for known in services.plan.running.links):
        raise NotFound(f"there is no link {link}")
    return services.use(LinkLines).last(LinkId(link))


@router.post("/links/{link}/restart")
async def restart(
    link: str,
    request: Request,
    person: Annotated[Person, Depends(require("links.restart"))],
    services: ServicesOf,
) -> dict[str, Any]:
    """Close a link and open it again."""
    if all(known.id != link for known in services.plan.running.links):
        raise NotFound(f"there is no link {link}")
    services.use(Record).note_of(
        asker_of(request, person), "admin", "link.restart", Obj(type="link", id=link)
    )
    reply = await services.bus.request(LinkRestart(link=LinkId(link), operator=person.name))
    return {"ok": reply.ok, "reason": reply.reason}


@router.get("/plan")
async def plan(
    person: Annotated[Person, Depends(require("plan.see"))], services: ServicesOf
) -> dict[str, Any]:
    """Return the live plan; who may not edit it gets what they see of it."""
    live = services.plan.plan
    if not person.access.may("plan.edit"):
        live = services.use(Sight).plan(person.access, live)
    return {"number": services.plan.number, "plan": to_json(live)}

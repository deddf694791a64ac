"""Links at work, for engineers: counts and reasons, traces, checks that key nothing."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict, Field

from dispatch.api.asking import ServicesOf, asker_of
from dispatch.audit.entry import Obj
from dispatch.deps import Person, require
from dispatch.errors import NotFound, ServiceError
from dispatch.links.ports import CHECKS, LinkTools
from dispatch.links.traces import DEFAULT_MEGABYTES, DEFAULT_MINUTES, LinkTraces, TraceWish
from dispatch.links.transmit import LinkTests
from dispatch.services.record import Record
from dispatch.services.registry import Services
from dispatch.services.sight import Sight
from gateway.model.plan import Link
from gateway.model.wire import to_json

router = APIRouter(tags=["links"])

Tracer = Annotated[Person, Depends(require("links.trace"))]
Recorder = Annotated[Person, Depends(require("links.record"))]
Checker = Annotated[Person, Depends(require("links.check"))]


class TraceBegin(BaseModel):
    """A trace that is asked for."""

    model_config = ConfigDict(extra="forbid")
    reason: str = Field(max_length=1000)
    minutes: int = DEFAULT_MINUTES
    megabytes: int = DEFAULT_MEGABYTES


class LoopBack(BaseModel):
    """A check that is asked for: answers, port or sound."""

    model_config = ConfigDict(extra="forbid")
    check: str = Field(max_length=20)


def link_of(services: Services, person: Person, link: str) -> Link:
    """Return a link that this person sees; raises NotFound."""
    found = next((one for one in services.plan.running.links if one.id == link), None)
    if found is None or not services.use(Sight).sees_link(person.access, link):
        raise NotFound(f"there is no link {link}")
    return found


def tools_of(services: Services) -> LinkTools:
    """Return the gateway's links."""
    return services.use(LinkTools)  # type: ignore[type-abstract]  # filed by its protocol


@router.get("/links/live")
async def live(person: Tracer, services: ServicesOf) -> list[dict[str, Any]]:
    """Return of each link what passes its port, its trace, its checks, and why not to test."""
    tools, tests, sight = tools_of(services), services.use(LinkTests), services.use(Sight)
    links = [k for k in services.plan.running.links if sight.sees_link(person.access, k.id)]
    tested = await asyncio.gather(*(tests.row(link, person.access) for link in links))
    return [
        {
            "id": link.id,
            "port": link.port,
            "simulated": link.simulated,
            "passing": to_json(tools.passing(link.id)),
            "trace": services.use(LinkTraces).running_on(link.id),
            "checks": list(tools.checks(link)),
            "test": test,
        }
        for link, test in zip(links, tested, strict=True)
    ]


# ---- traces ----------------------------------------------------------------------------------


@router.get("/link-traces")
async def traces(person: Recorder, services: ServicesOf) -> list[dict[str, Any]]:
    """List the traces that are kept, newest first."""
    return await services.use(LinkTraces).list()


@router.post("/links/{link}/trace")
async def begin(
    link: str, body: TraceBegin, request: Request, person: Recorder, services: ServicesOf
) -> dict[str, Any]:
    """Begin a trace of a link."""
    found = link_of(services, person, link)
    wish = TraceWish(reason=body.reason, minutes=body.minutes, megabytes=body.megabytes)
    return await services.use(LinkTraces).start(asker_of(request, person), found, wish)


@router.post("/link-traces/{trace}/stop")
async def stop(
    trace: str, request: Request, person: Recorder, services: ServicesOf
) -> dict[str, Any]:
    """End a trace; what was recorded is kept."""
    await services.use(LinkTraces).stop(asker_of(request, person), trace)
    return {"ok": True}


@router.get("/link-traces/{trace}/file")
async def fetch(trace: str, request: Request, person: Recorder, services: ServicesOf) -> Response:
    """Return the file of a trace, as ``samband replay`` reads it; needs a purpose."""
    path = await services.use(LinkTraces).file(asker_of(request, person), trace)
    return FileResponse(path, media_type="application/jsonl", filename=path.name)


@router.delete("/link-traces/{trace}")
async def delete(
    trace: str, request: Request, person: Recorder, services: ServicesOf
) -> dict[str, Any]:
    """Delete a trace before its time."""
    await services.use(LinkTraces).delete(asker_of(request, person), trace)
    return {"ok": True}


# ---- checks ----------------------------------------------------------------------------------


@router.post("/links/{link}/loop-back")
async def loop_back(
    link: str, body: LoopBack, request: Request, person: Checker, services: ServicesOf
) -> dict[str, Any]:
    """Check a link without keying it; takes some 12 seconds. Returns words and figures."""
    found = link_of(services, person, link)
    if body.check not in CHECKS:
        raise ServiceError(f"check: expected one of {', '.join(CHECKS)}, got {body.check!r}")
    result = await tools_of(services).check(found, body.check)
    services.use(Record).note_of(
        asker_of(request, person),
        "admin",
        "link.checked",
        Obj(type="link", id=link, cat="radio"),
        result="failed" if result.outcome == "failed" else "ok",
        detail={"check": body.check, "outcome": result.outcome},
    )
    row: dict[str, Any] = to_json(result)
    return row

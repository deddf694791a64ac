"""The retention board, the review queue, runs of erasure and their certificates."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from pydantic import BaseModel, Field

from dispatch.api.asking import ServicesOf, asker_of
from dispatch.audit.entry import Obj
from dispatch.audit.log import sqlite_path
from dispatch.deps import Person, require
from dispatch.retention import certificate
from dispatch.retention.erasure import Erasure
from dispatch.retention.erasure_list import erased_of, load
from dispatch.retention.keeping import Retention
from dispatch.retention.reviews import Reviews
from dispatch.retention.sealer import Sealer
from dispatch.services.record import Record

router = APIRouter(prefix="/retention", tags=["retention"])

Reader = Annotated[Person, Depends(require("retention.see"))]
Reviewer = Annotated[Person, Depends(require("retention.review"))]
Eraser = Annotated[Person, Depends(require("retention.erase"))]


class DecisionBody(BaseModel):
    """What becomes of an incident."""

    erase: bool
    reason: str = Field(min_length=10, max_length=500)
    keep_days: int | None = Field(default=None, ge=1, le=3660)


class ObjectBody(BaseModel):
    """An object by type and id."""

    type: str = Field(pattern="^(call|message|media|incident)$")
    id: str = Field(max_length=64)


class EarlyBody(BaseModel):
    """What is to be erased before its time, and why."""

    objects: list[ObjectBody] = Field(min_length=1, max_length=10_000)
    reason: str = Field(min_length=10, max_length=500)


@router.get("", summary="Retention board")
async def board(person: Reader, services: ServicesOf) -> dict[str, Any]:
    """Return rule, number, size, oldest and next erasure of each class, and what waits."""
    found = await services.use(Retention).board()
    sealer = services.use(Sealer)
    return {**found, "sealing": {"problem": sealer.problem, "waiting": sealer.waiting}}


@router.get("/reviews", summary="Review queue")
async def reviews(person: Reader, services: ServicesOf) -> dict[str, Any]:
    """Return the incidents whose time is over, and what was said of them."""
    return {"reviews": await services.use(Reviews).queue()}


@router.post("/reviews/{incident}", summary="Decide on an incident")
async def decide(
    incident: str, body: DecisionBody, request: Request, person: Reviewer, services: ServicesOf
) -> dict[str, Any]:
    """Say yes to erasing an incident with what is attached, or keep it for longer."""
    await services.use(Reviews).decide(
        asker_of(request, person),
        incident,
        erase=body.erase,
        reason=body.reason,
        keep_days=body.keep_days,
    )
    return {"ok": True}


@router.get("/erasures", summary="Runs of erasure")
async def erasures(person: Reader, services: ServicesOf) -> dict[str, Any]:
    """Return the newest lists and runs."""
    return {"erasures": await services.use(Erasure).all()}


@router.post("/erasures", status_code=201, summary="Dry run")
async def dry_run(request: Request, person: Eraser, services: ServicesOf) -> dict[str, Any]:
    """List everything that may be erased now; nothing is erased."""
    return await services.use(Erasure).make(asker_of(request, person))


@router.post("/erasures/early", status_code=202, summary="Ask for an early erasure")
async def early(
    body: EarlyBody, request: Request, person: Eraser, services: ServicesOf
) -> dict[str, Any]:
    """Ask a second person to agree that objects are erased before their time."""
    objects = [(one.type, one.id) for one in body.objects]
    return await services.use(Erasure).early(asker_of(request, person), objects, body.reason)


@router.get("/erasures/{job}", summary="One run")
async def one(job: str, person: Reader, services: ServicesOf) -> dict[str, Any]:
    """Return a list or run and how far it is."""
    return await services.use(Erasure).one(job)


@router.get("/erasures/{job}/objects", summary="Objects of a run")
async def objects_of(
    job: str, person: Reader, services: ServicesOf, after: Annotated[int, Query(ge=-1)] = -1
) -> dict[str, Any]:
    """Return up to 200 objects of a list, behind a number."""
    return {"objects": await services.use(Erasure).items(job, after)}


@router.post("/erasures/{job}/start", status_code=202, summary="Carry a list out")
async def start(job: str, request: Request, person: Eraser, services: ServicesOf) -> dict[str, Any]:
    """Erase what is listed, or ask a second person where the list needs one."""
    return await services.use(Erasure).start(asker_of(request, person), job)


@router.post("/erasures/{job}/cancel", summary="Cancel a list")
async def cancel(
    job: str, request: Request, person: Eraser, services: ServicesOf
) -> dict[str, Any]:
    """Cancel a list that was not carried out."""
    return await services.use(Erasure).cancel(asker_of(request, person), job)


@router.get("/erasures/{job}/certificate", response_class=Response, summary="Certificate")
async def certificate_of(
    job: str,
    request: Request,
    person: Reader,
    services: ServicesOf,
    form: Annotated[str, Query(pattern="^(json|text)$")] = "json",
) -> Response:
    """Return the certificate of a run that is done: JSON that can be checked, or words."""
    row = await services.store.read(lambda db: load(db, job))
    objects = await services.store.read(lambda db: erased_of(db, job))
    database = sqlite_path(services.store.audit_url)
    made = await asyncio.to_thread(certificate.make, row, objects, database)
    await services.use(Record).before(
        asker_of(request, person), "consult", "retention.certificate", Obj(type="erasure", id=job)
    )
    if form == "text":
        name = {"Content-Disposition": f'attachment; filename="{job}.txt"'}
        return PlainTextResponse(certificate.text_of(made), headers=name)
    name = {"Content-Disposition": f'attachment; filename="{job}.json"'}
    return JSONResponse(made, headers=name)

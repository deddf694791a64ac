"""The review queue, what belongs to staff, broken glass, and questions about one's own looks."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session, col, select

from dispatch.api.asking import ServicesOf, asker_of
from dispatch.audit.tables import AuditLog
from dispatch.deps import Person, require
from dispatch.oversight.breakglass import BreakGlass
from dispatch.oversight.breakglass import row_of as glass_row
from dispatch.oversight.reviews import Reviews, row_of
from dispatch.oversight.staff import StaffList

router = APIRouter(tags=["oversight"])

Reviewer = Annotated[Person, Depends(require("review.see"))]
Own = Annotated[Person, Depends(require("access.own"))]
Keeper = Annotated[Person, Depends(require("staff.keep"))]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Outcome(_Body):
    """What the reviewer finds; asking and escalating need words."""

    outcome: Annotated[str, Field(max_length=16)]
    text: Annotated[str, Field(max_length=500)] = ""


class Answer(_Body):
    """The answer to a reviewer's question."""

    text: Annotated[str, Field(min_length=1, max_length=1000)]


class StaffThing(_Body):
    """Something of a colleague; only keyed hashes of both texts are kept."""

    kind: Annotated[str, Field(max_length=16)]
    value: Annotated[str, Field(min_length=1, max_length=200)]
    person: Annotated[str, Field(min_length=1, max_length=64)]


class Glass(_Body):
    """Where an extra right is needed for an hour, and what is happening."""

    scope_kind: Annotated[str, Field(max_length=16)]
    scope: Annotated[str, Field(min_length=1, max_length=200)]
    reason: Annotated[str, Field(max_length=500)]


@router.get("/reviews")
async def queue(
    request: Request, person: Reviewer, services: ServicesOf, waiting: bool = True
) -> list[dict[str, Any]]:
    """List the tasks of one's role, what is due first; one's own acts are never among them."""
    return await services.use(Reviews).queue(asker_of(request, person), waiting=waiting)


@router.get("/reviews/count")
async def count(request: Request, person: Reviewer, services: ServicesOf) -> dict[str, int]:
    """Return how many tasks wait."""
    return {"waiting": await services.use(Reviews).waiting_count(asker_of(request, person))}


@router.get("/reviews/{task}")
async def look(
    task: str, request: Request, person: Reviewer, services: ServicesOf
) -> dict[str, Any]:
    """Return one task with the entries that it is about; logged before it is shown."""
    found = await services.use(Reviews).look(asker_of(request, person), task)
    numbers = [int(one) for one in found.entries.split(",") if one]

    def work(db: Session) -> list[dict[str, Any]]:
        query = select(AuditLog).where(col(AuditLog.seq).in_(numbers)).order_by(col(AuditLog.seq))
        return [{"seq": row.seq, **json.loads(row.entry)} for row in db.exec(query)]

    return {**row_of(found), "log": await services.store.read_audit(work) if numbers else []}


@router.post("/reviews/{task}")
async def decide(
    task: str, body: Outcome, request: Request, person: Reviewer, services: ServicesOf
) -> dict[str, Any]:
    """Close a task as justified, ask the person, or escalate it."""
    reviews = services.use(Reviews)
    return await reviews.decide(asker_of(request, person), task, body.outcome, body.text)


@router.get("/session/questions")
async def questions(person: Own, services: ServicesOf) -> list[dict[str, Any]]:
    """List what a reviewer asks the signed-in person about their own looks."""
    return await services.use(Reviews).mine(person.user_id)


@router.post("/session/questions/{task}")
async def answer(
    task: str, body: Answer, request: Request, person: Own, services: ServicesOf
) -> dict[str, Any]:
    """Answer a reviewer's question."""
    await services.use(Reviews).answer(asker_of(request, person), task, body.text)
    return {"ok": True}


@router.get("/staff-objects")
async def staff(person: Keeper, services: ServicesOf) -> list[dict[str, Any]]:
    """List what belongs to staff: ids and kinds, as nothing else is kept in clear."""
    return await services.use(StaffList).all()


@router.post("/staff-objects", status_code=201)
async def add_staff(
    body: StaffThing, request: Request, person: Keeper, services: ServicesOf
) -> dict[str, Any]:
    """Add something of a colleague: looks at it alert the auditor, and are not blocked."""
    staff = services.use(StaffList)
    added = await staff.add(asker_of(request, person), body.kind, body.value, body.person)
    return {"id": added}


@router.delete("/staff-objects/{thing}")
async def remove_staff(
    thing: str, request: Request, person: Keeper, services: ServicesOf
) -> dict[str, Any]:
    """Take something off the list."""
    await services.use(StaffList).remove(asker_of(request, person), thing)
    return {"ok": True}


@router.get("/glass")
async def broken(
    person: Annotated[Person, Depends(require("glass.see"))], services: ServicesOf
) -> list[dict[str, Any]]:
    """List who broke the glass, where, why and until when, newest first."""
    return await services.use(BreakGlass).recent()


@router.post("/glass", status_code=201)
async def break_glass(
    body: Glass,
    request: Request,
    person: Annotated[Person, Depends(require("glass.break"))],
    services: ServicesOf,
) -> dict[str, Any]:
    """Take an extra right for an hour; supervisors are told at once, a review follows."""
    glass = services.use(BreakGlass)
    asker = asker_of(request, person)
    return glass_row(await glass.take(asker, body.scope_kind, body.scope, body.reason))

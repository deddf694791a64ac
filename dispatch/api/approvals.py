"""What needs a second person: what waits, one request with what will happen, the decision."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from dispatch.api.asking import ServicesOf, asker_of
from dispatch.auth.access import Access
from dispatch.deps import Person, require
from dispatch.oversight.approvals import ApprovalRow, Approvals

router = APIRouter(tags=["oversight"])

Viewer = Annotated[Person, Depends(require("approval.see"))]


class Decision(BaseModel):
    """The answer, and the digest of what was looked at."""

    model_config = ConfigDict(extra="forbid")

    agree: bool
    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    reason: Annotated[str, Field(max_length=500)] = ""


def _row(approvals: Approvals, access: Access, row: ApprovalRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "kind": row.kind,
        "kind_words": approvals.words_of(row.kind),
        "subject": row.subject,
        "words": row.words,
        "needed": row.needed,
        "state": row.state,
        "asked_by": row.asked_by,
        "asked_name": row.asked_name,
        "asked_utc": row.asked_utc,
        "expires_utc": row.expires_utc,
        "decided_utc": row.decided_utc,
        "used_utc": row.used_utc,
        "votes": [
            {"name": vote.name, "agree": vote.agree, "reason": vote.reason, "t_utc": vote.t_utc}
            for vote in row.votes
        ],
        "own": row.asked_by == access.user.id,
        "may_decide": row.asked_by != access.user.id and approvals.may_decide(access, row),
    }


@router.get("/approvals")
async def listed(
    person: Viewer, services: ServicesOf, waiting: bool | None = None
) -> list[dict[str, Any]]:
    """List requests that one asked for or may agree to, newest first, without what will happen."""
    approvals = services.use(Approvals)
    rows = await approvals.list(person.access, waiting=waiting)
    return [_row(approvals, person.access, row) for row in rows]


@router.get("/approvals/{approval}")
async def shown(
    approval: str, request: Request, person: Viewer, services: ServicesOf
) -> dict[str, Any]:
    """Return exactly what will happen and its digest; that somebody looked is logged first."""
    approvals = services.use(Approvals)
    row = await approvals.look(asker_of(request, person), approval)
    return {
        **_row(approvals, person.access, row),
        "detail": dict(row.detail),
        "digest": row.digest,
    }


@router.post("/approvals/{approval}")
async def decide(
    approval: str, body: Decision, request: Request, person: Viewer, services: ServicesOf
) -> dict[str, Any]:
    """Agree or refuse, as another person at another desk; a refusal says why."""
    approvals = services.use(Approvals)
    row = await approvals.decide(
        asker_of(request, person),
        approval,
        agree=body.agree,
        digest=body.digest,
        reason=body.reason,
    )
    return _row(approvals, person.access, row)


@router.delete("/approvals/{approval}")
async def withdraw(
    approval: str, request: Request, person: Viewer, services: ServicesOf
) -> dict[str, Any]:
    """Take one's own request back."""
    approvals = services.use(Approvals)
    row = await approvals.withdraw(asker_of(request, person), approval)
    return _row(approvals, person.access, row)

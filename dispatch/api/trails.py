"""Who saw X, what did Y do, and what the log has of oneself."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request

from dispatch.api.asking import ServicesOf, asker_of
from dispatch.audit.entry import OPERATIONS
from dispatch.audit.log_index import TrailQuery
from dispatch.deps import Person, require
from dispatch.errors import ServiceError
from dispatch.reports.subjects import subject_of
from dispatch.reports.trail import MOST_ROWS, Trails
from dispatch.services.registry import Services

router = APIRouter(tags=["audit"])

ACCOUNT = r"^[A-Za-z0-9._:-]+$"


def _query(  # the parts of a query
    *,
    op: Annotated[list[str] | None, Query()] = None,
    result: Annotated[Literal["", "ok", "denied", "failed"], Query()] = "",
    from_utc: Annotated[int | None, Query(ge=0)] = None,
    to_utc: Annotated[int | None, Query(ge=0)] = None,
    before: Annotated[int | None, Query(ge=0)] = None,
    order: Annotated[Literal["newest", "oldest"], Query()] = "newest",
    limit: Annotated[int, Query(ge=1, le=MOST_ROWS)] = 50,
) -> TrailQuery:
    unknown = set(op or ()) - OPERATIONS
    if unknown:
        raise ServiceError(f"op: expected one of {', '.join(sorted(OPERATIONS))}")
    return TrailQuery(
        ops=tuple(op or ()),
        result=result,
        from_utc=from_utc,
        to_utc=to_utc,
        before=before,
        oldest_first=order == "oldest",
        limit=limit,
    )


AskedFor = Annotated[TrailQuery, Depends(_query)]


@router.get("/trail/subject")
async def who_saw(
    *,
    request: Request,
    person: Annotated[Person, Depends(require("audit.read"))],
    services: ServicesOf,
    query: AskedFor,
    kind: Annotated[str, Query(max_length=16)],
    value: Annotated[str, Query(max_length=120)],
) -> dict[str, Any]:
    """Return all operations on an object or a person's data, with reasons; logged with purpose.

    ``kind`` is object (an id), unit, plate, name or number.
    """
    asker = asker_of(request, person)
    return await services.use(Trails).who_saw(asker, subject_of(kind, value), query, asker.purpose)


@router.get("/trail/person")
async def what_did(
    *,
    request: Request,
    person: Annotated[Person, Depends(require("audit.read"))],
    services: ServicesOf,
    query: AskedFor,
    user: Annotated[str, Query(max_length=64, pattern=ACCOUNT)],
) -> dict[str, Any]:
    """Return what a person did, beside their time at positions; logged with purpose."""
    asker = asker_of(request, person)
    return await services.use(Trails).what_did(asker, user, query, asker.purpose)


@router.get("/trail/own")
async def own(
    *,
    request: Request,
    person: Annotated[Person, Depends(require("access.own"))],
    services: ServicesOf,
    query: AskedFor,
) -> dict[str, Any]:
    """Return what the log has of oneself: every member of staff may see that."""
    return await services.use(Trails).own(asker_of(request, person), query)


@router.get("/trail/people")
async def people(
    person: Annotated[Person, Depends(require("audit.read"))], services: ServicesOf
) -> list[dict[str, Any]]:
    """Return the accounts that can be asked about."""
    return _people(services)


def _people(services: Services) -> list[dict[str, Any]]:
    return [
        {
            "id": user.id,
            "name": user.display_name,
            "role": user.role.value,
            "organisation": user.organisation,
            "disabled": user.disabled,
        }
        for user in sorted(services.people.users(), key=lambda one: one.display_name)
    ]

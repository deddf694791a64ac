"""What the auditor's desk keeps on the server: saved searches, and marks on the common clock."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, Field

from dispatch.api.asking import ServicesOf, asker_of
from dispatch.auditdesk.marks import MAX_TALKGROUPS, MAX_TEXT_CHARACTERS, Marks
from dispatch.auditdesk.searches import (
    MAX_NAME_CHARACTERS,
    MAX_QUERY_CHARACTERS,
    SavedSearches,
)
from dispatch.deps import Person, require

router = APIRouter(tags=["auditor's desk"])

Searcher = Annotated[Person, Depends(require("call.search"))]
Marker = Annotated[Person, Depends(require("mark.set"))]


class SaveSearch(BaseModel):
    """A search and its name; ``query`` is the query part of the console's address."""

    name: str = Field(min_length=1, max_length=MAX_NAME_CHARACTERS)
    query: str = Field(max_length=MAX_QUERY_CHARACTERS)


class SetMark(BaseModel):
    """A moment (UTC microseconds), what is to be known of it, and the talkgroups in view."""

    t_utc: int
    text: str = Field(min_length=1, max_length=MAX_TEXT_CHARACTERS)
    talkgroups: list[str] = Field(default_factory=list, max_length=MAX_TALKGROUPS)


@router.get("/searches")
async def saved(person: Searcher, services: ServicesOf) -> list[dict[str, Any]]:
    """List this person's saved searches."""
    return await services.use(SavedSearches).mine(person.user_id)


@router.post("/searches", status_code=201)
async def save(
    body: SaveSearch, request: Request, person: Searcher, services: ServicesOf
) -> dict[str, Any]:
    """Keep a search under a name; the same name again replaces it."""
    return await services.use(SavedSearches).save(asker_of(request, person), body.name, body.query)


@router.delete("/searches/{search}", status_code=204)
async def remove(search: str, request: Request, person: Searcher, services: ServicesOf) -> None:
    """Take a saved search away."""
    await services.use(SavedSearches).remove(asker_of(request, person), search)


@router.get("/marks")
async def marks(
    person: Searcher,
    services: ServicesOf,
    from_utc: Annotated[int, Query()],
    to_utc: Annotated[int, Query()],
) -> list[dict[str, Any]]:
    """List the marks of a time; the times are UTC microseconds."""
    return await services.use(Marks).between(person.access, from_utc, to_utc)


@router.post("/marks", status_code=201)
async def set_mark(
    body: SetMark, request: Request, person: Marker, services: ServicesOf
) -> dict[str, Any]:
    """Mark a moment on the lanes; logged before it is kept."""
    return await services.use(Marks).set(
        asker_of(request, person), body.t_utc, body.text, body.talkgroups
    )


@router.delete("/marks/{mark}", status_code=204)
async def withdraw(mark: str, request: Request, person: Marker, services: ServicesOf) -> None:
    """Take an own mark back; the log keeps that it was there."""
    await services.use(Marks).withdraw(asker_of(request, person), mark)

"""Extracts of the log for the person concerned, released by the data protection officer."""

import json
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi import Path as PathText
from pydantic import BaseModel, Field
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from dispatch.api.asking import ServicesOf, asker_of
from dispatch.audit.entry import Purpose
from dispatch.deps import Person, require
from dispatch.extracts.render import as_html, as_json, as_text
from dispatch.extracts.service import Extracts
from dispatch.reports.shifts import Shifts
from dispatch.reports.subjects import subject_of

router = APIRouter(tags=["extracts"])

EXTRACT = r"^l-[0-9a-z]{26}$"
DAY = r"^\d{4}-\d{2}-\d{2}$"
REFERENCE = r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,63}$"
MOST_ROWS = 500
OneExtract = Annotated[str, PathText(pattern=EXTRACT)]


class DraftExtract(BaseModel):
    """Whose data, which request, which days."""

    kind: Literal["unit", "plate", "name", "number"]
    value: str = Field(min_length=1, max_length=120)
    ref: str = Field(pattern=REFERENCE)
    first: str = Field(pattern=DAY)
    last: str = Field(pattern=DAY)


class LeftOut(BaseModel):
    """One entry that stays back, with the reason."""

    seq: int = Field(ge=0)
    reason: str = Field(min_length=1, max_length=500)


class ReleaseExtract(BaseModel):
    """What stays back besides what must, and whose typed reasons leave in their own words."""

    leave_out: list[LeftOut] = Field(default_factory=list, max_length=500)
    with_words: list[int] = Field(default_factory=list, max_length=500)


@router.get("/extracts")
async def extracts(
    person: Annotated[Person, Depends(require("extract.release"))], services: ServicesOf
) -> list[dict[str, Any]]:
    """Return drafts and releases, without the persons."""
    return await services.use(Extracts).kept()


@router.post("/extracts")
async def draft(
    body: DraftExtract,
    request: Request,
    person: Annotated[Person, Depends(require("extract.release"))],
    services: ServicesOf,
) -> dict[str, Any]:
    """Look up what a person is to be told; the request's number is the purpose."""
    return await services.use(Extracts).draft(
        asker_of(request, person),
        subject_of(body.kind, body.value),
        body.ref,
        (body.first, body.last),
        Purpose(code="access_request", ref=body.ref),
    )


@router.get("/extracts/{extract}")
async def look(  # the parts of the query
    *,
    extract: OneExtract,
    request: Request,
    person: Annotated[Person, Depends(require("extract.release"))],
    services: ServicesOf,
    offset: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=MOST_ROWS)] = 100,
) -> dict[str, Any]:
    """Return an extract as the officer sees it, with what is left out and why; logged first."""
    asker = asker_of(request, person)
    return await services.use(Extracts).look(asker, extract, offset=offset, limit=limit)


@router.post("/extracts/{extract}/release")
async def release(
    extract: OneExtract,
    body: ReleaseExtract,
    request: Request,
    person: Annotated[Person, Depends(require("extract.release"))],
    services: ServicesOf,
) -> dict[str, Any]:
    """Release an extract; what is left out, and why, is logged first."""
    return await services.use(Extracts).release(
        asker_of(request, person),
        extract,
        leave_out={one.seq: one.reason for one in body.leave_out},
        with_words=set(body.with_words),
    )


@router.get("/extracts/{extract}/document")
async def document(  # the parts of the query
    *,
    extract: OneExtract,
    request: Request,
    person: Annotated[Person, Depends(require("extract.release"))],
    services: ServicesOf,
    language: Annotated[Literal["en", "sv", "uk"], Query()] = "en",
    form: Annotated[Literal["text", "html", "json"], Query()] = "html",
) -> Response:
    """Return what the person is given, in their language; logged first."""
    content = await services.use(Extracts).document(asker_of(request, person), extract)
    zone = services.use(Shifts).zone
    if form == "html":
        return HTMLResponse(as_html(content, language, zone))
    name = f"extract-{language}.{'txt' if form == 'text' else 'json'}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    if form == "text":
        return PlainTextResponse(as_text(content, language, zone), headers=headers)
    text = json.dumps(as_json(content, language, zone), ensure_ascii=False, indent=1)
    return Response(text, media_type="application/json", headers=headers)
